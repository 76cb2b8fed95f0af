/**
 * Sends messages that are published at the same moment as one call.
 *
 * @since 0.1.0
 */
import type { Destination } from "@effect-qstash/domain/Destination"
import type { Published } from "@effect-qstash/domain/Published"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import {
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QStashUnexpectedResponse,
  type QStashError
} from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"

type PublishError = QStashQuotaExceeded | QStashError

/** What one call of `publish` or `enqueue` waits for. */
interface Waiting {
  readonly message: PublishMessage.BatchInput
  /** The same call by itself. */
  readonly alone: Effect.Effect<Published | ReadonlyArray<Published>, PublishError>
  readonly resume: (result: Effect.Effect<Published | ReadonlyArray<Published>, PublishError>) => void
}

/** A batch is one request, so that a failure of the connection costs at most these. */
const maxBatch = 1000

/** In characters; QStash takes 100 MB. */
const maxBatchLength = 4_000_000

/** How many messages of a batch that is refused are sent at once by themselves. */
const concurrency = 16

/**
 * Puts this in front of any `QStashMessages`: `publish` and `enqueue` calls that start at the same moment, such as those of
 * one `Effect.forEach` with unbounded concurrency, travel as one batch. Each call succeeds or fails as it would by itself:
 *
 * - If QStash refuses the batch as a whole because of one of its messages, or because of a quota, nothing was sent. Then each
 *   message is sent by itself, so that one that is wrong does not fail the others.
 * - Any other error of the batch is the error of each call.
 *
 * A call that is interrupted before its batch is sent takes its message out of it. The batch's span and its context are those
 * of this layer, not of the callers. Messages with a body of bytes are sent by themselves, because a batch is JSON.
 *
 * @example
 * GroupedMessages.layer.pipe(Layer.provide(QStashClient.layerConfig()))
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashMessages, never, QStashMessages> = Layer.scoped(
  QStashMessages,
  Effect.gen(function* () {
    const messages = yield* QStashMessages
    const scope = yield* Scope.Scope
    let waiting = new Set<Waiting>()

    // Uninterruptible, so that no caller hangs when the layer ends meanwhile.
    const flush = Effect.suspend(() => {
      const groups = groupsOf(waiting)
      waiting = new Set()
      return Effect.forEach(groups, (one) => send(messages, one), { concurrency: "unbounded", discard: true })
    }).pipe(Effect.uninterruptible)

    const join = (
      message: PublishMessage.BatchInput,
      byItself: Waiting["alone"]
    ): Effect.Effect<Published | ReadonlyArray<Published>, PublishError> =>
      Effect.async<Published | ReadonlyArray<Published>, PublishError>((resume) => {
        const one: Waiting = { message, alone: byItself, resume }
        waiting.add(one)
        return Effect.sync(() => waiting.delete(one))
      })

    const group = (
      message: Omit<PublishMessage.BatchInput, "body"> & { readonly body?: string | Uint8Array | undefined },
      byItself: Waiting["alone"]
    ) =>
      Effect.suspend(() => {
        const { body, ...rest } = message
        if (typeof body === "object") return byItself
        // All calls of this moment have joined when the fiber that flushes gets its turn.
        const start =
          waiting.size === 0 ? Effect.forkIn(Effect.zipRight(Effect.yieldNow(), flush), scope) : Effect.void
        return Effect.zipRight(start, join(body === undefined ? rest : { ...rest, body }, byItself))
      })
    // A layer that ends sends what has joined, and waits for it.
    yield* Effect.addFinalizer(() => flush)

    return QStashMessages.of({
      ...messages,
      // What is no object goes on unchanged to the service, which refuses it.
      publish: <D extends Destination.Input>(message: PublishMessage.Input<D>) =>
        Predicate.isReadonlyRecord(message)
          ? answerOf<D>(group(message, messages.publish(message)))
          : messages.publish<D>(message),
      enqueue: <D extends Destination.Input>(queueName: QueueName, message: PublishMessage.EnqueueInput<D>) =>
        Predicate.isReadonlyRecord(message)
          ? answerOf<D>(group({ ...message, queueName }, messages.enqueue(queueName, message)))
          : messages.enqueue<D>(queueName, message)
    })
  })
)

/** One message for a URL, several for a URL group: the destination decides, and its type is not known in a batch. */
const answerOf = <D extends Destination.Input>(
  published: Effect.Effect<Published | ReadonlyArray<Published>, PublishError>
): Effect.Effect<Published.To<D>, PublishError> =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `resultOf` has chosen the form by the destination
  published as Effect.Effect<Published.To<D>, PublishError>

/** In order, each of at most {@link maxBatch} messages and about {@link maxBatchLength} characters. */
const groupsOf = (waiting: Iterable<Waiting>): ReadonlyArray<ReadonlyArray<Waiting>> => {
  const groups: Array<Array<Waiting>> = []
  let length = Infinity
  for (const one of waiting) {
    const own = one.message.body?.length ?? 0
    const last = groups.at(-1)
    if (last === undefined || last.length === maxBatch || length + own > maxBatchLength) {
      groups.push([one])
      length = own
    } else {
      last.push(one)
      length += own
    }
  }
  return groups
}

const send = (messages: QStashMessages.Service, group: ReadonlyArray<Waiting>): Effect.Effect<void> => {
  const [first] = group
  if (first === undefined) return Effect.void
  if (group.length === 1) return alone(first)
  return Effect.matchEffect(messages.batch(group.map(({ message }) => message)), {
    onSuccess: (results) =>
      Effect.sync(() => {
        for (const [index, one] of group.entries()) one.resume(resultOf(one.message, results[index]))
      }),
    onFailure: (error) =>
      error instanceof QStashInvalidRequest || error instanceof QStashQuotaExceeded
        ? Effect.forEach(group, alone, { concurrency, discard: true })
        : Effect.sync(() => {
            for (const { resume } of group) resume(Effect.fail(error))
          })
  })
}

const alone = (one: Waiting): Effect.Effect<void> =>
  Effect.map(Effect.exit(one.alone), (exit) => one.resume(exit))

const resultOf = (
  { destination }: PublishMessage.BatchInput,
  result: Either.Either<ReadonlyArray<Published>, QStashInvalidRequest> | undefined
): Effect.Effect<Published | ReadonlyArray<Published>, PublishError> => {
  if (result === undefined) return missing
  if (Either.isLeft(result)) return Effect.fail(result.left)
  if (typeof destination === "object" && "urlGroup" in destination) return Effect.succeed(result.right)
  return Arr.isNonEmptyReadonlyArray(result.right) ? Effect.succeed(result.right[0]) : missing
}

const missing = Effect.fail(
  new QStashUnexpectedResponse({ status: 200, reason: "the batch has no result for a message" })
)
