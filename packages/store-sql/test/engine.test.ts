import * as EngineHome from "@effect-qstash/contract/homes/EngineHome"
import { laws } from "@effect-qstash/contract/Laws"
import { Layer } from "effect"
import { inMemory, storeIn } from "./support.ts"

const layer = Layer.orDie(EngineHome.layerOver(storeIn(inMemory)))

laws({ name: "the engine on SQLite", ...EngineHome, layer })
