import type * as DateTime from "effect/DateTime"
import type * as Either from "effect/Either"
import type { DeduplicationId } from "./DeduplicationId.ts"
import { Destination } from "./Destination.ts"
import { checkMessage, userMessage } from "./internal/checkMessage.ts"
import type { MessageSettings } from "./MessageSettings.ts"
import type { QStashInvalidRequest } from "./QStashError.ts"
import type { QueueName } from "./QueueName.ts"

/**
 * A checked request to publish a message, or to enqueue it if it has a `queueName`, made by {@link PublishMessage.make}
 * or read from a request. QStash's default applies to an absent setting.
 *
 * @since 0.1.0
 * @category models
 */
export interface PublishMessage extends MessageSettings {
  readonly destination: Destination
  /** The earliest time of delivery, in whole seconds. It takes precedence over `delay`. */
  readonly notBefore?: DateTime.Utc
  readonly deduplicationId?: DeduplicationId
  readonly contentBasedDeduplication?: boolean
}

/** @since 0.1.0 */
export declare namespace PublishMessage {
  /** The options that all ways to send a message share. */
  interface Common<D extends Destination.Input> extends Omit<
    MessageSettings.Input,
    "queueName" | "delay" | "flowControl"
  > {
    /** An http or https URL, or a URL group. Each endpoint of a group gets a message of its own. */
    readonly destination: D
    /**
     * Identifies what the message is about. QStash accepts another message with the same id within 10 minutes, but does
     * not deliver it.
     *
     * @default a new id for each call, so that the client's own retries never create a duplicate
     */
    readonly deduplicationId?: DeduplicationId | undefined
    /**
     * Does not deliver the message if its destination, body, content type and headers are those of another one within
     * 10 minutes. Cannot be combined with `deduplicationId`.
     *
     * @default false
     */
    readonly contentBasedDeduplication?: boolean | undefined
  }

  /**
   * The options of a message to publish.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Input<D extends Destination.Input = Destination.Input>
    extends Common<D>, Pick<MessageSettings.Input, "delay" | "flowControl"> {
    /**
     * The earliest time of delivery, rounded up to whole seconds. Text is ISO 8601, a number is in milliseconds since
     * 1970. Cannot be combined with `delay`.
     *
     * @default immediately
     */
    readonly notBefore?: DateTime.DateTime.Input | undefined
  }

  /**
   * The options of a message to enqueue. The queue decides when to deliver its messages, so there is no delay and no
   * flow control.
   *
   * @since 0.1.0
   * @category models
   */
  export type EnqueueInput<D extends Destination.Input = Destination.Input> = Common<D>

  /**
   * One message of a batch. It is published, or enqueued if it names a queue. A batch is JSON, so its bodies are text.
   *
   * @since 0.1.0
   * @category models
   */
  export interface BatchInput extends Omit<Input, "body"> {
    /** The body, sent as UTF-8. */
    readonly body?: string | undefined
    /** The queue to deliver through. QStash creates it on first use. */
    readonly queueName?: QueueName | undefined
  }
}

/** @since 0.1.0 */
export const PublishMessage = {
  /**
   * Checks and normalises the options, like `CreateSchedule.make`. The error names the option and contains no header
   * value, body or callback URL.
   *
   * @since 0.1.0
   * @category constructors
   */
  make: (
    input: PublishMessage.Input & { readonly queueName?: QueueName | undefined }
  ): Either.Either<PublishMessage, QStashInvalidRequest> =>
    checkMessage(input, Destination.parse, userMessage)
} as const
