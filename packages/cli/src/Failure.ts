/**
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * What ends a command: shown on standard error as what happened and what to do next.
 *
 * @since 0.1.0
 * @category errors
 */
export class Failure extends Data.TaggedError("Failure")<{
  readonly what: string
  /** Shown on a line of its own; several are a line each. */
  readonly next?: Next
  /** 1: it was tried, or could have been. 2: the command line or the environment is wrong, and nothing was sent. 3: a check found a difference. */
  readonly exitCode: 1 | 2 | 3
}> {}

type Next = string | ReadonlyArray<string> | undefined

/**
 * @since 0.1.0
 * @category constructors
 */
export const failed = (what: string, next?: Next): Failure => new Failure({ what, next, exitCode: 1 })

/**
 * @since 0.1.0
 * @category constructors
 */
export const wrongUsage = (what: string, next?: Next): Failure => new Failure({ what, next, exitCode: 2 })

/**
 * @since 0.1.0
 * @category constructors
 */
export const differs = (what: string, next?: Next): Failure => new Failure({ what, next, exitCode: 3 })
