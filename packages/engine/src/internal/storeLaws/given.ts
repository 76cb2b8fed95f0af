import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { DeliveryEvent } from "../../DeliveryEvent.ts"
import * as Limits from "../../Limits.ts"
import type {
  AcceptedMessage,
  DeliveryResponse,
  FlowControlChange,
  Lease,
  MessageDraft,
  Settlement,
  StoredMessage
} from "../../Rows.ts"
import { Store } from "../../Store.ts"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

export const second = 1000
export const minute = 60_000
export const start = Date.parse("2025-01-01T00:00:00Z")

export const acme = "acme"
export const callerIp = "203.0.113.7"
export const destination = "https://api.example.com/jobs"

export const id = (text: string): ScheduleId => ScheduleId.make(text)
export const job = id("job")
export const mail = QueueName.make("mail")
export const api = FlowControlKey.make("api")
export const workers = UrlGroupName.make("workers")

/** Message ids `m0`, `m1`, and so on. */
export const ids: Layer.Layer<IdGenerator> = Layer.sync(IdGenerator, () => {
  let count = 0
  const unsafeNext = (): string => `m${count++}`
  return { unsafeNext, next: () => Effect.sync(unsafeNext) }
})

export const settingsOf = (
  input: Partial<CreateSchedule.Input> = {}
): Effect.Effect<CreateSchedule, QStashInvalidRequest> =>
  CreateSchedule.make({ cron: "* * * * *", destination, ...input })

export const upsert = (
  scheduleId: ScheduleId,
  input: Partial<CreateSchedule.Input> = {},
  now = start,
  limit = 1000
) =>
  Effect.gen(function* () {
    const store = yield* Store
    const settings = yield* settingsOf(input)
    return yield* store.upsertSchedule({
      tenantId: acme,
      scheduleId,
      settings,
      callerIp: undefined,
      now,
      limit
    })
  })

/** None that a law is about reaches these. */
export const limits = Limits.resolve({})

/** The messages that a verb has made, as it tells them. */
export const createdIn = (events: ReadonlyArray<DeliveryEvent>): ReadonlyArray<StoredMessage> =>
  events.flatMap(({ message, state }) => (state === "CREATED" ? [message] : []))

export const claimSchedules = (now: number, limit = 1000) =>
  Effect.flatMap(Store, (store) =>
    Effect.map(store.claimDueSchedules({ now, limit, limits }), ({ events }) => createdIn(events))
  )

/** The messages of so many schedules of the first minute. */
export const fire = (count: number) =>
  Effect.gen(function* () {
    for (let index = 0; index < count; index++) yield* upsert(id(`job-${index}`), { cron: "1 0 1 1 *" })
    return yield* claimSchedules(start + minute, count)
  })

export type DraftInput = Partial<PublishMessage.Input> & { readonly queueName?: QueueName | undefined }

export const draftOf = (
  input: DraftInput,
  now: number,
  deduplicationKey?: string
): Effect.Effect<MessageDraft, QStashInvalidRequest> =>
  Effect.map(PublishMessage.make({ destination, ...input }), (settings) => ({
    settings,
    destination: settings.destination,
    notBefore: now + (settings.delay === undefined ? 0 : Duration.toMillis(settings.delay)),
    deduplicationKey
  }))

/** The first of several; there has to be one. */
export const first = <A>(items: ReadonlyArray<A>): A => Option.getOrThrow(Arr.head(items))

/** What a verb needs that accepts drafts, but the drafts. */
export const accepting = (now: number) => ({
  tenantId: acme,
  callerIp,
  now,
  window: 10 * minute,
  deliveryOf: undefined,
  limits
})

/** Where a message goes is its name here. */
const urlOf = (name: string): string => `https://api.example.com/${name}`

export const nameOf = ({ url }: Pick<StoredMessage, "url">): string => new URL(url).pathname.slice(1)

/** Accepts messages by these names, in their order and all alike otherwise. */
export const send = (names: ReadonlyArray<string>, input: DraftInput = {}, now = start) =>
  Effect.gen(function* () {
    const store = yield* Store
    const drafts = yield* Effect.forEach(names, (name) =>
      draftOf({ destination: urlOf(name), ...input }, now)
    )
    const accepted = yield* store.accept({ ...accepting(now), drafts })
    if (accepted._tag !== "Accepted") return yield* Effect.dieMessage(accepted._tag)
    return accepted.messages.flat()
  })

