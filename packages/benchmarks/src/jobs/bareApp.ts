/** An `HttpApp` that verifies nothing: what Effect's server itself takes. */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { responseText } from "./deliveries.ts"
import { runWorker } from "./effectWorker.ts"

const app = HttpServerRequest.HttpServerRequest.pipe(
  Effect.flatMap((request) => request.text),
  Effect.as(HttpServerResponse.text(responseText)),
  Effect.orDie
)

await runWorker(app, Layer.empty)
