/**
 * Jobs under `@effect-qstash/testing`: run one now, look at what ran, and check that a handler may run twice.
 *
 * @since 0.1.0
 */
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { Published } from "@effect-qstash/domain/Published"
import type { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import * as QStashTest from "@effect-qstash/testing/QStashTest"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import * as Utils from "effect/Utils"
import { erased } from "./internal/erased.ts"
import { urlOf } from "./internal/inputs.ts"
import * as Job from "./Job.ts"
import { Worker } from "./Worker.ts"

/**
 * One delivery to a job.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivered<Payload> {
  readonly payload: Payload
  readonly time: DateTime.Utc
  readonly messageId: MessageId
  /** 1 at the first attempt. */
  readonly attempt: number
  /** Absent while the handler runs, and if there was no response. */
  readonly status: number | undefined
}

/**
 * Runs a scheduled job now, as {@link Job.trigger} does, and waits for its first attempt.
 *
 * @since 0.1.0
 * @category combinators
 */
export const trigger = (
  target: Job.Schedule | Job.Scheduled
): Effect.Effect<Published, Job.PublishError, QStashMessages | QStashTest.QStashTest | Worker> =>
  Effect.tap(Job.trigger(target), () => QStashTest.advance(0))

/**
 * The deliveries to a job so far, oldest first, payloads decoded. One whose payload does not decode is left out.
 *
 * @since 0.1.0
 * @category inspection
 */
export const deliveries = <Payload>(
  job: Job.Takes<Payload>
): Effect.Effect<ReadonlyArray<Delivered<Payload>>, never, QStashTest.QStashTest | Worker> =>
  Effect.gen(function* () {
    const url = urlOf(yield* Worker, job.name)
    return (yield* QStashTest.deliveries).flatMap((delivery): ReadonlyArray<Delivered<Payload>> => {
      if (delivery.url !== url) return []
      const payload = job.codec.decodePayload(delivery.text)
      if (Either.isLeft(payload)) return []
      const { messageId, outcome, retried, time } = delivery
      return [
        {
          payload: erased<unknown, Payload>(payload.right),
          time,
          messageId,
          attempt: retried + 1,
          status: outcome?._tag === "Answered" ? outcome.status : undefined
        }
      ]
    })
  })

/**
 * Running the handler twice for one message changed what the test observes.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotIdempotent extends Schema.TaggedError<NotIdempotent>()("NotIdempotent", {
  job: Schema.String,
  once: Schema.Unknown,
  twice: Schema.Unknown
}) {
  override get message(): string {
    return `A second delivery of one message to ${this.job} changed what the test observes`
  }
}

/**
 * Delivers a message, loses the response, delivers it again, and fails with `NotIdempotent` if `observe` sees a
 * difference. Provide `Ledger.layerNone` to check the handler itself, or the ledger of production to check both.
 *
 * @since 0.1.0
 * @category assertions
 */
export const assertIdempotent = <Payload, A, E, R>(
  job: Job.Takes<Payload> & {
    readonly publish: (
      payload: Payload
    ) => Effect.Effect<Published, Job.PublishError, QStashMessages | Worker>
  },
  payload: NoInfer<Payload>,
  observe: Effect.Effect<A, E, R>
): Effect.Effect<
  void,
  NotIdempotent | Job.PublishError | QStashTest.MessageNotAttempted | E,
  QStashMessages | QStashTest.QStashTest | Worker | R
> =>
  Effect.gen(function* () {
    yield* QStashTest.loseResponse
    const { messageId } = yield* job.publish(payload)
    yield* QStashTest.advance(0)
    const once = yield* observe
    yield* QStashTest.redeliver(messageId)
    yield* QStashTest.advance(0)
    const twice = yield* observe
    if (!Utils.structuralRegion(() => Equal.equals(once, twice))) {
      return yield* new NotIdempotent({ job: job.name, once, twice })
    }
  })
