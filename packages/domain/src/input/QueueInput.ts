/**
 * The options of a queue.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { omitUndefined } from "../internal/omitUndefined.ts"
import {
  type Checked,
  optional,
  parseCount,
  parseFlag,
  parseQueueName,
  refuse,
  rejectUnknownKeys,
  required
} from "../internal/optionChecks.ts"
import { typeName } from "../internal/quote.ts"
import type { QStashQueues } from "../QStashQueues.ts"

const names: ReadonlySet<string> = new Set(["queueName", "parallelism", "isPaused"] satisfies ReadonlyArray<
  keyof QStashQueues.UpsertInput
>)

/**
 * Checks the options of a queue.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkUpsert = (input: unknown): Checked<QStashQueues.UpsertInput> =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(input)) {
      return yield* refuse(`expected the options of a queue, got ${typeName(input)}`)
    }
    yield* rejectUnknownKeys(input, names, "a queue")
    return {
      queueName: yield* required("queueName", input["queueName"], parseQueueName),
      ...omitUndefined({
        parallelism: yield* optional("parallelism", input["parallelism"], parseCount(1)),
        isPaused: yield* optional("isPaused", input["isPaused"], parseFlag)
      })
    }
  })
