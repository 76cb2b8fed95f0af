/**
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Either from "effect/Either"
import type { DeduplicationId } from "./DeduplicationId.ts"
import { Destination } from "./Destination.ts"
import { checkMessage, userMessage } from "./internal/checkSettings.ts"
import type { MessageSettings } from "./MessageSettings.ts"
import type { QStashInvalidRequest } from "./QStashError.ts"
import type { QueueName } from "./QueueName.ts"

/**
 * A checked request to publish a message, or to put it into a queue where there is a `queueName`: what
 * {@link PublishMessage.make} makes of a user's options, and what the wire codec reads from a request. Each absent
 * setting is QStash's default.
 *
 * @since 0.1.0
 * @category models
 */
export interface PublishMessage extends MessageSettings {
  readonly destination: Destination
  /** The instant before which it is not delivered, in whole seconds. It goes before `delay`. */
  readonly notBefore?: DateTime.Utc
  readonly deduplicationId?: DeduplicationId
  readonly contentBasedDeduplication?: boolean
}

/**
 * @since 0.1.0
 */
export declare namespace PublishMessage {
  /** What every way to send a message takes. */
  interface Common<D extends Destination.Input> extends Omit<
    MessageSettings.Input,
    "queueName" | "delay" | "flowControl"
  > {
    /** Where it goes: an http or https URL, or a URL group, of which every endpoint gets a message of its own. */
    readonly destination: D
    /**
     * Says what the message is about: another one with the same id within 10 minutes is accepted and not delivered.
     *
     * @default none of the caller's; the client sends one of its own for each call, so that a retry never duplicates
     */
    readonly deduplicationId?: DeduplicationId | undefined
    /**
     * Takes a message for the same as another one within 10 minutes if destination, body, content type and headers are
     * the same. Cannot be combined with `deduplicationId`.
     *
     * @default false
     */
    readonly contentBasedDeduplication?: boolean | undefined
  }

  /**
   * What a user gives to publish a message.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Input<D extends Destination.Input = Destination.Input>
    extends Common<D>, Pick<MessageSettings.Input, "delay" | "flowControl"> {
    /**
     * The instant before which it is not delivered; a finer one counts as the next full second. Text is ISO 8601, a
     * number in milliseconds since 1970. Cannot be combined with `delay`.
     *
     * @default at once
     */
    readonly notBefore?: DateTime.DateTime.Input | undefined
  }

  /**
   * What a user gives to put a message into a queue. A queue decides itself when its messages go out, so there is
   * neither a delay nor flow control.
   *
   * @since 0.1.0
   * @category models
   */
  export type EnqueueInput<D extends Destination.Input = Destination.Input> = Common<D>

  /**
   * One message of a batch: it is published, or goes into a queue if it names one. A batch is JSON, so its bodies are
   * text.
   *
   * @since 0.1.0
   * @category models
   */
  export interface BatchInput extends Omit<Input, "body"> {
    /** The body, sent as UTF-8. */
    readonly body?: string | undefined
    /** The queue that it goes into; QStash makes it on first use. */
    readonly queueName?: QueueName | undefined
  }
}

/**
 * @since 0.1.0
 */
export const PublishMessage = {
  /**
   * Checks a user's options and brings them into one form, as `CreateSchedule.make` does. The error names the option;
   * it repeats no header value, body, or callback URL.
   *
   * @since 0.1.0
   * @category constructors
   */
  make: (
    input: PublishMessage.Input & { readonly queueName?: QueueName | undefined }
  ): Either.Either<PublishMessage, QStashInvalidRequest> =>
    checkMessage(input, Destination.parse, userMessage)
} as const
