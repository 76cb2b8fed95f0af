/**
 * Which page of a list a call asks for.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { quote } from "../internal/quote.ts"
import { QStashInvalidRequest } from "../QStashError.ts"

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
 * Checks what a user gives: a cursor that is not empty, and a whole count from 1 to `most`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const check = (
  { count, cursor }: PageInput,
  most: number
): Either.Either<PageInput, QStashInvalidRequest> => {
  if (cursor !== undefined && (typeof cursor !== "string" || cursor === "")) {
    return refuse("cursor", "expected the cursor of another page")
  }
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1 && count <= most)) {
    return refuse("count", `expected a whole number from 1 to ${most}, got ${quote(count)}`)
  }
  return Either.right({ cursor, count })
}

/**
 * Checks the order that a user gives.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkOrder = (order: unknown): Either.Either<Order | undefined, QStashInvalidRequest> =>
  order === undefined || order === "latestFirst" || order === "earliestFirst"
    ? Either.right(order)
    : refuse("order", `expected "latestFirst" or "earliestFirst", got ${quote(order)}`)

const refuse = (field: string, reason: string) => Either.left(new QStashInvalidRequest({ field, reason }))
