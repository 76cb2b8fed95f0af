import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import { QueueName } from "@effect-qstash/domain/QueueName"
import * as Limits from "@effect-qstash/engine/Limits"
import type { Lease, MessageDraft, Settlement } from "@effect-qstash/engine/Rows"
import { Store } from "@effect-qstash/engine/Store"
import { Effect } from "effect"

export const minute = 60_000
export const start = Date.parse("2025-01-01T00:00:00Z")
export const limits = Limits.resolve({})

export interface Sent extends Partial<PublishMessage.Input> {
  readonly queue?: string
  readonly deduplicationKey?: string
  readonly dueAt?: number
}

const draftOf = ({ deduplicationKey, dueAt, queue, ...input }: Sent) =>
  Effect.map(
    PublishMessage.make({ destination: "https://api.example.com/jobs", body: "body", ...input }),
    (settings): MessageDraft => ({
      settings: queue === undefined ? settings : { ...settings, queueName: QueueName.make(queue) },
      destination: settings.destination,
      notBefore: dueAt ?? start,
      deduplicationKey
    })
  )

/** A flow-control key. */
export const key = (name: string, parallelism: number, rate?: number) => ({
  flowControl: { key: FlowControlKey.make(name), parallelism, ...(rate === undefined ? {} : { rate }) }
})

/** Accepts messages of one tenant, and returns their ids. */
export const send = (tenantId: string, messages: ReadonlyArray<Sent>, now = start, deliveryOf?: MessageId) =>
  Effect.gen(function* () {
    const store = yield* Store
    const accepted = yield* store.accept({
      tenantId,
      callerIp: undefined,
      drafts: yield* Effect.forEach(messages, draftOf),
      now,
      window: 10 * minute,
      deliveryOf,
      limits
    })
    if (accepted._tag !== "Accepted") return yield* Effect.dieMessage(accepted._tag)
    return accepted.messages.flat().map(({ messageId }) => messageId)
  })

export const claim = (options: Partial<Parameters<Store.Service["claimDueMessages"]>[0]> = {}) =>
  Effect.flatMap(Store, (store) =>
    Effect.map(
      store.claimDueMessages({
        now: start,
        limit: 100,
        perTenant: Infinity,
        perDestination: Infinity,
        leaseFor: minute,
        ...options
      }),
      ({ leases }) => leases
    )
  )

const response = { status: 200, headers: { "content-type": "text/plain" }, body: new Uint8Array(4) }

export const delivered = ({ token }: Lease): Settlement => ({ _tag: "Delivered", token, response })

export const failed = ({ token }: Lease): Settlement => ({ _tag: "Failed", token, response, error: "500" })

export const retried = ({ token }: Lease, dueAt: number): Settlement => ({
  _tag: "Retry",
  token,
  response: undefined,
  error: "connection refused",
  dueAt
})

export const settle = (settlements: ReadonlyArray<Settlement>, now = start) =>
  Effect.flatMap(Store, (store) =>
    Effect.map(store.settle({ settlements, now, maxPendingBytes: Infinity }), ({ answers }) => answers)
  )

export const nothingKept = {
  logs: { before: Infinity, maxEntries: 0, maxBytes: 0 },
  deadLetters: { before: Infinity, maxEntries: 0, maxBytes: 0 }
}
