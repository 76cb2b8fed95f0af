import { QStashReceiver, type VerifiedDelivery } from "@effect-qstash/receiver"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Config, Effect, Either, Schema } from "effect"
import { Report } from "./schedule.ts"

/** Runs a job with the payload of a delivery. The status of the response tells QStash what to do next. */
export const delivery = <A, I, E, R>(
  payload: Schema.Schema<A, I>,
  job: (payload: A, delivery: VerifiedDelivery) => Effect.Effect<void, E, R>
) => {
  const decode = Schema.decode(Schema.parseJson(payload))
  return Effect.gen(function* () {
    const receiver = yield* QStashReceiver.QStashReceiver
    const request = yield* HttpServerRequest.HttpServerRequest
    const body = new Uint8Array(yield* request.arrayBuffer)

    const verified = yield* receiver
      .verify({ headers: request.headers, url: request.originalUrl, body })
      .pipe(Effect.either)
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
}

export const worker = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/jobs/nightly-report",
    delivery(Report, ({ tenant }) => Effect.log(`Sending the report for ${tenant}`))
  )
)

/** Accepts only deliveries to URLs of this origin. */
export const ReceiverLive = QStashReceiver.layerConfig({
  subject: Config.map(Config.string("PUBLIC_URL"), (publicUrl) => ({ publicUrl }))
})
