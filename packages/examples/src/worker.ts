/**
 * A backend worker to copy from: an `HttpApp` that takes a delivery only if QStash signed it for this very URL and body.
 *
 * What a delivery gets for an answer is what QStash acts on: 2xx ends the message, anything else is tried again.
 */
import type { VerifiedDelivery, VerifyError } from "@effect-qstash/receiver/node"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** What the worker is for. A verified delivery says which schedule it comes from, and with what payload. */
export class NightlyReport extends Context.Tag("examples/NightlyReport")<
  NightlyReport,
  { readonly run: (delivery: VerifiedDelivery) => Effect.Effect<void> }
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

/** The worker's routes. */
export const worker = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/jobs/nightly-report",
    verified((delivery) => Effect.flatMap(NightlyReport, (report) => report.run(delivery)))
  )
)
