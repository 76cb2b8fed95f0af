import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { Destination } from "./Destination.ts"
import { inPart } from "./internal/optionChecks.ts"
import { encodeJson, withJsonType } from "./internal/jsonBody.ts"
import type { MessageSelector } from "./MessageFilter.ts"
import type { MessageId } from "./MessageId.ts"
import type { Published } from "./Published.ts"
import type { PublishMessage } from "./PublishMessage.ts"
import type {
  MessageNotFound,
  QStashError,
  QStashInvalidRequest,
  QStashQuotaExceeded
} from "./QStashError.ts"
import type { QStashMessage } from "./QStashMessage.ts"
import type { QueueName } from "./QueueName.ts"

/** @since 0.1.0 */
export declare namespace QStashMessages {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Publishes a message; to a URL group, one message for each endpoint. Without a deduplication id the call generates
     * one before it sends anything, so its own retries never create two messages. To repeat the call itself safely,
     * pass an id.
     */
    readonly publish: <D extends Destination.Input>(
      message: PublishMessage.Input<D>
    ) => Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashError>

    /**
     * Adds a message to a queue, which QStash creates on first use. A queue delivers in order: the next message waits
     * until the previous one and its callbacks are delivered or have failed permanently.
     */
    readonly enqueue: <D extends Destination.Input>(
      queueName: QueueName,
      message: PublishMessage.EnqueueInput<D>
    ) => Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashError>

    /**
     * Publishes and enqueues many messages in one call. Returns what happened to each of them, in the same order: one
     * message for a URL, one for each endpoint of a URL group, or why it was rejected while others were accepted.
     * QStash checks all messages first, so an error that it finds then fails the whole call, and nothing is sent.
     */
    readonly batch: (
      messages: ReadonlyArray<PublishMessage.BatchInput>
    ) => Effect.Effect<
      ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>,
      QStashQuotaExceeded | QStashError
    >

    /** One pending message. Once it is delivered, has failed or was cancelled, only the logs have it. */
    readonly get: (messageId: MessageId) => Effect.Effect<QStashMessage, MessageNotFound | QStashError>

    /**
     * Cancels a message. A running delivery continues, but is not retried if it fails.
     */
    readonly cancel: (messageId: MessageId) => Effect.Effect<void, MessageNotFound | QStashError>

    /** Cancels the selected pending messages, and returns how many there were. */
    readonly cancelMany: (selector: MessageSelector) => Effect.Effect<number, QStashError>
  }
}

/**
 * The messages of a QStash account: published once, delivered at least once.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashMessages extends Context.Tag("@effect-qstash/domain/QStashMessages")<
  QStashMessages,
  QStashMessages.Service
>() {
  /**
   * Publishes a value as JSON, encoded with its Schema. The content type is `application/json` unless you set another
   * one. If the value does not encode, the call fails with a `QStashInvalidRequest` for `body`, which says where and
   * contains nothing of the value.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly publishJson = <A, I, R, D extends Destination.Input>(
    schema: Schema.Schema<A, I, R>,
    message: Omit<PublishMessage.Input<D>, "body"> & { readonly body: NoInfer<A> }
  ): Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashError, QStashMessages | R> =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      // The service rejects anything but an object.
      if (!Predicate.isReadonlyRecord(message)) return yield* messages.publish<D>(message)
      const body = yield* encodeJson(schema, message.body)
      return yield* messages.publish<D>({ ...message, headers: withJsonType(message.headers), body })
    })

  /**
   * Like `publishJson`, for {@link QStashMessages.Service.enqueue}.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly enqueueJson = <A, I, R, D extends Destination.Input>(
    schema: Schema.Schema<A, I, R>,
    queueName: QueueName,
    message: Omit<PublishMessage.EnqueueInput<D>, "body"> & { readonly body: NoInfer<A> }
  ): Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashError, QStashMessages | R> =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      if (!Predicate.isReadonlyRecord(message)) return yield* messages.enqueue<D>(queueName, message)
      const body = yield* encodeJson(schema, message.body)
      return yield* messages.enqueue<D>(queueName, {
        ...message,
        headers: withJsonType(message.headers),
        body
      })
    })

  /**
   * Like `publishJson`, for {@link QStashMessages.Service.batch}. All bodies have the same Schema, which may be a
   * union. If a value does not encode, nothing is sent, and the error names its position, such as `[2].body`.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly batchJson = <A, I, R>(
    schema: Schema.Schema<A, I, R>,
    messages: ReadonlyArray<Omit<PublishMessage.BatchInput, "body"> & { readonly body: NoInfer<A> }>
  ): Effect.Effect<
    ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>,
    QStashQuotaExceeded | QStashError,
    QStashMessages | R
  > =>
    Effect.gen(function* () {
      const service = yield* QStashMessages
      if (!isList(messages)) return yield* service.batch(messages)
      const encoded = yield* Effect.forEach(messages, (one, index) => {
        if (!Predicate.isReadonlyRecord(one)) return Effect.succeed(one)
        const { body, ...message } = one
        return Effect.mapBoth(encodeJson(schema, body), {
          onFailure: inPart(`[${index}]`),
          onSuccess: (text) => ({ ...message, headers: withJsonType(message.headers), body: text })
        })
      })
      return yield* service.batch(encoded)
    })
}

const isList = (input: unknown): input is ReadonlyArray<unknown> => Array.isArray(input)
