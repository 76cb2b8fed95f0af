/**
 * A backend worker to copy from: an `HttpApp` that runs a job only if QStash signed the delivery for this URL and body.
 */
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import type { VerifiedDelivery } from "@effect-qstash/receiver/node"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/** The job of the schedule. */
export class NightlyReport extends Context.Tag("examples/NightlyReport")<
  NightlyReport,
  { readonly run: (delivery: VerifiedDelivery) => Effect.Effect<void> }
>() {}

/** The payload of a message, for the publisher and the worker. */
export const Mail = Schema.Struct({ to: Schema.NonEmptyString, text: Schema.String })

/** Temporary: QStash retries. */
export class MailServerDown extends Data.TaggedError("MailServerDown") {}

/** The job of the messages, and of their failure callbacks. */
export class Mails extends Context.Tag("examples/Mails")<
  Mails,
  {
    readonly send: (mail: typeof Mail.Type) => Effect.Effect<void, MailServerDown>
    /** Runs once for a mail that has failed permanently. */
    readonly failed: (about: CallbackBody.CallbackBody) => Effect.Effect<void>
  }
>() {}

/**
 * Verifies a request, decodes its payload and runs a job with it. The status of the response tells QStash what to do next:
 * on 489 it gives the message up, and on everything else but 2xx it retries.
 */
const delivery = <A, DecodeError, E, R>(
  decode: (body: string) => Effect.Effect<A, DecodeError>,
  job: (payload: A, delivery: VerifiedDelivery) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function* () {
    const receiver = yield* QStashReceiver.QStashReceiver
    const request = yield* HttpServerRequest.HttpServerRequest
    // The raw bytes: a body that was parsed and serialised again has a different hash.
    const body = new Uint8Array(yield* request.arrayBuffer)

    const verified = yield* Effect.either(
      receiver.verify({ headers: request.headers, url: request.originalUrl, body })
    )
    if (Either.isLeft(verified)) {
      const { message, status } = verified.left
      yield* Effect.logWarning(message)
      return HttpServerResponse.text(message, { status })
    }

    const decoded = yield* Effect.either(decode(new TextDecoder().decode(verified.right.signed.body)))
    if (Either.isLeft(decoded)) {
      yield* Effect.logError("The payload does not decode", decoded.left)
      return HttpServerResponse.empty({ status: 489, headers: { "Upstash-NonRetryable-Error": "true" } })
    }

    return yield* Effect.suspend(() => job(decoded.right, verified.right)).pipe(
      Effect.as(HttpServerResponse.empty({ status: 200 })),
      Effect.catchAllCause((cause) =>
        Effect.as(Effect.logError("The job failed", cause), HttpServerResponse.empty({ status: 500 }))
      )
    )
  })

const mailOf = Schema.decode(Schema.parseJson(Mail))
const jsonOf = Schema.decode(Schema.parseJson())

/** The worker's routes. */
export const worker = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/jobs/nightly-report",
    delivery(Effect.succeed, (_, verified) => Effect.flatMap(NightlyReport, (report) => report.run(verified)))
  ),
  HttpRouter.post(
    "/mails",
    delivery(mailOf, (mail) => Effect.flatMap(Mails, (mails) => mails.send(mail)))
  ),
  HttpRouter.post(
    "/mails/failed",
    delivery(
      (body) => Effect.flatMap(jsonOf(body), CallbackBody.decode),
      (callback) => Effect.flatMap(Mails, (mails) => mails.failed(callback))
    )
  )
)
