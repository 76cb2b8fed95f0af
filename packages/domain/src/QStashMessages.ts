/**
 * @since 0.1.0
 */
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

/**
 * @since 0.1.0
 */
export declare namespace QStashMessages {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Publishes a message: to a URL one, to a URL group one for each of its endpoints. Without a deduplication id of the
     * caller's the call mints one before it sends anything, so that its own retries never leave two messages. To repeat
     * the call itself safely, give an id.
     */
    readonly publish: <D extends Destination.Input>(
      message: PublishMessage.Input<D>
    ) => Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashError>

    /**
     * Puts a message into a queue, which QStash makes on first use. A queue delivers in order: the next message waits
     * until the one before it is delivered or has failed for good, and its callbacks with it.
     */
    readonly enqueue: <D extends Destination.Input>(
      queueName: QueueName,
      message: PublishMessage.EnqueueInput<D>
    ) => Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashError>

    /**
     * Publishes and enqueues many messages in one call, and answers for each in its place what became of it: one
     * message for a URL, one for each endpoint of a URL group, or why it was refused while others were accepted. QStash
     * checks all of them first, so what is wrong at that point fails the call and nothing is sent.
     */
    readonly batch: (
      messages: ReadonlyArray<PublishMessage.BatchInput>
    ) => Effect.Effect<
      ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>,
      QStashQuotaExceeded | QStashError
    >

    /** A message that is neither delivered nor given up nor cancelled; after that only the logs know it. */
    readonly get: (messageId: MessageId) => Effect.Effect<QStashMessage, MessageNotFound | QStashError>

    /**
     * Cancels a message. A delivery under way goes on, and if it fails it is not tried again.
     */
    readonly cancel: (messageId: MessageId) => Effect.Effect<void, MessageNotFound | QStashError>

    /** Cancels the pending messages of a selection, and answers how many. */
    readonly cancelMany: (selector: MessageSelector) => Effect.Effect<number, QStashError>
  }
}

/**
 * The messages of one QStash account: published once, delivered at least once.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashMessages extends Context.Tag("@effect-qstash/domain/QStashMessages")<
  QStashMessages,
  QStashMessages.Service
>() {
  /**
   * Publishes a value as JSON, encoded with its Schema. The content type is `application/json` unless the headers name
   * another one. A value that does not encode is a `QStashInvalidRequest` for `body`, which says where and repeats
   * nothing of the value.
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
      // What is no object goes on unchanged to the service, which refuses it.
      if (!Predicate.isReadonlyRecord(message)) return yield* messages.publish<D>(message)
      const body = yield* encodeJson(schema, message.body)
      return yield* messages.publish<D>({ ...message, headers: withJsonType(message.headers), body })
    })

  /**
   * The same for {@link QStashMessages.Service.enqueue}.
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
   * The same for {@link QStashMessages.Service.batch}: every message has a body of one Schema, which may be a union. If a
   * value does not encode, nothing is sent, and the error names its position, such as `[2].body`.
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
