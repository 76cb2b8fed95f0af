/**
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { isHeaderValue } from "./internal/headers.ts"
import { nameFromAnswer } from "./internal/name.ts"
import { quote } from "./internal/quote.ts"

const message = (issue: { readonly actual: unknown }) =>
  `Expected a flow-control key of printable Latin-1 without blanks around it, and not "." or "..", got ${quote(issue.actual)}`

/**
 * Names one flow-control limit: free text that fits an HTTP header, shared by all messages that carry it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FlowControlKey = Schema.String.annotations({ message }).pipe(
  Schema.filter(
    // The key is one segment of a path when it is read back, and URL parsing resolves dots.
    (text) => text !== "" && text === text.trim() && text !== "." && text !== ".." && isHeaderValue(text),
    { message }
  ),
  Schema.brand("FlowControlKey"),
  Schema.annotations({ identifier: "FlowControlKey", description: "Names one flow-control limit" })
)

/**
 * @since 0.1.0
 * @category models
 */
export type FlowControlKey = typeof FlowControlKey.Type

/**
 * The key as an answer of QStash carries it: any text but the empty one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FlowControlKeyFromAnswer: Schema.Schema<FlowControlKey, string> =
  nameFromAnswer("FlowControlKey")

/**
 * @since 0.1.0
 */
export declare namespace FlowControl {
  /** The limits themselves; QStash wants `parallelism`, `rate`, or both. */
  type Limits<Span, Absent = never> = {
    readonly key: FlowControlKey
    /** The window of `rate`, in whole seconds. */
    readonly period?: Span | Absent
  } & (
    | {
        /** How many deliveries may be under way at once, at least 1. */
        readonly parallelism: number
        /** How many deliveries may start within one period, at least 1. */
        readonly rate?: number | Absent
      }
    | { readonly parallelism?: number | Absent; readonly rate: number }
  )
  /**
   * What a user gives. QStash takes a period of 1 second where none is given, and one week at most.
   *
   * @since 0.1.0
   * @category models
   */
  export type Input = Limits<Duration.DurationInput, undefined>
}

/**
 * Limits how fast the messages that share a key are delivered.
 *
 * @since 0.1.0
 * @category models
 */
export type FlowControl = FlowControl.Limits<Duration.Duration>
