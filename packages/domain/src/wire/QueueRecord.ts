/**
 * How a queue stands in an answer, and how a request to create or change one travels. Client and server use the two
 * directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { checkUpsert } from "../input/QueueInput.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { Count, Instant, optional, zeroToUndefined, decoder, toMillis } from "../internal/record.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import type { QStashQueue } from "../QStashQueue.ts"
import type { QStashQueues } from "../QStashQueues.ts"
import { QueueNameFromAnswer } from "../QueueName.ts"

const readJson = decoder(
  Schema.Struct({
    name: QueueNameFromAnswer,
    createdAt: Instant,
    updatedAt: optional(Instant),
    parallelism: optional(Count),
    paused: optional(Schema.Boolean),
    lag: optional(Count)
  })
)

/**
 * Reads a queue of an answer. What QStash leaves out is its default. The reason of a refusal names the field and
 * nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<QStashQueue, string> =>
  Either.map(readJson(json), (record) => ({
    name: record.name,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt ?? record.createdAt,
    parallelism: zeroToUndefined(record.parallelism) ?? 1,
    isPaused: record.paused ?? false,
    lag: record.lag ?? 0
  }))

/**
 * Writes a queue as QStash answers it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (queue: QStashQueue): unknown => ({
  name: queue.name,
  createdAt: toMillis(queue.createdAt),
  updatedAt: toMillis(queue.updatedAt),
  parallelism: queue.parallelism,
  paused: queue.isPaused,
  lag: queue.lag
})

/**
 * Writes checked options as the JSON of the request. `paused` is in it only if it was given: QStash would take `false`
 * for a resume.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeUpsert = ({
  isPaused,
  parallelism = 1,
  queueName
}: QStashQueues.UpsertInput): unknown => ({
  queueName,
  parallelism,
  ...omitUndefined({ paused: isPaused })
})

/**
 * Reads the JSON of the request. Null is an absent option.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeUpsert = (json: unknown): Either.Either<QStashQueues.UpsertInput, QStashInvalidRequest> =>
  Predicate.isReadonlyRecord(json)
    ? Either.mapLeft(
        checkUpsert({
          queueName: json["queueName"],
          parallelism: json["parallelism"] ?? undefined,
          isPaused: json["paused"] ?? undefined
        }),
        (error) =>
          error.field === "isPaused"
            ? new QStashInvalidRequest({ field: "paused", reason: error.reason })
            : error
      )
    : checkUpsert(json)
