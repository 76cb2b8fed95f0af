/**
 * How a queue stands in an answer, and how a request to create or change one travels. Client and server use the two
 * directions of this one codec.
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
 * Reads a queue of an answer. What QStash leaves out is its default. The reason of a refusal names the field and
 * nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<QStashQueue, string> = queue.decode

/**
 * Writes a queue as QStash answers it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (queue: QStashQueue) => unknown = queue.encode

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
