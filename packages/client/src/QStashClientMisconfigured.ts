/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A client cannot be built from these options: no call with them could reach QStash, or the token would be sent where it
 * does not belong. `reason` repeats neither the token nor the URL.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashClientMisconfigured extends Schema.TaggedError<QStashClientMisconfigured>()(
  "QStashClientMisconfigured",
  { option: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return `The client's option ${this.option} ${this.reason}`
  }
}
