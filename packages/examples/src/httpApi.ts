/** An `HttpApi` whose endpoints take a delivery only if QStash signed it, with a payload that is decoded as usual. */
import type { VerifiedDelivery } from "@effect-qstash/receiver/node"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Mail, Mails } from "./worker.ts"

/** What QStash signed, and what stands beside it. */
export class Delivered extends Context.Tag("examples/Delivered")<Delivered, VerifiedDelivery>() {}

/** QStash did not sign this request. */
export class NotFromQStash extends Schema.TaggedError<NotFromQStash>()(
  "NotFromQStash",
  { message: Schema.String },
  HttpApiSchema.annotations({ status: 401 })
) {}

/** Verifies a request before its payload is decoded. */
export class FromQStash extends HttpApiMiddleware.Tag<FromQStash>()("examples/FromQStash", {
  provides: Delivered,
  failure: NotFromQStash
}) {}

/** As text, which is kept for the payload: the bytes could be read only once. */
const fromQStash = Layer.effect(
  FromQStash,
  Effect.map(QStashReceiver.QStashReceiver, (receiver) =>
    FromQStash.of(
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const body = new TextEncoder().encode(yield* request.text)
        return yield* receiver.verify({ headers: request.headers, url: request.originalUrl, body })
      }).pipe(Effect.mapError(({ message }) => new NotFromQStash({ message })))
    )
  )
)

/** Tried again later, it may do. */
export class MailServerIsDown extends Schema.TaggedError<MailServerIsDown>()(
  "MailServerIsDown",
  {},
  HttpApiSchema.annotations({ status: 503 })
) {}

const deliveries = HttpApiGroup.make("deliveries")
  .add(HttpApiEndpoint.post("mail", "/mails").setPayload(Mail).addError(MailServerIsDown))
  .middleware(FromQStash)

const api = HttpApi.make("worker").add(deliveries)

const handlers = HttpApiBuilder.group(api, "deliveries", (handle) =>
  handle.handle("mail", ({ payload }) =>
    Effect.gen(function* () {
      const { unsigned } = yield* Delivered
      yield* Effect.logDebug(`Attempt ${unsigned.retried} of ${unsigned.messageId}`)
      const mails = yield* Mails
      yield* Effect.mapError(mails.send(payload), () => new MailServerIsDown())
    })
  )
)

/** The API, to be served. */
export const layer = HttpApiBuilder.api(api).pipe(Layer.provide(handlers), Layer.provide(fromQStash))
