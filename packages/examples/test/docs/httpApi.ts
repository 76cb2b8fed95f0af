import { QStashReceiver, type VerifiedDelivery } from "@effect-qstash/receiver"
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApp,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { Context, Effect, Layer, Schema } from "effect"

class Delivered extends Context.Tag("Delivered")<Delivered, VerifiedDelivery>() {}

class FromQStash extends HttpApiMiddleware.Tag<FromQStash>()("FromQStash", { provides: Delivered }) {}

/** HttpApi responds with 400 if the payload does not decode, and QStash would retry. Affects your own 400s too. */
const giveUpOn400: HttpApp.PreResponseHandler = (_, response) =>
  Effect.succeed(
    response.status === 400
      ? HttpServerResponse.setHeader(response, "Upstash-NonRetryable-Error", "true").pipe(
          HttpServerResponse.setStatus(489)
        )
      : response
  )

const FromQStashLive = Layer.effect(
  FromQStash,
  Effect.map(QStashReceiver.QStashReceiver, (receiver) =>
    FromQStash.of(
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const body = new TextEncoder().encode(yield* Effect.orDie(request.text)) // not arrayBuffer, see above
        return yield* receiver.verify({ headers: request.headers, url: request.originalUrl, body })
      }).pipe(
        Effect.tap(HttpApp.appendPreResponseHandler(giveUpOn400)),
        // Dying with a response sends that response.
        Effect.catchAll(({ message, status }) => Effect.die(HttpServerResponse.text(message, { status })))
      )
    )
  )
)

export const Mail = Schema.Struct({ to: Schema.String, text: Schema.String })

export class Mails extends Context.Tag("Mails")<
  Mails,
  { readonly send: (mail: typeof Mail.Type) => Effect.Effect<void, Error> }
>() {}

const api = HttpApi.make("worker").add(
  HttpApiGroup.make("deliveries")
    .add(HttpApiEndpoint.post("mail", "/mails").setPayload(Mail))
    .middleware(FromQStash)
)

const DeliveriesLive = HttpApiBuilder.group(api, "deliveries", (handle) =>
  handle.handle("mail", ({ payload }) =>
    Effect.flatMap(Mails, (mails) => mails.send(payload)).pipe(
      Effect.catchAllCause((cause) =>
        Effect.as(Effect.logError("The mail failed", cause), HttpServerResponse.empty({ status: 500 }))
      )
    )
  )
)

export const ApiLive = HttpApiBuilder.api(api).pipe(
  Layer.provide(DeliveriesLive),
  Layer.provide(FromQStashLive)
)
