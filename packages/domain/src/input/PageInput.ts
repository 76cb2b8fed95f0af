/**
 * Which page of a list to return.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { type Checked, refuse } from "../internal/optionChecks.ts"
import { quote } from "../internal/quote.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface PageInput {
  readonly cursor?: string | undefined
  readonly count?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export type Order = "latestFirst" | "earliestFirst"

/**
 * The most items of one page of dead letters.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxDeadLetters = 100

/**
 * The most items of one page of the log.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxLogEntries = 1000

/**
 * Checks that the cursor is not empty, and that the count is a whole number from 1 to `most`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const check = ({ count, cursor }: PageInput, most: number): Checked<PageInput> => {
  if (cursor !== undefined && (typeof cursor !== "string" || cursor === "")) {
    return refuse("expected the cursor of another page", "cursor")
  }
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1 && count <= most)) {
    return refuse(`expected a whole number from 1 to ${most}, got ${quote(count)}`, "count")
  }
  return Either.right({ cursor, count })
}

/**
 * Checks the order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkOrder = (order: unknown): Checked<Order | undefined> =>
  order === undefined || order === "latestFirst" || order === "earliestFirst"
    ? Either.right(order)
    : refuse(`expected "latestFirst" or "earliestFirst", got ${quote(order)}`, "order")
