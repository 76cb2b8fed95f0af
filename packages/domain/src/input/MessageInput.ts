/**
 * The messages to enqueue or to publish as a batch.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { checkEach, type Checked, refuse } from "../internal/optionChecks.ts"
import { PublishMessage } from "../PublishMessage.ts"
import type { QueueName } from "../QueueName.ts"
import * as PathSegment from "../wire/PathSegment.ts"

const notInQueue = ["delay", "notBefore", "flowControl", "queueName"]

/**
 * Checks a message for a queue. The queue decides when to deliver its messages, so a delay, an instant and flow control
 * are errors.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkEnqueue = (
  queueName: QueueName,
  message: PublishMessage.EnqueueInput
): Checked<PublishMessage> =>
  Either.gen(function* () {
    // Without a name it would be published, in no particular order.
    yield* PathSegment.encode("queueName", queueName)
    if (!Predicate.isReadonlyRecord(message)) return yield* PublishMessage.make(message)
    const wrong = Object.entries(message).find(
      ([name, value]) => value !== undefined && notInQueue.includes(name)
    )
    if (wrong !== undefined) return yield* refuse("is not an option of enqueue", wrong[0])
    return yield* PublishMessage.make({ ...message, queueName })
  })

const checkItem = (message: PublishMessage.BatchInput): Checked<PublishMessage> =>
  Either.flatMap(PublishMessage.make(message), (checked) =>
    message.body === undefined || typeof message.body === "string"
      ? Either.right(checked)
      : refuse("expected text: a batch cannot carry bytes", "body")
  )

/**
 * Checks the messages of a batch. The error is about the first message that is wrong, and its field starts with the
 * message's index, such as `[2].delay`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkBatch = (
  messages: ReadonlyArray<PublishMessage.BatchInput>
): Checked<ReadonlyArray<PublishMessage>> =>
  Array.isArray(messages)
    ? checkEach<PublishMessage.BatchInput, PublishMessage>(messages, checkItem)
    : refuse("expected a list of messages")
