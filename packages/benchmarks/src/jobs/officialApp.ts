/** A worker with the official receiver, in an `HttpApp`. */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Receiver } from "@upstash/qstash"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { signingKeys, url } from "./deliveries.ts"
import { runWorker } from "./effectWorker.ts"

const receiver = new Receiver(signingKeys)

const app = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const body = yield* request.text
  const signature = String(request.headers["upstash-signature"])
  yield* Effect.tryPromise(() => receiver.verify({ signature, body, url }))
  const payload: { readonly tenant: string } = JSON.parse(body)
  return yield* HttpServerResponse.json({ isSent: payload.tenant !== "" })
}).pipe(Effect.catchAll(() => HttpServerResponse.empty({ status: 401 })))

await runWorker(app, Layer.empty)
