/**
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { checkedText, nameFromAnswer } from "./internal/effectSchema.ts"
import { isHeaderValue } from "./internal/headers.ts"

/**
 * Names one flow-control limit: free text that fits an HTTP header, shared by all messages that carry it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FlowControlKey = checkedText(
  'a flow-control key of printable Latin-1 without blanks around it, and not "." or ".."',
  {
    // The key is a segment of a path, and URL parsing resolves dots.
    isValid: (text) =>
      text !== "" && text === text.trim() && text !== "." && text !== ".." && isHeaderValue(text)
  }
).pipe(
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
