/**
 * A queue in a response, and the request to create or change one. The client uses one direction, the server the other.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { checkUpsert } from "../input/QueueInput.ts"
import { countOrZero, flag, id, instant, optionalInstant, orElse, positive } from "../internal/fields.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { record } from "../internal/record.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import type { QStashQueue } from "../QStashQueue.ts"
import type { QStashQueues } from "../QStashQueues.ts"

const createdAt = instant("createdAt")

const queue = record<QStashQueue>({
  name: id("name"),
  createdAt,
  updatedAt: orElse(optionalInstant("updatedAt"), createdAt.read),
  parallelism: orElse(positive("parallelism"), () => 1),
  isPaused: flag("paused"),
  lag: countOrZero("lag")
})

/**
 * Reads a queue of a response. An omitted field has its default. The error names the field and contains nothing of its
 * value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<QStashQueue, string> = queue.decode

/**
 * Writes a queue as QStash does.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (queue: QStashQueue) => unknown = queue.encode

/**
 * Writes checked options as the JSON of the request. `paused` is only included if it was set: QStash would treat
 * `false` as a resume.
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
