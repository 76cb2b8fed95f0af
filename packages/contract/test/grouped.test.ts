import * as GroupedMessages from "@effect-qstash/client/GroupedMessages"
import * as EngineHome from "@effect-qstash/contract/homes/EngineHome"
import { laws } from "@effect-qstash/contract/Laws"
import { Layer } from "effect"

laws({
  name: "grouped messages over the engine",
  layer: Layer.provideMerge(GroupedMessages.layer, EngineHome.layer)
})
