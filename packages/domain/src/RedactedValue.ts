import * as Data from "effect/Data"
import * as Option from "effect/Option"

const shape = /^REDACTED:([0-9a-f]{64})$/

/**
 * What QStash returns in place of a redacted body or header value: the SHA-256 of the original in lower-case hex,
 * `REDACTED:<hash>` on the wire. Deliveries carry the original. Do not send it back: an overwrite would store the
 * placeholder itself.
 *
 * @since 0.1.0
 * @category models
 */
export class RedactedValue extends Data.TaggedClass("RedactedValue")<{ readonly sha256: string }> {
  /**
   * @since 0.1.0
   * @category constructors
   */
  static fromText(text: string): Option.Option<RedactedValue> {
    // Most text is not redacted, and a failed match takes five times as long.
    const hash = text.startsWith("REDACTED:") ? shape.exec(text)?.[1] : undefined
    return hash === undefined ? Option.none() : Option.some(new RedactedValue({ sha256: hash }))
  }
  override toString(): string {
    return `REDACTED:${this.sha256}`
  }
}