export const idsOf = (accepted: ReadonlyArray<Pick<AcceptedMessage, "messageId">>) =>
  accepted.map(({ messageId }) => messageId)

/** For tests that are not about slots. */
export const unlimited = { perTenant: Infinity, perDestination: Infinity }

export const claim = (now: number, limit = 1000, leaseFor = minute, slots = unlimited) =>
  Effect.flatMap(Store, (store) =>
    Effect.map(store.claimDueMessages({ now, limit, ...slots, leaseFor }), ({ leases }) => leases)
  )

/** Leases what may start, by the names of the messages and in the order of the leases. */
export const claimByName = (now: number, limit?: number, leaseFor?: number) =>
  Effect.map(claim(now, limit, leaseFor), (leases) => ({
    names: leases.map(({ message }) => nameOf(message)),
    leases: Object.fromEntries(leases.map((lease) => [nameOf(lease.message), lease]))
  }))

/** The names of what may start. */
export const starting = (now: number, limit?: number) =>
  Effect.map(claimByName(now, limit), ({ names }) => names)

export const tokensOf = (leases: ReadonlyArray<Lease>): ReadonlyArray<number> =>
  leases.map(({ token }) => token)

export const answer = (status: number, text = ""): DeliveryResponse => ({
  status,
  headers: { "x-status": String(status) },
  body: new TextEncoder().encode(text)
})

export const delivered = (lease: Pick<Lease, "token"> | undefined): Settlement => ({
  token: lease?.token ?? -1,
  response: answer(200),
  _tag: "Delivered"
})

export const failed = (lease: Pick<Lease, "token"> | undefined): Settlement => ({
  token: lease?.token ?? -1,
  response: answer(500, "broken"),
  _tag: "Failed",
  error: "the destination answered 500"
})

export const retried = (lease: Pick<Lease, "token"> | undefined, dueAt: number): Settlement => ({
  token: lease?.token ?? -1,
  response: undefined,
  _tag: "Retry",
  error: "connection refused",
  dueAt
})

export const settle = (settlements: ReadonlyArray<Settlement>, now = start, maxPendingBytes = Infinity) =>
  Effect.flatMap(Store, (store) =>
    Effect.map(store.settle({ settlements, now, maxPendingBytes }), ({ answers }) => answers)
  )

export const cancel = (messageIds: ReadonlyArray<MessageId>, now = start) =>
  Effect.gen(function* () {
    const store = yield* Store
    const [one, ...others] = messageIds
    if (one === undefined) return 0
    const criteria = { messageIds: [one, ...others] } as const
    return (yield* store.cancel({ tenantId: acme, criteria, limit: Infinity, now })).cancelled
  })

export const queue = (parallelism: number, isPaused?: boolean, now = start) =>
  Effect.flatMap(Store, (store) =>
    store.upsertQueue({ tenantId: acme, queueName: mail, parallelism, isPaused, now, limit: 10 })
  )

export const changeFlow = (change: FlowControlChange, now = start) =>
  Effect.flatMap(Store, (store) =>
    store.changeFlowControl({ tenantId: acme, key: api, change, now, limit: 10 })
  )

export const all = {
  criteria: {},
  after: undefined,
  count: Infinity,
  maxBytes: Infinity,
  order: "earliestFirst"
} as const

/** Forgets what is from before these instants. */
export const prune = (logsBefore: number, deadLettersBefore: number) =>
  Effect.flatMap(Store, (store) =>
    store.prune({
      logs: { before: logsBefore, maxEntries: Infinity, maxBytes: Infinity },
      deadLetters: { before: deadLettersBefore, maxEntries: Infinity, maxBytes: Infinity }
    })
  )

/** Who has died, as a user would list them. */
export const deadLetters = Effect.flatMap(Store, (store) =>
  Effect.map(store.pageDeadLetters({ tenantId: acme, ...all }), ({ items }) => items)
)

export const log = Effect.flatMap(Store, (store) =>
  Effect.map(store.pageLogs({ tenantId: acme, ...all }), ({ items }) => items)
)

/** The steps of the log, as `ACTIVE a#1`: the name of the message, and the retries before it. */
export const steps = (events: ReadonlyArray<DeliveryEvent>): ReadonlyArray<string> =>
  events.map(({ message, state }) => `${state} ${nameOf(message)}#${message.retried}`)
