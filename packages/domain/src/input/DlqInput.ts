/**
 * The options of a retry of dead letters.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { type Checked, optional, parseCount, refuse, rejectUnknownKeys } from "../internal/optionChecks.ts"
import { typeName } from "../internal/quote.ts"
import type { QStashDlq } from "../QStashDlq.ts"

const names = new Set(["retries"])

/**
 * Checks the options of a retry.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkRetry = (input: QStashDlq.RetryInput = {}): Checked<QStashDlq.RetryInput> =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(input)) {
      return yield* refuse(`expected the options of a retry, got ${typeName(input)}`)
    }
    yield* rejectUnknownKeys(input, names, "a retry")
    return { retries: yield* optional("retries", input.retries, parseCount(0)) }
  })
