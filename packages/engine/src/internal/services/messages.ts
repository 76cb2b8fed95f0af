import type { Destination } from "@effect-qstash/domain/Destination"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import type { Published } from "@effect-qstash/domain/Published"
import {
  MessageNotFound,
  QStashInvalidRequest,
  type QStashQuotaExceeded,
  type QStashUnavailable
} from "@effect-qstash/domain/QStashError"
import type { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import { errorTexts } from "@effect-qstash/domain/wire/ErrorBody"
import * as MessageInput from "@effect-qstash/domain/input/MessageInput"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Tenant, TenantServices } from "../../TenantServices.ts"
import type { MessageDraft } from "../../Rows.ts"
import { deduplicationKeyOf } from "../deduplication.ts"
import { messageOf } from "../record.ts"
import { checkingId, maxDelaySeconds, orFail, quotaExceeded, type ServiceContext } from "./context.ts"

export const makeMessages = ({
  change,
  checkRetries,
  deduplicationWindow,
  limits,
  overLimit,
  store
}: ServiceContext) => {
  const accept: TenantServices["accept"] = ({ callerIp, deliveryOf, tenantId }, messages) =>
    Effect.gen(function* () {
      const result = yield* change(
        (instant) =>
          Effect.gen(function* () {
            const drafts: Array<MessageDraft> = []
            for (const message of messages) {
              const notBefore = Math.max(instant, startOf(message, instant))
              if (notBefore - instant > maxDelaySeconds * 1000) {
                return yield* quotaExceeded("maxDelay", maxDelaySeconds)
              }
              yield* checkRetries(message)
              const { destination } = message
              drafts.push({
                settings: message,
                destination,
                notBefore,
                deduplicationKey: deduplicationKeyOf(message)
              })
            }
            return yield* store.accept({
              tenantId,
              callerIp,
              drafts,
              now: instant,
              window: deduplicationWindow,
              deliveryOf,
              limits
            })
          }),
        (accepted) => (accepted._tag === "Accepted" ? accepted.events : [])
      )
      switch (result._tag) {
        case "UrlGroupNotFound":
          return yield* new QStashInvalidRequest({
            reason: errorTexts.urlGroupNotFound(result.urlGroup),
            status: 400
          })
        case "OverLimit":
          return result.limit === "maxHops"
            ? yield* endLoop(deliveryOf, limits.maxHops)
            : yield* overLimit(result.limit)
        case "Accepted":
          return result.messages
      }
    })

  const cancelMany: TenantServices["cancelMany"] = ({ tenantId }, criteria, count = Infinity) =>
    Effect.map(
      change(
        (instant) => store.cancel({ tenantId, criteria, limit: count, now: instant }),
        ({ events }) => events
      ),
      ({ cancelled }) => cancelled
    )

  const messages = (tenant: Tenant): QStashMessages.Service => {
    const { tenantId } = tenant
    const byId = checkingId("messageId")
    const send = (
      check: () => Either.Either<PublishMessage, QStashInvalidRequest>
    ): Effect.Effect<
      Published | ReadonlyArray<Published>,
      QStashQuotaExceeded | QStashInvalidRequest | QStashUnavailable
    > =>
      Effect.gen(function* () {
        const message = yield* check()
        const [made = []] = yield* accept(tenant, [message])
        const [first] = made
        return typeof message.destination === "string" && first !== undefined ? first : made
      })
    function publish<D extends Destination.Input>(
      message: PublishMessage.Input<D>
    ): Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashInvalidRequest | QStashUnavailable>
    function publish(message: PublishMessage.Input) {
      return send(() => PublishMessage.make(message))
    }
    function enqueue<D extends Destination.Input>(
      queueName: QueueName,
      message: PublishMessage.EnqueueInput<D>
    ): Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashInvalidRequest | QStashUnavailable>
    function enqueue(queueName: QueueName, message: PublishMessage.EnqueueInput) {
      return send(() => MessageInput.checkEnqueue(queueName, message))
    }
    return {
      publish,
      enqueue,
      batch: (inputs) =>
        Effect.gen(function* () {
          const checked = yield* MessageInput.checkBatch(inputs)
          return Array.from(yield* accept(tenant, checked), (made) => Either.right(made))
        }),
      get: byId((messageId: MessageId) =>
        Effect.flatMap(store.getMessage(tenantId, messageId), (found) =>
          orFail(found, messageOf, () => new MessageNotFound({ messageId }))
        )
      ),
      cancel: byId((messageId: MessageId) =>
        Effect.gen(function* () {
          // A message whose cancellation was requested earlier still exists until its attempt ends.
          if (Option.isNone(yield* store.getMessage(tenantId, messageId))) {
            return yield* new MessageNotFound({ messageId })
          }
          yield* cancelMany(tenant, { messageIds: [messageId] })
        })
      ),
      cancelMany: (selector) =>
        Effect.flatMap(Criteria.fromMessageSelector(selector), (criteria) => cancelMany(tenant, criteria))
    }
  }

  const pending: TenantServices["pending"] = ({ tenantId }) =>
    Effect.map(store.listMessages(tenantId), (all) => all.map(messageOf))

  return { accept, cancelMany, messages, pending }
}

/** Breaks a loop of deliveries that publish to this server again and again. */
const endLoop = (
  deliveryOf: MessageId | undefined,
  maxHops: number
): Effect.Effect<never, QStashInvalidRequest> =>
  Effect.zipRight(
    Effect.logWarning(
      `Message loop: refused what the delivery of ${deliveryOf} published, beyond ${maxHops} hops`
    ),
    new QStashInvalidRequest({
      reason: `message loop: a delivery has led back here more than ${maxHops} times in a row (limit maxHops)`,
      status: 400
    })
  )

/** When a message asks to be delivered, which may be in the past. */
const startOf = ({ delay, notBefore }: PublishMessage, now: number): number =>
  notBefore === undefined
    ? now + (delay === undefined ? 0 : Duration.toMillis(delay))
    : DateTime.toEpochMillis(notBefore)
