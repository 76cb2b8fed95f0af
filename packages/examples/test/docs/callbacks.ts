import { CallbackBody } from "@effect-qstash/domain"
import { HttpRouter } from "@effect/platform"
import { Effect, Schema } from "effect"
import { delivery } from "./worker.ts"

export const callbacks = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/callbacks/not-charged",
    delivery(Schema.Unknown, (json) =>
      Effect.gen(function* () {
        const { dlqId, retried, sourceBody, sourceMessageId, status } = yield* CallbackBody.decode(json)
        const order = new TextDecoder().decode(sourceBody)
        yield* Effect.logError(
          `${order} was not charged: status ${status ?? "none"} after ${retried} retries of ${sourceMessageId}. Its dead letter is ${dlqId}`
        )
      })
    )
  )
)
