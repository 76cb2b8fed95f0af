import type { DlqId } from "@effect-qstash/domain/DlqId"
import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { MessageSelector } from "@effect-qstash/domain/MessageFilter"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { Published } from "@effect-qstash/domain/Published"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import { QueueName } from "@effect-qstash/domain/QueueName"
import type { UrlGroup } from "@effect-qstash/domain/UrlGroup"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import type { Endpoint, Time } from "../Harness.ts"
import { freshName, only, settle, somewhere } from "./given.ts"

/** Cancels those that are still pending when the law ends. */
const cancelAtTheEnd = (published: ReadonlyArray<Published>) =>
  Effect.flatMap(QStashMessages, (messages) => {
    const messageIds = published.map(({ messageId }) => messageId)
    return Arr.isNonEmptyReadonlyArray(messageIds)
      ? Effect.ignore(messages.cancelMany({ messageIds }))
      : Effect.void
  })

/** Publishes to a URL, until the end of the law. */
export const publish = (message: PublishMessage.Input<string>) =>
  Effect.acquireRelease(
    Effect.flatMap(QStashMessages, (messages) => messages.publish(message)),
    (published) => cancelAtTheEnd([published])
  )

/** Publishes a message that will not be delivered during the law. */
export const pending = (message: Partial<PublishMessage.Input<string>> = {}) =>
  publish({ destination: somewhere, delay: "2 hours", ...message })

/** Publishes to a group, until the end of the law. */
export const publishToGroup = (
  urlGroup: UrlGroupName,
  message: Omit<PublishMessage.Input, "destination"> = {}
) =>
  Effect.acquireRelease(
    Effect.flatMap(QStashMessages, (messages) => messages.publish({ ...message, destination: { urlGroup } })),
    cancelAtTheEnd
  )

/** Puts a message into a queue, until the end of the law. */
export const enqueue = (queueName: QueueName, message: PublishMessage.EnqueueInput<string>) =>
  Effect.acquireRelease(
    Effect.flatMap(QStashMessages, (messages) => messages.enqueue(queueName, message)),
    (published) => cancelAtTheEnd([published])
  )

/** Sends a batch, until the end of the law, and returns its results. Fails if one of them is rejected. */
export const batch = (items: ReadonlyArray<PublishMessage.BatchInput>) =>
  Effect.acquireRelease(
    Effect.flatMap(QStashMessages, (messages) => messages.batch(items)).pipe(
      Effect.map((answers) => answers.map(Either.getOrThrow))
    ),
    (published) => cancelAtTheEnd(published.flat())
  )

export const getMessage = (messageId: MessageId) =>
  Effect.flatMap(QStashMessages, (messages) => messages.get(messageId))

export const cancelMany = (selector: MessageSelector) =>
  Effect.flatMap(QStashMessages, (messages) => messages.cancelMany(selector))

export const isPending = (messageId: MessageId) =>
  getMessage(messageId).pipe(
    Effect.as(true),
    Effect.catchTag("MessageNotFound", () => Effect.succeed(false))
  )

/** An unused queue name. The queue is deleted when the law ends. */
export const freshQueue = Effect.acquireRelease(
  Effect.map(freshName, (name) => QueueName.make(name)),
  (queueName) => Effect.flatMap(QStashQueues, (queues) => Effect.ignore(queues.delete(queueName)))
)

/** An unused group name. The group is deleted when the law ends. */
export const freshGroup = Effect.acquireRelease(
  Effect.map(freshName, (name) => UrlGroupName.make(name)),
  (urlGroup) => Effect.flatMap(QStashUrlGroups, (groups) => Effect.ignore(groups.delete(urlGroup)))
)

/** An unused flow-control key. */
export const freshKey = Effect.map(freshName, (name) => FlowControlKey.make(name))

/** Makes a queue with these settings, until the end of the law. */
export const makeQueue = (settings: Omit<QStashQueues.UpsertInput, "queueName"> = {}) =>
  Effect.gen(function* () {
    const queues = yield* QStashQueues
    const queueName = yield* freshQueue
    yield* queues.upsert({ ...settings, queueName })
    return queueName
  })

/** Makes a group with these endpoints, until the end of the law. */
export const makeGroup = (...endpoints: Arr.NonEmptyReadonlyArray<UrlGroup.EndpointInput>) =>
  Effect.gen(function* () {
    const groups = yield* QStashUrlGroups
    const urlGroup = yield* freshGroup
    yield* groups.upsertEndpoints(urlGroup, endpoints)
    return urlGroup
  })

/** An endpoint with its responses. */
export const endpointWith = (time: Time, ...answers: Parameters<Endpoint["respond"]>) =>
  Effect.tap(time.endpoint, (endpoint) => endpoint.respond(...answers))

/** The log of one message, oldest entry first. */
export const entriesOf = (messageId: MessageId) =>
  Effect.flatMap(QStashLogs, (logs) =>
    Effect.map(Stream.runCollect(logs.stream({ messageId, order: "earliestFirst" })), (entries) =>
      Array.from(entries)
    )
  )

/** The states of a message, oldest first. */
export const statesOf = (messageId: MessageId) =>
  Effect.map(entriesOf(messageId), (entries) => entries.map(({ state }) => state))

/** Sends many messages with one label, in batches that a worker behind a socket can handle. */
export const sendMany = (time: Time, { url }: Endpoint, count: number, label: string) =>
  Effect.gen(function* () {
    const ids: Array<MessageId> = []
    for (const numbers of Arr.chunksOf(Arr.range(1, count), 15)) {
      const published = yield* batch(
        numbers.map((number) => ({ destination: `${url}/${number}`, retries: 0, labels: [label] }))
      )
      for (const { messageId } of published.flat()) ids.push(messageId)
      yield* settle(time)
    }
    return ids
  })

/** The dead letters of one message. */
export const lettersOf = (messageId: MessageId) =>
  Effect.flatMap(QStashDlq, (dlq) => Effect.map(dlq.list({ messageId }), ({ items }) => items))

/** Makes a message fail for good at its first attempt, and returns it with its dead letter, until the end of the law. */
export const bury = (time: Time, message: Partial<PublishMessage.Input<string>> = {}) =>
  Effect.gen(function* () {
    const endpoint = yield* endpointWith(time, 500)
    const { messageId } = yield* publish({ destination: endpoint.url, retries: 0, ...message })
    yield* settle(time)
    const letter = yield* Effect.acquireRelease(Effect.map(lettersOf(messageId), only), ({ dlqId }) =>
      forget(dlqId)
    )
    return { endpoint, messageId, letter }
  })

const forget = (dlqId: DlqId) => Effect.flatMap(QStashDlq, (dlq) => Effect.ignore(dlq.delete(dlqId)))
