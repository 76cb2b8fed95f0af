/**
 * A backend worker to copy from: an `HttpApp` that takes a delivery only if QStash signed it for this very URL and body.
 *
 * What a delivery gets for an answer is what QStash acts on: 2xx ends the message, anything else is tried again.
 */
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import type { VerifiedDelivery, VerifyError } from "@effect-qstash/receiver/node"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What a schedule is for. A verified delivery says which schedule it comes from, and with what payload. */
export class NightlyReport extends Context.Tag("examples/NightlyReport")<
  NightlyReport,
  { readonly run: (delivery: VerifiedDelivery) => Effect.Effect<void> }
>() {}

/** The payload of a message, for those who publish it and for the worker. */
export const Mail = Schema.Struct({ to: Schema.NonEmptyString, text: Schema.String })

/** Tried again later, it may do. */
export class MailServerDown extends Data.TaggedError("MailServerDown") {}

/** What messages are for, and their failure callbacks. */
export class Mails extends Context.Tag("examples/Mails")<
  Mails,
  {
    readonly send: (mail: typeof Mail.Type) => Effect.Effect<void, MailServerDown>
    /** Told once of a mail that has failed for good. */
    readonly failed: (about: CallbackBody.CallbackBody) => Effect.Effect<void>
  }
>() {}

/** Each reason carries the status to answer with, and is safe to log. */
const refuse = (error: VerifyError) =>
  Effect.zipRight(
    Effect.logWarning(error.message),
    HttpServerResponse.text(error.message, { status: error.status })
  )

/** Verifies a request before anything else is done with it. */
const verified = <E, R>(handle: (delivery: VerifiedDelivery) => Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const receiver = yield* QStashReceiver.QStashReceiver
    const request = yield* HttpServerRequest.HttpServerRequest
    // The raw bytes: a body that was parsed and written again would have another hash.
    const body = new Uint8Array(yield* request.arrayBuffer)
    return yield* Effect.matchEffect(
      receiver.verify({ headers: request.headers, url: request.originalUrl, body }),
      {
        onFailure: refuse,
        onSuccess: (delivery) => Effect.as(handle(delivery), HttpServerResponse.empty({ status: 200 }))
      }
    )
  })

/** A signed body that is not what it should be; it will not be tomorrow either. */
class Unreadable extends Data.TaggedError("Unreadable") {}

const unreadable = Effect.mapError(() => new Unreadable())

const textOf = ({ signed }: VerifiedDelivery): string => new TextDecoder().decode(signed.body)
const mailOf = Schema.decode(Schema.parseJson(Mail))
const jsonOf = Schema.decode(Schema.parseJson())

/** The worker's routes. */
export const worker = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/jobs/nightly-report",
    verified((delivery) => Effect.flatMap(NightlyReport, (report) => report.run(delivery)))
  ),
  HttpRouter.post(
    "/mails",
    verified((delivery) =>
      Effect.gen(function* () {
        const mails = yield* Mails
        yield* mails.send(yield* unreadable(mailOf(textOf(delivery))))
      })
    )
  ),
  HttpRouter.post(
    "/mails/failed",
    verified((delivery) =>
      Effect.gen(function* () {
        const mails = yield* Mails
        const json = yield* unreadable(jsonOf(textOf(delivery)))
        yield* mails.failed(yield* unreadable(CallbackBody.decode(json)))
      })
    )
  ),
  HttpRouter.catchTags({
    MailServerDown: () => HttpServerResponse.empty({ status: 503 }),
    // QStash gives a message up at once that is answered so.
    Unreadable: () =>
      HttpServerResponse.empty({ status: 489, headers: { "Upstash-NonRetryable-Error": "true" } })
  })
)
