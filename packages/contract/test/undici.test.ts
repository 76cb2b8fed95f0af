import { UndiciHttpClient } from "@effect-qstash/client/node"
import * as ServerHome from "@effect-qstash/contract/homes/ServerHome"
import { laws } from "@effect-qstash/contract/Laws"

laws({
  name: "the client over undici against the server",
  layer: ServerHome.layerOver(UndiciHttpClient.layer),
  lacks: ServerHome.lacks
})
