import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import { brandedText, nameFromAnswer } from "./internal/effectSchema.ts"
import { isHeaderValue } from "./internal/headers.ts"

/**
 * Names a flow-control limit, which all messages with this key share. Any text that fits into an HTTP header.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FlowControlKey = brandedText("FlowControlKey", {
  description: "Names a flow-control limit",
  expected: 'a flow-control key of printable Latin-1 without surrounding spaces, and not "." or ".."',
  // The key is a segment of a path, and URL parsing resolves dots.
  isValid: (text) =>
    text !== "" && text === text.trim() && text !== "." && text !== ".." && isHeaderValue(text)
})

/**
 * @since 0.1.0
 * @category models
 */
export type FlowControlKey = typeof FlowControlKey.Type

/**
 * The key as QStash returns it: any non-empty text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FlowControlKeyFromAnswer: Schema.Schema<FlowControlKey, string> =
  nameFromAnswer("FlowControlKey")

/** @since 0.1.0 */
export declare namespace FlowControl {
  /** QStash requires `parallelism`, `rate`, or both. */
  type Limits<Span, Absent = never> = {
    readonly key: FlowControlKey
    /** The period of `rate`, in whole seconds. */
    readonly period?: Span | Absent
  } & (
    | {
        /** How many deliveries may run at once; 1 or more. */
        readonly parallelism: number
        /** How many deliveries may start within one period; 1 or more. */
        readonly rate?: number | Absent
      }
    | { readonly parallelism?: number | Absent; readonly rate: number }
  )
  /**
   * The flow control of a message or a schedule. The period is 1 second by default and one week at most.
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
