/**
 * How a queue stands in an answer, and how a request to create or change one travels. Client and server use the two
 * directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import {
  optional as option,
  parseCount,
  parseFlag,
  parseQueueName,
  rejectUnknownKeys,
  required
} from "../internal/optionChecks.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { typeName } from "../internal/quote.ts"
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

interface Unchecked {
  readonly queueName?: unknown
  readonly parallelism?: unknown
  readonly isPaused?: unknown
}

const check = (input: Unchecked): Either.Either<QStashQueues.UpsertInput, QStashInvalidRequest> =>
  Either.gen(function* () {
    return {
      queueName: yield* required("queueName", input.queueName, parseQueueName),
      ...omitUndefined({
        parallelism: yield* option("parallelism", input.parallelism, parseCount(1)),
        isPaused: yield* option("isPaused", input.isPaused, parseFlag)
      })
    }
  })

const notOptions = (input: unknown) =>
  Either.left(new QStashInvalidRequest({ reason: `expected the options of a queue, got ${typeName(input)}` }))

/**
 * Checks what a user gives.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkUpsert = (
  input: QStashQueues.UpsertInput
): Either.Either<QStashQueues.UpsertInput, QStashInvalidRequest> =>
  Predicate.isReadonlyRecord(input)
    ? Either.flatMap(rejectUnknownKeys(input, names, "a queue"), () => check(input))
    : notOptions(input)

const names: ReadonlySet<string> = new Set(["queueName", "parallelism", "isPaused"] satisfies ReadonlyArray<
  keyof Unchecked
>)

/**
 * Checks what a user gives, and writes it as the JSON of the request. `paused` stands in it only where it is given:
 * QStash would take `false` for the wish to resume.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeUpsert = (input: QStashQueues.UpsertInput): Either.Either<unknown, QStashInvalidRequest> =>
  Either.map(checkUpsert(input), ({ isPaused, parallelism, queueName }) => ({
    queueName,
    parallelism: parallelism ?? 1,
    ...omitUndefined({ paused: isPaused })
  }))

/**
 * Reads the JSON of the request. Null is an absent option.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeUpsert = (json: unknown): Either.Either<QStashQueues.UpsertInput, QStashInvalidRequest> =>
  Predicate.isReadonlyRecord(json)
    ? Either.mapLeft(
        check({
          queueName: json["queueName"],
          parallelism: json["parallelism"] ?? undefined,
          isPaused: json["paused"] ?? undefined
        }),
        (error) =>
          error.field === "isPaused"
            ? new QStashInvalidRequest({ field: "paused", reason: error.reason })
            : error
      )
    : notOptions(json)
