/**
 * @since 0.1.0
 */
import type { MessageId } from "@effect-qstash/domain/MessageId"
import * as Data from "effect/Data"

/**
 * `QStashTest.redeliver` found no attempt at this message: there was none yet, or it is older than the newest `retention`
 * events.
 *
 * @since 0.1.0
 * @category errors
 */
export class MessageNotAttempted extends Data.TaggedError("MessageNotAttempted")<{
  readonly messageId: MessageId
}> {
  override get message(): string {
    return `Message ${JSON.stringify(this.messageId)} has not been attempted yet (advance time first), or longer ago than events are kept (raise retention)`
  }
}
