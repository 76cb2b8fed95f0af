import { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import type { Destination } from "@effect-qstash/domain/Destination"
import type { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { MessageSelector } from "@effect-qstash/domain/MessageFilter"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { Published } from "@effect-qstash/domain/Published"
import { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import {
  MessageNotFound,
  type QStashError,
  QStashInvalidRequest,
  type QStashQuotaExceeded
} from "@effect-qstash/domain/QStashError"
import type { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import * as MessageInput from "@effect-qstash/domain/input/MessageInput"
import * as MessageRequest from "@effect-qstash/domain/wire/MessageRequest"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { jsonBody, type QStashHttp, withSpan } from "../http.ts"
import { withPathId } from "../withPathId.ts"
import { createError, logNormalised, secretsOf } from "../outgoing.ts"
import { queriesOf, secretsOfCriteria } from "../selection.ts"

const path = "/v2/messages"

const span = (method: keyof QStashMessages.Service, attributes?: Readonly<Record<string, string>>) =>
  withSpan(`QStashMessages.${method}`, attributes)

const withMessageId = withPathId(
  path,
  "messageId",
  (messageId: MessageId) => new MessageNotFound({ messageId })
)

const attributesOf = ({ destination, flowControl, queueName }: PublishMessage) => ({
  ...(typeof destination === "string" ? {} : { "qstash.url_group": destination.urlGroup }),
  ...(queueName === undefined ? {} : { "qstash.queue_name": queueName }),
  ...(flowControl === undefined ? {} : { "qstash.flow_control_key": flowControl.key })
})

/** A message as it is sent, the same over all attempts. */
interface Identified {
  readonly message: PublishMessage
  /** Whether the deduplication id is this call's own. */
  readonly isMinted: boolean
}

/** Only an earlier attempt of the same call can have brought an id that the call has minted: to the caller it is new. */
const forCaller =
  ({ isMinted }: Identified) =>
  (published: Published): Published =>
    isMinted ? { ...published, isDeduplicated: false } : published

const isList = (published: Published | ReadonlyArray<Published>): published is ReadonlyArray<Published> =>
  Array.isArray(published)

/** The caller was promised one message for a URL, a list for a group. */
const expectFit =
  (sent: Identified) =>
  (json: unknown): Either.Either<Published | ReadonlyArray<Published>, string> => {
    const isToGroup = typeof sent.message.destination !== "string"
    return PublishResponse.decode(json).pipe(
      Either.filterOrLeft(
        (published) => isList(published) === isToGroup,
        () =>
          isToGroup
            ? "the body is no list, although the message goes to a URL group"
            : "the body is a list, although the message goes to one URL"
      ),
      Either.map((published) =>
        isList(published) ? published.map(forCaller(sent)) : forCaller(sent)(published)
      )
    )
  }

type BatchAnswer = ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>

const expectFits =
  (sent: ReadonlyArray<Identified>) =>
  (json: unknown, present: (text: string) => string): Either.Either<BatchAnswer, string> =>
    Either.gen(function* () {
      const items = yield* PublishResponse.decodeBatch(json)
      if (items.length !== sent.length) {
        return yield* Either.left(
          `the body has results for ${items.length} messages instead of ${sent.length}`
        )
      }
      const answers: Array<BatchAnswer[number]> = []
      for (const [index, one] of sent.entries()) {
        const item = items[index]
        if (item === undefined) continue
        if (Either.isRight(item) && typeof one.message.destination === "string" && item.right.length !== 1) {
          return yield* Either.left(
            `[${index}] is not the result of one message, although it goes to one URL`
          )
        }
        answers.push(
          Either.mapBoth(item, {
            onLeft: ({ reason, status }) =>
              new QStashInvalidRequest({
                field: `[${index}]`,
                reason: present(reason) || "no reason was given",
                ...(status === undefined ? {} : { status })
              }),
            onRight: (published) => published.map(forCaller(one))
          })
        )
      }
      return answers
    })

const decodeCancelled = Schema.decodeUnknownEither(Schema.Struct({ cancelled: Schema.NonNegativeInt }))

const cancelled = (json: unknown): Either.Either<number, string> =>
  Either.mapBoth(decodeCancelled(json), {
    onLeft: () => "the body does not say how many were cancelled",
    onRight: (answer) => answer.cancelled
  })

export const makeMessages = (http: QStashHttp, ids: IdGenerator.Service): QStashMessages.Service => {
  const identify = (
    input: Pick<PublishMessage.Input, "destination">,
    message: PublishMessage
  ): Effect.Effect<Identified> =>
    Effect.zipRight(logNormalised(input.destination, message.destination), mint(message))

  const mint = (message: PublishMessage): Effect.Effect<Identified> =>
    message.deduplicationId !== undefined || message.contentBasedDeduplication === true
      ? Effect.succeed({ message, isMinted: false })
      : Effect.map(ids.next("dedup"), (id) => ({
          message: { ...message, deduplicationId: DeduplicationId.make(id) },
          isMinted: true
        }))

  const send = (
    input: PublishMessage.EnqueueInput,
    check: () => Either.Either<PublishMessage, QStashInvalidRequest>
  ) =>
    Effect.gen(function* () {
      const sent = yield* identify(input, yield* check())
      yield* Effect.annotateCurrentSpan(attributesOf(sent.message))
      const { body, headers, target } = MessageRequest.encode(sent.message)
      const { queueName } = sent.message
      const published = yield* http.json(
        {
          method: "POST",
          target: queueName === undefined ? `/v2/publish/${target}` : `/v2/enqueue/${queueName}/${target}`,
          headers,
          body,
          secrets: () => secretsOf(sent.message),
          ownError: createError
        },
        expectFit(sent)
      )
      if (!isList(published)) yield* Effect.annotateCurrentSpan("qstash.message_id", published.messageId)
      return published
    })

  function publish<D extends Destination.Input>(
    message: PublishMessage.Input<D>
  ): Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashError>
  function publish(
    message: PublishMessage.Input
  ): Effect.Effect<Published | ReadonlyArray<Published>, QStashQuotaExceeded | QStashError> {
    return send(message, () => PublishMessage.make(message)).pipe(span("publish"))
  }

  function enqueue<D extends Destination.Input>(
    queueName: QueueName,
    message: PublishMessage.EnqueueInput<D>
  ): Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashError>
  function enqueue(
    queueName: QueueName,
    message: PublishMessage.EnqueueInput
  ): Effect.Effect<Published | ReadonlyArray<Published>, QStashQuotaExceeded | QStashError> {
    return send(message, () => MessageInput.checkEnqueue(queueName, message)).pipe(span("enqueue"))
  }

  const batch = (messages: ReadonlyArray<PublishMessage.BatchInput>) =>
    Effect.gen(function* () {
      const checked = yield* MessageInput.checkBatch(messages)
      const sent = yield* Effect.forEach(Arr.zip(messages, checked), ([input, message]) =>
        identify(input, message)
      )
      if (sent.length === 0) return []
      return yield* http.json(
        {
          method: "POST",
          target: "/v2/batch",
          ...jsonBody(MessageRequest.encodeBatch(sent.map(({ message }) => message))),
          secrets: () => sent.flatMap(({ message }) => secretsOf(message)),
          ownError: createError
        },
        expectFits(sent)
      )
    })

  const cancelMany = (selector: MessageSelector) =>
    Effect.gen(function* () {
      const criteria = yield* Criteria.fromMessageSelector(selector)
      const counts = yield* Effect.forEach(queriesOf(criteria), (query) =>
        http.json(
          { method: "DELETE", target: path, query, secrets: () => secretsOfCriteria(criteria) },
          cancelled
        )
      )
      return counts.reduce((sum, count) => sum + count, 0)
    })

  return {
    publish,
    enqueue,
    batch: (messages) => batch(messages).pipe(span("batch")),
    get: (messageId) =>
      withMessageId(messageId, (call) => http.json({ method: "GET", ...call }, MessageRecord.decode)).pipe(
        span("get", { "qstash.message_id": messageId })
      ),
    cancel: (messageId) =>
      withMessageId(messageId, (call) => http.done({ method: "DELETE", ...call })).pipe(
        span("cancel", { "qstash.message_id": messageId })
      ),
    cancelMany: (selector) => cancelMany(selector).pipe(span("cancelMany"))
  }
}
