import {
  Destination,
  FlowControlKey,
  MessageId,
  type MessageSettings,
  type QStashInvalidRequest,
  QueueName,
  UrlGroupName
} from "@effect-qstash/domain"
import { callbackDrafts } from "@effect-qstash/engine/Callbacks"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import type {
  AcceptedMessage,
  AcceptLimits,
  DeliveryResponse,
  FlowControlChange,
  Lease,
  MessageDraft,
  Settlement,
  StoredDeadLetter,
  StoredFlowControl,
  StoredMessage,
  StoredQueue,
  StoredSchedule,
  StoredUrlGroup
} from "@effect-qstash/engine/Rows"
import { nextTime } from "@effect-qstash/engine/ScheduleRules"
import { Store } from "@effect-qstash/engine/Store"
import type { StoreError } from "@effect-qstash/engine/StoreError"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Effect, FastCheck, Struct } from "effect"
import { acme, all, answer, callerIp, draftOf, id, minute, second, settingsOf, start } from "./given.ts"

// What is done, and in which words.

const tenants = [acme, "other"]

const tag = <const T extends string>(name: T) => FastCheck.constant(name)
const oneOf = FastCheck.constantFrom

const tenant = oneOf(acme, acme, acme, "other")
const name = oneOf("a", "b")
const limit = oneOf(0, 1, 2, 100, 100)

const flowControl = {
  narrow: { key: FlowControlKey.make("f"), parallelism: 1 },
  slow: { key: FlowControlKey.make("f"), rate: 1, period: minute },
  both: { key: FlowControlKey.make("f"), parallelism: 2, rate: 2, period: 30 * second },
  other: { key: FlowControlKey.make("g"), parallelism: 1, rate: 3 }
}

/** How messages are, whoever sends them. */
const anySettings = FastCheck.record({
  to: oneOf("https://a.example.com", "https://b.example.com", { urlGroup: UrlGroupName.make("group") }),
  delay: oneOf(0, 0, 30, 60),
  body: oneOf(undefined, "four", "eleven more"),
  queueName: oneOf(undefined, undefined, "a", "b"),
  flow: oneOf(undefined, undefined, "narrow" as const, "slow" as const, "both" as const, "other" as const),
  callback: oneOf(undefined, undefined, "https://done.example.com"),
  failureCallback: oneOf(undefined, undefined, "https://failed.example.com")
})
type Settings = typeof anySettings extends FastCheck.Arbitrary<infer A> ? A : never

const inputOf = ({ body, callback, delay, failureCallback, flow, queueName, to }: Settings) => ({
  destination: to,
  delay: Duration.seconds(delay),
  body,
  callback,
  failureCallback,
  queueName: queueName === undefined ? undefined : QueueName.make(queueName),
  flowControl: flow === undefined ? undefined : flowControl[flow]
})

const bytesOf = ({ body }: MessageSettings): number => body?.length ?? 0

const flowKey = oneOf(FlowControlKey.make("f"), FlowControlKey.make("g"))

const change: FastCheck.Arbitrary<FlowControlChange> = FastCheck.oneof(
  oneOf<FlowControlChange>({ _tag: "Pause" }, { _tag: "Resume" }, { _tag: "Resume" }, { _tag: "ResetRate" }),
  FastCheck.record({
    _tag: tag("Pin"),
    parallelism: oneOf(undefined, 1, 3),
    rate: oneOf(undefined, 2),
    period: oneOf(undefined, 10 * second)
  }),
  FastCheck.record({ _tag: tag("Unpin"), parallelism: FastCheck.boolean(), rate: FastCheck.boolean() })
)

/** Some of the things that were there, by their numbers. */
const some = FastCheck.array(FastCheck.nat(), { minLength: 1, maxLength: 3 })

const endpoints = FastCheck.array(
  FastCheck.record(
    { url: oneOf("https://1.example.com", "https://2.example.com"), name: oneOf("x", "y") },
    { requiredKeys: ["url"] }
  ),
  { minLength: 1, maxLength: 2 }
)

const common = [
  FastCheck.record({
    _tag: tag("ClaimSchedules"),
    limit,
    maxMessages: oneOf(4, 100, 100, 100),
    maxPendingBytes: oneOf(0, 5000, Infinity)
  }),
  FastCheck.record({
    _tag: tag("Accept"),
    tenant,
    drafts: FastCheck.array(
      FastCheck.record({ settings: anySettings, key: oneOf(undefined, undefined, "x", "y") }),
      {
        minLength: 1,
        maxLength: 3
      }
    ),
    deliveryOf: FastCheck.option(FastCheck.nat(), { nil: undefined }),
    limits: FastCheck.record({
      maxQueues: oneOf(1, 100, 100),
      maxFlowControlKeys: oneOf(1, 100, 100),
      maxMessages: oneOf(8, 100, 100),
      maxPendingBytes: oneOf(0, 5000, Infinity),
      maxMessagesPerRequest: oneOf(2, 100, 100),
      maxBytesPerRequest: oneOf(10, 100, 100),
      maxHops: oneOf(1, 100)
    })
  }),
  FastCheck.record({ _tag: tag("ClaimMessages"), limit, leaseFor: oneOf(1, 45 * second, 3 * minute) }),
  FastCheck.record({
    _tag: tag("Settle"),
    settlements: FastCheck.array(
      FastCheck.record({
        lease: FastCheck.nat(),
        as: oneOf("Delivered" as const, "Failed" as const, "Retry" as const),
        delay: oneOf(0, 12 * second, 2 * minute)
      }),
      { minLength: 1, maxLength: 4 }
    ),
    maxPendingBytes: oneOf(0, 1000, 5000, Infinity)
  }),
  FastCheck.record({ _tag: tag("Wait"), millis: oneOf(1, 15 * second, minute, 5 * minute) }),
  FastCheck.record({
    _tag: tag("ChangeSlots"),
    perTenant: oneOf(Infinity, 1, 2, 3),
    perDestination: oneOf(Infinity, 1, 2)
  })
]

const rare = [
  FastCheck.record({
    _tag: tag("UpsertSchedule"),
    tenant,
    name,
    settings: anySettings,
    cron: oneOf("* * * * *", "*/2 * * * *", "*/3 * * * *", "0 0 31 2 *"),
    limit: oneOf(1, 100)
  }),
  FastCheck.record({ _tag: tag("DeleteSchedule"), tenant, name }),
  FastCheck.record({ _tag: tag("PauseSchedule"), tenant, name, isPaused: FastCheck.boolean() }),
  FastCheck.record({ _tag: tag("Release"), leases: some }),
  FastCheck.record({ _tag: tag("Renew"), leases: some, leaseFor: oneOf(1, 45 * second, 3 * minute) }),
  FastCheck.record({
    _tag: tag("Cancel"),
    tenant,
    selector: FastCheck.oneof(
      FastCheck.record({ messages: some }),
      oneOf({ queueName: "a" }, { urlGroup: "group" }, {})
    ),
    limit: oneOf(1, 2, Infinity)
  }),
  FastCheck.record({
    _tag: tag("TakeDeadLetters"),
    tenant,
    letters: FastCheck.option(some, { nil: undefined }),
    count: oneOf(1, 2, Infinity),
    retry: oneOf(undefined, { retries: undefined }, { retries: 0 })
  }),
  FastCheck.record({
    _tag: tag("UpsertQueue"),
    tenant,
    name,
    parallelism: oneOf(1, 2, 3),
    isPaused: oneOf(undefined, true, false),
    limit: oneOf(1, 100)
  }),
  FastCheck.record({ _tag: tag("PauseQueue"), tenant, name, isPaused: FastCheck.boolean() }),
  FastCheck.record({ _tag: tag("DeleteQueue"), tenant, name }),
  FastCheck.record({
    _tag: tag("UpsertEndpoints"),
    tenant,
    endpoints,
    limits: FastCheck.record({ maxUrlGroups: oneOf(0, 1, 1), maxEndpointsPerUrlGroup: oneOf(1, 9, 9) })
  }),
  FastCheck.record({ _tag: tag("DeleteGroup"), tenant }),
  FastCheck.record({ _tag: tag("ChangeFlow"), tenant, key: flowKey, change, limit: oneOf(1, 100) }),
  FastCheck.record({
    _tag: tag("Prune"),
    logs: oneOf(0, minute, 5 * minute),
    deadLetters: oneOf(0, 5 * minute),
    maxEntries: oneOf(1, 3, Infinity)
  })
]

export const command = FastCheck.oneof(
  { arbitrary: FastCheck.oneof(...common), weight: 3 },
  { arbitrary: FastCheck.oneof(...rare), weight: 1 }
)
type Command = typeof command extends FastCheck.Arbitrary<infer A> ? A : never

// The model.

interface Queue extends Omit<StoredQueue, "lag"> {
  readonly tenantId: string
  readonly isDeleted: boolean
}

type Flow = Omit<StoredFlowControl, "underWay" | "waiting"> & { readonly tenantId: string }

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

interface Row {
  message: StoredMessage
  token: number | undefined
  /** When its lease ends. */
  until: number
  isCancelRequested: boolean
  isDone: boolean
  readonly queue: Mutable<Queue> | undefined
  readonly callbackOf: Row | undefined
}

interface Known {
  readonly tenantId: string
  readonly key: string
  readonly until: number
  readonly messages: ReadonlyArray<AcceptedMessage>
}

/** A window that is over counts for nothing. */
const standing = <A extends Pick<Flow, "period" | "started" | "windowStart">>(flow: A, now: number): A =>
  flow.windowStart !== undefined && now >= flow.windowStart + flow.period
    ? { ...flow, started: 0, windowStart: undefined }
    : flow

const dueOf = (row: Row): number => (row.token === undefined ? row.message.dueAt : row.until)

const least = (instants: ReadonlyArray<number | undefined>): number | undefined => {
  const known = instants.filter((instant) => instant !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/**
 * A Store as one would write it on the back of an envelope, beside the one that is tried: lists, each of them searched
 * from end to end, and nothing kept that can be found out.
 */
export class Model {
  private now = start
  private schedules: Array<StoredSchedule> = []
  /** Every message that there ever was. */
  private readonly rows: Array<Row> = []
  private readonly queues: Array<Mutable<Queue>> = []
  private flows: Array<Mutable<Flow>> = []
  private groups: Array<StoredUrlGroup & { readonly tenantId: string }> = []
  private letters: Array<StoredDeadLetter> = []
  private log: Array<DeliveryEvent> = []
  private known: Array<Known> = []
  private readonly tokens: Array<number> = []
  /** What the verb that is tried is to have written. */
  private events: Array<DeliveryEvent> = []
  private nextId = 0
  private readonly sequences = new Map<MessageId, number>()
  private lastSequence = -Infinity
  private readonly letterIds = new Set<string>()
  private slots = { perTenant: Infinity, perDestination: Infinity }
  private hasLimitedSlots = false

  check(next: Command): Effect.Effect<void, QStashInvalidRequest | StoreError, Store> {
    return Effect.gen(this, function* () {
      const store = yield* Store
      yield* this.apply(next, store)
      for (const tenantId of tenants) {
        const isOwn = (own: { readonly tenantId: string }): boolean => own.tenantId === tenantId
        const pending = this.pending.filter((row) => isOwn(row.message))
        deepStrictEqual(yield* store.listSchedules(tenantId), this.schedules.filter(isOwn))
        deepStrictEqual(
          yield* store.listMessages(tenantId),
          pending.map(({ message }) => message)
        )
        strictEqual(
          yield* store.countLeased(tenantId),
          pending.filter(({ token }) => token !== undefined).length
        )
        deepStrictEqual(
          yield* store.listQueues(tenantId),
          this.queues
            .filter((queue) => isOwn(queue) && !queue.isDeleted)
            .map(({ isDeleted: _isDeleted, tenantId: _tenantId, ...queue }) => ({
              ...queue,
              lag: pending.filter((row) => row.queue?.queueName === queue.queueName && !row.queue.isDeleted)
                .length
            }))
        )
        deepStrictEqual(
          yield* store.listUrlGroups(tenantId),
          this.groups.filter(isOwn).map(({ tenantId: _tenantId, ...group }) => group)
        )
        deepStrictEqual(
          (yield* store.listFlowControl(tenantId)).map(({ waiting: _waiting, ...flow }) =>
            standing(flow, this.now)
          ),
          this.flows.filter(isOwn).map((flow) => {
            const { tenantId: _tenantId, ...rest } = standing(flow, this.now)
            return { ...rest, underWay: this.underWay(flow) }
          })
        )
        deepStrictEqual(
          (yield* store.pageDeadLetters({ tenantId, ...all })).items,
          this.letters.filter(({ message }) => isOwn(message))
        )
      }
      yield* this.checkWake(store)
    })
  }

  /** What is dear to look at after each step. */
  readonly checkHistory: Effect.Effect<void, StoreError, Store> = Effect.gen(this, function* () {
    const store = yield* Store
    for (const tenantId of tenants) {
      const own = this.log.filter(({ message }) => message.tenantId === tenantId)
      deepStrictEqual((yield* store.pageLogs({ tenantId, ...all })).items, own)
      deepStrictEqual(
        (yield* store.pageLogs({ tenantId, ...all, order: "latestFirst" })).items,
        own.toReversed()
      )
    }
  })

  /** It may be woken for nothing, but never too late; and without limits and for nothing it is not woken at all. */
  private checkWake(store: Store["Type"]): Effect.Effect<void, StoreError> {
    return Effect.gen(this, function* () {
      const { message, schedule } = yield* store.nextWake
      strictEqual(schedule, least(this.schedules.map((stored) => stored.nextTime)))
      const next = least(this.pending.map((row) => this.nextOf(row)))
      if (this.flows.length === 0 && !this.hasLimitedSlots) strictEqual(message, next)
      else assertTrue((message ?? Infinity) <= Math.max(next ?? Infinity, this.now))
    })
  }

  private get pending(): ReadonlyArray<Row> {
    return this.rows.filter((row) => !row.isDone)
  }

  /** When something is to be done about a message, as far as that is known. */
  private nextOf(row: Row): number | undefined {
    if (row.token !== undefined || row.isCancelRequested) return dueOf(row)
    if (!this.isAdmitted(row)) return undefined
    if (row.message.dueAt <= this.now && !this.hasSlot(row)) return undefined
    const flow = this.flowOf(row)
    if (flow === undefined || this.mayStart(row)) return row.message.dueAt
    const { rate, started, windowStart } = standing(flow, this.now)
    const isHeldByRateAlone =
      !flow.isPaused && this.underWay(flow) < (flow.parallelism ?? Infinity) && started >= (rate ?? Infinity)
    return isHeldByRateAlone ? Math.max(row.message.dueAt, (windowStart ?? 0) + flow.period) : undefined
  }

  // Queues and limits.

  private isAdmitted({ message, queue }: Row): boolean {
    if (queue === undefined) return true
    const places = this.rows.filter(
      (row) =>
        row.queue === queue && (!row.isDone || this.pending.some(({ callbackOf }) => callbackOf === row))
    )
    const place = places.findIndex((row) => row.message === message)
    return !queue.isPaused && !queue.isDeleted && place < queue.parallelism
  }

  private flowOf({ message }: Row): Mutable<Flow> | undefined {
    return this.flows.find(
      ({ flowControlKey, tenantId }) =>
        tenantId === message.tenantId && flowControlKey === message.settings.flowControl?.key
    )
  }

  private underWay(flow: Flow): number {
    return this.pending.filter((row) => row.token !== undefined && this.flowOf(row) === flow).length
  }

  private hasSlot({ message: { tenantId, url } }: Row): boolean {
    const leased = this.pending.filter(
      ({ message, token }) => token !== undefined && message.tenantId === tenantId
    )
    const { origin } = new URL(url)
    return (
      leased.length < this.slots.perTenant &&
      leased.filter(({ message }) => new URL(message.url).origin === origin).length <
        this.slots.perDestination
    )
  }

  private mayStart(row: Row): boolean {
    const flow = this.flowOf(row)
    return (
      this.isAdmitted(row) &&
      this.hasSlot(row) &&
      (flow === undefined ||
        (!flow.isPaused &&
          this.underWay(flow) < (flow.parallelism ?? Infinity) &&
          standing(flow, this.now).started < (flow.rate ?? Infinity)))
    )
  }

  private queueFor(tenantId: string, queueName: QueueName): Mutable<Queue> {
    const known = this.findQueue(tenantId, queueName)
    if (known !== undefined) return known
    const queue = {
      tenantId,
      queueName,
      createdAt: this.now,
      updatedAt: this.now,
      parallelism: 1,
      isPaused: false,
      isDeleted: false
    }
    this.queues.push(queue)
    return queue
  }

  private findQueue(tenantId: string, queueName: string): Mutable<Queue> | undefined {
    return this.queues.find(
      (queue) => queue.tenantId === tenantId && queue.queueName === queueName && !queue.isDeleted
    )
  }

  private flowFor(tenantId: string, flowControlKey: FlowControlKey): Mutable<Flow> {
    const known = this.flows.find(
      (flow) => flow.tenantId === tenantId && flow.flowControlKey === flowControlKey
    )
    if (known !== undefined) return Object.assign(known, standing(known, this.now))
    const flow = {
      tenantId,
      flowControlKey,
      parallelism: undefined,
      rate: undefined,
      period: second,
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
      started: 0,
      windowStart: undefined
    }
    this.flows.push(flow)
    return flow
  }

  // Messages.

  private note(
    { message }: Row,
    state: DeliveryEvent["state"],
    details: Partial<DeliveryEvent> = {},
    response?: DeliveryResponse
  ): void {
    const { body, headers, status } = response ?? {}
    this.events.push({
      time: this.now,
      state,
      message,
      ...(status === undefined ? {} : { responseStatus: status }),
      ...(headers === undefined ? {} : { responseHeaders: headers }),
      ...(body === undefined ? {} : { responseBody: body }),
      ...details
    })
  }

  private noteState({ message }: Row, state: string): void {
    const schedule = this.schedules.find(({ lastStates }) => message.messageId in lastStates)
    if (schedule === undefined) return
    this.update(schedule, { lastStates: { ...schedule.lastStates, [message.messageId]: state } })
  }

  private make(
    tenantId: string,
    made: Pick<StoredMessage, "settings" | "url" | "notBefore" | "callerIp"> & Partial<StoredMessage>,
    callbackOf?: Row
  ): StoredMessage {
    const messageId = MessageId.make(`m${this.nextId++}`)
    const { flowControl: limits, queueName } = made.settings
    const message: StoredMessage = {
      urlGroup: undefined,
      endpointName: undefined,
      scheduleId: undefined,
      callbackOf: callbackOf?.message.messageId,
      ...made,
      tenantId,
      messageId,
      sequence: this.sequences.get(messageId) ?? Number.NaN,
      createdAt: this.now,
      dueAt: made.notBefore,
      retried: 0,
      hops: made.hops ?? callbackOf?.message.hops ?? 0
    }
    const row: Row = {
      message,
      token: undefined,
      until: 0,
      isCancelRequested: false,
      isDone: false,
      queue: queueName === undefined ? undefined : this.queueFor(tenantId, queueName),
      callbackOf
    }
    this.rows.push(row)
    this.note(row, "CREATED", made.notBefore > this.now ? { nextDeliveryTime: made.notBefore } : {})
    if (limits !== undefined) {
      const flow = this.flowFor(tenantId, limits.key)
      if (!flow.isPinnedParallelism) flow.parallelism = limits.parallelism
      if (!flow.isPinnedRate) {
        flow.rate = limits.rate
        flow.period = Duration.toMillis(limits.period ?? second)
      }
    }
    return message
  }

  private endpointsOf(
    tenantId: string,
    destination: MessageDraft["destination"]
  ): ReadonlyArray<Pick<StoredMessage, "url" | "urlGroup" | "endpointName">> | undefined {
    if (typeof destination === "string")
      return [{ url: destination, urlGroup: undefined, endpointName: undefined }]
    const { urlGroup } = destination
    return this.groups
      .find((group) => group.tenantId === tenantId && group.urlGroup === urlGroup)
      ?.endpoints.map(({ name: endpointName, url }) => ({ url, urlGroup, endpointName }))
  }

  private requestCancel(row: Row): void {
    this.note(row, "CANCEL_REQUESTED")
    row.isCancelRequested = true
    if (row.token === undefined) this.cancelNow(row)
  }

  private cancelNow(row: Row): void {
    this.note(row, "CANCELED")
    this.noteState(row, "FAIL")
    row.isDone = true
  }

  private settle(
    settlement: Settlement,
    newLetters: Array<StoredDeadLetter>,
    maxPendingBytes: number
  ): "settled" | "stale" {
    const row = this.pending.find(({ token }) => token === settlement.token)
    if (row === undefined) return "stale"
    const { message } = row
    const isFull = this.countBytes(message.tenantId) >= maxPendingBytes
    const { response } = settlement
    row.token = undefined
    row.isDone = settlement._tag !== "Retry" || row.isCancelRequested
    let dlqId: StoredDeadLetter["dlqId"] | undefined
    if (settlement._tag === "Delivered") {
      this.note(row, "DELIVERED", {}, response)
      this.noteState(row, "SUCCESS")
    } else if (row.isCancelRequested) {
      this.note(row, "ERROR", { error: settlement.error }, response)
      this.cancelNow(row)
    } else if (settlement._tag === "Failed") {
      const { error } = settlement
      this.note(row, "ERROR", { error }, response)
      this.note(row, "FAILED", { error }, response)
      this.noteState(row, "FAIL")
      const letter = newLetters.shift()
      assertTrue(letter !== undefined && !this.letterIds.has(`${message.tenantId} ${letter.dlqId}`))
      dlqId = letter?.dlqId
      if (dlqId !== undefined) {
        this.letterIds.add(`${message.tenantId} ${dlqId}`)
        this.letters.push({ dlqId, message, failedAt: this.now, response })
      }
    } else {
      const { dueAt, error } = settlement
      this.note(row, "ERROR", { error, nextDeliveryTime: dueAt }, response)
      this.note(row, "RETRY", { nextDeliveryTime: dueAt })
      row.message = { ...message, retried: message.retried + 1, dueAt }
    }
    for (const draft of callbackDrafts({ message, response, dlqId, now: this.now, isFull })) {
      const { destination, notBefore, settings: its } = draft
      this.make(
        message.tenantId,
        { settings: its, url: Destination.toText(destination), notBefore, callerIp: message.callerIp },
        row
      )
    }
    return "settled"
  }

  private claim(count: number, leaseFor: number, leases: ReadonlyArray<Lease>): ReadonlyArray<StoredMessage> {
    const taken: Array<StoredMessage> = []
    while (taken.length < count) {
      const [row] = this.pending
        .filter(
          (other) =>
            dueOf(other) <= this.now &&
            (other.token !== undefined || other.isCancelRequested || this.mayStart(other))
        )
        .toSorted((self, that) => dueOf(self) - dueOf(that))
      if (row === undefined) break
      row.token = undefined
      if (row.isCancelRequested) {
        this.cancelNow(row)
        continue
      }
      if (!this.mayStart(row)) continue
      const flow = this.flowOf(row)
      if (flow?.rate !== undefined) {
        Object.assign(flow, standing(flow, this.now))
        flow.windowStart ??= this.now
        flow.started += 1
      }
      const token = leases[taken.length]?.token ?? Number.NaN
      assertTrue(!this.tokens.includes(token))
      this.tokens.push(token)
      row.token = token
      row.until = this.now + leaseFor
      this.note(row, "ACTIVE")
      taken.push(row.message)
    }
    return taken
  }

  // The verbs.

  /** What a verb says that it wrote has to be what it was to write. */
  private tell(events: ReadonlyArray<DeliveryEvent>): void {
    deepStrictEqual(events, this.events)
    this.log.push(...events)
    this.events = []
  }

  /** The numbers of new messages are the Store's to choose, so long as they rise. */
  private learn(events: ReadonlyArray<DeliveryEvent>): void {
    for (const { message, state } of events) {
      if (state !== "CREATED") continue
      assertTrue(message.sequence > this.lastSequence)
      this.lastSequence = message.sequence
      this.sequences.set(message.messageId, message.sequence)
    }
  }

  private apply(next: Command, store: Store["Type"]): Effect.Effect<void, QStashInvalidRequest | StoreError> {
    return Effect.gen(this, function* () {
      const { now } = this
      switch (next._tag) {
        case "UpsertSchedule": {
          const { tenant: tenantId } = next
          const created = yield* settingsOf({ ...inputOf(next.settings), cron: next.cron })
          const known = this.findSchedule(next)
          const isFull =
            known === undefined &&
            this.schedules.filter((schedule) => schedule.tenantId === tenantId).length >= next.limit
          const scheduleId = id(next.name)
          strictEqual(
            yield* store.upsertSchedule({
              tenantId,
              scheduleId,
              settings: created,
              callerIp,
              now,
              limit: next.limit
            }),
            isFull ? "full" : "stored"
          )
          if (isFull) return
          const changes = {
            settings: created,
            nextTime: nextTime(created.cron, now),
            error: undefined
          }
          if (known === undefined) {
            this.schedules.push({
              tenantId,
              scheduleId,
              callerIp,
              createdAt: now,
              isPaused: false,
              lastTime: undefined,
              lastStates: {},
              ...changes
            })
          } else this.update(known, changes)
          return
        }
        case "DeleteSchedule": {
          const known = this.findSchedule(next)
          strictEqual(yield* store.deleteSchedule(next.tenant, id(next.name)), known !== undefined)
          this.schedules = this.schedules.filter((schedule) => schedule !== known)
          return
        }
        case "PauseSchedule": {
          const { isPaused } = next
          const known = this.findSchedule(next)
          strictEqual(
            yield* store.setPaused({ tenantId: next.tenant, scheduleId: id(next.name), isPaused, now }),
            known !== undefined
          )
          if (known === undefined) return
          const isOverdue = known.isPaused && !isPaused && (known.nextTime ?? Infinity) <= now
          return this.update(known, {
            isPaused,
            nextTime: isOverdue ? nextTime(known.settings.cron, now) : known.nextTime
          })
        }
        case "ClaimSchedules": {
          const { events } = yield* store.claimDueSchedules({
            now,
            limit: next.limit,
            limits: next
          })
          this.learn(events)
          const due = this.schedules
            .filter((schedule) => (schedule.nextTime ?? Infinity) <= now)
            .toSorted((self, that) => (self.nextTime ?? 0) - (that.nextTime ?? 0))
            .slice(0, next.limit)
          for (const schedule of due) this.fire(schedule, next)
          return this.tell(events)
        }
        case "Accept": {
          const drafts = yield* Effect.forEach(next.drafts, (draft) =>
            draftOf(inputOf(draft.settings), now, draft.key)
          )
          const from =
            next.deliveryOf === undefined ? undefined : this.rows[next.deliveryOf % this.rows.length]
          const isUnderWay = from !== undefined && !from.isDone && from.token !== undefined
          const accepted = yield* store.accept({
            tenantId: next.tenant,
            callerIp,
            drafts,
            now,
            window: minute,
            deliveryOf: from?.message.messageId,
            limits: next.limits
          })
          const hops = isUnderWay ? from.message.hops + 1 : 0
          return this.accept(next.tenant, drafts, next.limits, hops, accepted)
        }
        case "ClaimMessages": {
          const { leaseFor } = next
          const { events, leases } = yield* store.claimDueMessages({
            now,
            limit: next.limit,
            ...this.slots,
            leaseFor
          })
          deepStrictEqual(
            leases.map(({ message }) => message),
            this.claim(next.limit, leaseFor, leases)
          )
          this.tell(events)
          return leases.length < next.limit ? yield* this.checkRest(store) : undefined
        }
        case "Settle": {
          const settlements = next.settlements.flatMap(({ as, delay, lease }): ReadonlyArray<Settlement> => {
            const token = this.tokenOf(lease)
            if (token === undefined) return []
            if (as === "Delivered") return [{ token, _tag: as, response: answer(200, "done") }]
            const error = "no answer"
            return as === "Failed"
              ? [{ token, _tag: as, response: answer(500, "broken"), error }]
              : [{ token, _tag: as, response: undefined, error, dueAt: now + delay }]
          })
          const { answers, events } = yield* store.settle({
            settlements,
            now,
            maxPendingBytes: next.maxPendingBytes
          })
          this.learn(events)
          const newLetters = new Map<string, Array<StoredDeadLetter>>()
          for (const tenantId of tenants) {
            const { items } = yield* store.pageDeadLetters({ tenantId, ...all })
            const known = this.letters.filter(({ message }) => message.tenantId === tenantId)
            newLetters.set(tenantId, items.slice(known.length))
          }
          const expected = settlements.map((settlement) => {
            const row = this.pending.find(({ token }) => token === settlement.token)
            const letters = newLetters.get(row?.message.tenantId ?? "") ?? []
            return this.settle(settlement, letters, next.maxPendingBytes)
          })
          deepStrictEqual(answers, expected)
          return this.tell(events)
        }
        case "Release": {
          const tokens = next.leases.flatMap((lease) => this.tokenOf(lease) ?? [])
          yield* store.release(tokens)
          for (const row of this.pending) {
            if (row.token !== undefined && tokens.includes(row.token)) row.token = undefined
          }
          return
        }
        case "Renew": {
          const tokens = next.leases.flatMap((lease) => this.tokenOf(lease) ?? [])
          const until = now + next.leaseFor
          yield* store.renew({ tokens, until })
          for (const row of this.pending) {
            if (row.token !== undefined && tokens.includes(row.token)) row.until = until
          }
          return
        }
        case "Cancel": {
          const { criteria, matches } = this.selection(next.selector)
          const { cancelled, events } = yield* store.cancel({
            tenantId: next.tenant,
            criteria,
            limit: next.limit,
            now
          })
          const chosen = this.pending
            .filter(
              (row) => row.message.tenantId === next.tenant && !row.isCancelRequested && matches(row.message)
            )
            .slice(0, next.limit)
          for (const row of chosen) this.requestCancel(row)
          strictEqual(cancelled, chosen.length)
          return this.tell(events)
        }
        case "TakeDeadLetters": {
          const { count, letters, retry, tenant: tenantId } = next
          const ids =
            letters?.flatMap((letter) => this.letters[letter % this.letters.length]?.dlqId ?? []) ?? []
          const [first, ...others] = ids
          const { events, last, retried, taken } = yield* store.takeDeadLetters({
            tenantId,
            criteria: first === undefined ? {} : { dlqIds: [first, ...others] },
            after: undefined,
            count,
            now,
            retry
          })
          this.learn(events)
          const matching = this.letters.filter(
            ({ dlqId, message }) =>
              message.tenantId === tenantId && (first === undefined || ids.includes(dlqId))
          )
          const chosen = matching.slice(0, count)
          this.letters = this.letters.filter((letter) => !chosen.includes(letter))
          const again = retry === undefined ? [] : chosen.map(({ message }) => this.again(message, retry))
          deepStrictEqual(
            taken,
            chosen.map(({ dlqId }) => dlqId)
          )
          deepStrictEqual(retried, again)
          strictEqual(last !== undefined, matching.length > chosen.length)
          return this.tell(events)
        }
        case "UpsertQueue": {
          const { isPaused, parallelism, tenant: tenantId } = next
          const queueName = QueueName.make(next.name)
          const isFull =
            this.findQueue(tenantId, queueName) === undefined && this.countQueues(tenantId) >= next.limit
          strictEqual(
            yield* store.upsertQueue({ tenantId, queueName, parallelism, isPaused, now, limit: next.limit }),
            isFull ? "full" : "stored"
          )
          if (isFull) return
          const queue = this.queueFor(tenantId, queueName)
          Object.assign(queue, { parallelism, isPaused: isPaused ?? queue.isPaused, updatedAt: now })
          return
        }
        case "PauseQueue": {
          const { isPaused, tenant: tenantId } = next
          const queue = this.findQueue(tenantId, next.name)
          strictEqual(
            yield* store.setQueuePaused({ tenantId, queueName: QueueName.make(next.name), isPaused, now }),
            queue !== undefined
          )
          if (queue !== undefined && queue.isPaused !== isPaused)
            Object.assign(queue, { isPaused, updatedAt: now })
          return
        }
        case "DeleteQueue": {
          const { tenant: tenantId } = next
          const queueName = QueueName.make(next.name)
          const { events } = yield* store.deleteQueue({ tenantId, queueName, now })
          const queue = this.findQueue(tenantId, queueName)
          if (queue !== undefined) queue.isDeleted = true
          for (const row of this.pending) {
            if (row.queue !== undefined && row.queue === queue && !row.isCancelRequested)
              this.requestCancel(row)
          }
          return this.tell(events)
        }
        case "UpsertEndpoints": {
          const group = { tenantId: next.tenant, urlGroup: UrlGroupName.make("group") }
          const known = this.groups.find(({ tenantId }) => tenantId === next.tenant)
          let merged = known?.endpoints ?? []
          for (const endpoint of next.endpoints) {
            const isSame = (other: typeof endpoint): boolean =>
              other.url === endpoint.url || (other.name ?? {}) === endpoint.name
            const place = merged.findIndex(isSame)
            merged =
              place < 0
                ? [...merged, endpoint]
                : merged.with(place, endpoint).filter((other) => other === endpoint || !isSame(other))
          }
          const { maxEndpointsPerUrlGroup, maxUrlGroups } = next.limits
          const stored =
            known === undefined && maxUrlGroups === 0
              ? "maxUrlGroups"
              : merged.length > maxEndpointsPerUrlGroup
                ? "maxEndpointsPerUrlGroup"
                : "stored"
          strictEqual(
            yield* store.upsertEndpoints({ ...group, endpoints: next.endpoints, now, limits: next.limits }),
            stored
          )
          if (stored !== "stored") return
          const changed = { ...group, createdAt: known?.createdAt ?? now, updatedAt: now, endpoints: merged }
          this.groups =
            known === undefined
              ? [...this.groups, changed]
              : this.groups.map((other) => (other === known ? changed : other))
          return
        }
        case "DeleteGroup": {
          yield* store.deleteUrlGroup(next.tenant, UrlGroupName.make("group"))
          this.groups = this.groups.filter(({ tenantId }) => tenantId !== next.tenant)
          return
        }
        case "ChangeFlow": {
          const { change: changed, key, tenant: tenantId } = next
          const { limit: most } = next
          const isMaking = changed._tag !== "Unpin" && changed._tag !== "ResetRate"
          const isFull = isMaking && this.hasTooManyKeys(tenantId, [key], most)
          strictEqual(
            yield* store.changeFlowControl({ tenantId, key, change: changed, now, limit: most }),
            isFull ? "full" : "stored"
          )
          return isFull ? undefined : this.changeFlow(tenantId, key, changed)
        }
        case "ChangeSlots": {
          const { perDestination, perTenant } = next
          this.slots = { perTenant, perDestination }
          this.hasLimitedSlots ||= Math.min(perTenant, perDestination) < Infinity
          // A Store learns of it with the next claim.
          yield* store.claimDueMessages({ now, limit: 0, ...this.slots, leaseFor: 1 })
          return
        }
        case "Prune": {
          const { maxEntries } = next
          const logsBefore = now - next.logs
          const lettersBefore = now - next.deadLetters
          yield* store.prune({
            logs: { before: logsBefore, maxEntries, maxBytes: Infinity },
            deadLetters: { before: lettersBefore, maxEntries, maxBytes: Infinity }
          })
          /** Whether a row is among the newest of its tenant. */
          const isNew = <A extends { readonly message: StoredMessage }>(row: A, rows: ReadonlyArray<A>) =>
            rows
              .slice(rows.indexOf(row) + 1)
              .filter(({ message }) => message.tenantId === row.message.tenantId).length < maxEntries
          this.log = this.log.filter((event, _, log) => event.time >= logsBefore && isNew(event, log))
          this.letters = this.letters.filter(
            (letter, _, letters) => letter.failedAt >= lettersBefore && isNew(letter, letters)
          )
          return
        }
        case "Wait": {
          this.now += next.millis
        }
      }
    })
  }

  /** When all that could start has started, nobody needs to look again at once, and the others wait. */
  private checkRest(store: Store["Type"]): Effect.Effect<void, StoreError> {
    return Effect.gen(this, function* () {
      assertTrue(((yield* store.nextWake).message ?? Infinity) > this.now)
      for (const flow of this.flows) {
        const found = (yield* store.listFlowControl(flow.tenantId)).find(
          ({ flowControlKey }) => flowControlKey === flow.flowControlKey
        )
        const waiting = this.pending.filter(
          (row) =>
            row.token === undefined &&
            row.message.dueAt <= this.now &&
            this.flowOf(row) === flow &&
            this.isAdmitted(row)
        )
        strictEqual(found?.waiting, waiting.length)
      }
    })
  }

  private fire(
    schedule: StoredSchedule,
    limits: Pick<AcceptLimits, "maxMessages" | "maxPendingBytes">
  ): void {
    const { now } = this
    const { callerIp: its, scheduleId, settings: fired, tenantId } = schedule
    const moved = { nextTime: nextTime(fired.cron, now) }
    if (schedule.isPaused) return this.update(schedule, moved)
    const targets = this.endpointsOf(tenantId, fired.destination)
    const count = targets?.length ?? 0
    const exceeded = this.exceededPending(tenantId, count, count * bytesOf(fired), limits)
    if (exceeded !== undefined) {
      const error = `quota ${exceeded} exceeded, current limit: ${limits[exceeded]}`
      return this.update(schedule, { ...moved, lastTime: now, lastStates: {}, error })
    }
    const made = (targets ?? []).map((target) =>
      this.make(tenantId, {
        settings: fired,
        ...target,
        scheduleId,
        callerIp: its,
        notBefore: now + Duration.toMillis(fired.delay ?? 0)
      })
    )
    this.update(schedule, {
      ...moved,
      lastTime: now,
      lastStates: Object.fromEntries(made.map(({ messageId }) => [messageId, "IN_PROGRESS"])),
      error: targets === undefined ? "topic group not found" : undefined
    })
  }

  private accept(
    tenantId: string,
    drafts: ReadonlyArray<MessageDraft>,
    limits: AcceptLimits,
    hops: number,
    accepted: Effect.Effect.Success<ReturnType<Store["Type"]["accept"]>>
  ): void {
    for (const { destination } of drafts) {
      if (this.endpointsOf(tenantId, destination) !== undefined || typeof destination === "string") continue
      return deepStrictEqual(accepted, { _tag: "UrlGroupNotFound", urlGroup: destination.urlGroup })
    }
    const exceeded = this.exceeded(tenantId, drafts, limits, hops)
    if (exceeded !== undefined) return deepStrictEqual(accepted, { _tag: "OverLimit", limit: exceeded })
    if (accepted._tag !== "Accepted") return strictEqual(accepted._tag, "Accepted")
    this.learn(accepted.events)
    const messages = drafts.map(({ deduplicationKey: key, destination, notBefore, settings: its }) => {
      const known = this.recognised(tenantId, key)
      if (known !== undefined) return known.messages
      const made = (this.endpointsOf(tenantId, destination) ?? []).map((target) => {
        const draft = { settings: its, ...target, callerIp, notBefore, hops }
        const { messageId, url } = this.make(tenantId, draft)
        return { messageId, url, isDeduplicated: false }
      })
      if (key !== undefined) {
        const again = made.map((one) => ({ ...one, isDeduplicated: true }))
        this.known.push({ tenantId, key, until: this.now + minute, messages: again })
      }
      return made
    })
    deepStrictEqual(accepted.messages, messages)
    this.tell(accepted.events)
  }

  private recognised(tenantId: string, key: string | undefined): Known | undefined {
    return this.known.find(
      (known) => known.tenantId === tenantId && known.key === key && known.until > this.now
    )
  }

  /** The first limit that drafts would exceed. */
  private exceeded(
    tenantId: string,
    drafts: ReadonlyArray<MessageDraft>,
    limits: AcceptLimits,
    hops: number
  ): keyof AcceptLimits | undefined {
    const newQueues = new Set(
      drafts.flatMap(({ settings: { queueName } }) =>
        queueName === undefined || this.findQueue(tenantId, queueName) !== undefined ? [] : [queueName]
      )
    )
    const keys = drafts.flatMap(({ settings: { flowControl: its } }) => (its === undefined ? [] : [its.key]))
    const copies = drafts
      .filter(
        ({ deduplicationKey: key }, place) =>
          key === undefined ||
          (this.recognised(tenantId, key) === undefined &&
            drafts.findIndex(({ deduplicationKey }) => deduplicationKey === key) === place)
      )
      .flatMap(({ destination, settings: its }) =>
        (this.endpointsOf(tenantId, destination) ?? []).map(() => bytesOf(its))
      )
    const count = copies.length
    const bytes = copies.reduce((sum, size) => sum + size, 0)
    const pending = this.exceededPending(tenantId, count, bytes, limits)
    const isExceeded = {
      maxHops: () => hops > limits.maxHops,
      maxQueues: () => newQueues.size > 0 && this.countQueues(tenantId) + newQueues.size > limits.maxQueues,
      maxFlowControlKeys: () => this.hasTooManyKeys(tenantId, keys, limits.maxFlowControlKeys),
      maxMessagesPerRequest: () => count > limits.maxMessagesPerRequest,
      maxBytesPerRequest: () => bytes > limits.maxBytesPerRequest,
      maxMessages: () => pending === "maxMessages",
      maxPendingBytes: () => pending === "maxPendingBytes"
    }
    return Struct.keys(isExceeded).find((of) => isExceeded[of]())
  }

  private exceededPending(
    tenantId: string,
    count: number,
    bytes: number,
    limits: Pick<AcceptLimits, "maxMessages" | "maxPendingBytes">
  ): "maxMessages" | "maxPendingBytes" | undefined {
    if (count > 0 && this.countMessages(tenantId) + count > limits.maxMessages) return "maxMessages"
    const isOver = bytes > 0 && this.countBytes(tenantId) + bytes > limits.maxPendingBytes
    return isOver ? "maxPendingBytes" : undefined
  }

  private countBytes(tenantId: string): number {
    return this.pending
      .filter(({ message }) => message.tenantId === tenantId)
      .reduce((sum, { message }) => sum + bytesOf(message.settings), 0)
  }

  /** Forgets the idle keys if that may help. */
  private hasTooManyKeys(tenantId: string, keys: ReadonlyArray<FlowControlKey>, most: number): boolean {
    const isTooMany = (): boolean => {
      const own = this.flows.flatMap((flow) => (flow.tenantId === tenantId ? [flow.flowControlKey] : []))
      const together = new Set([...own, ...keys])
      return together.size > own.length && together.size > most
    }
    if (!isTooMany()) return false
    this.flows = this.flows.filter(
      (flow) =>
        flow.tenantId !== tenantId ||
        flow.isPaused ||
        flow.isPinnedParallelism ||
        flow.isPinnedRate ||
        standing(flow, this.now).windowStart !== undefined ||
        this.pending.some((row) => this.flowOf(row) === flow)
    )
    return isTooMany()
  }

  private again(
    message: StoredMessage,
    { retries }: { readonly retries: number | undefined }
  ): StoredMessage {
    const { callerIp: its, endpointName, hops, scheduleId, tenantId, url, urlGroup } = message
    const settings: MessageSettings =
      retries === undefined ? message.settings : { ...message.settings, retries }
    return this.make(tenantId, {
      settings,
      url,
      urlGroup,
      endpointName,
      scheduleId,
      callerIp: its,
      hops,
      notBefore: this.now
    })
  }

  private changeFlow(tenantId: string, key: FlowControlKey, changed: FlowControlChange): void {
    const isKnown = this.flows.some((flow) => flow.tenantId === tenantId && flow.flowControlKey === key)
    if (!isKnown && (changed._tag === "Unpin" || changed._tag === "ResetRate")) return
    const flow = this.flowFor(tenantId, key)
    switch (changed._tag) {
      case "Pause":
      case "Resume":
        flow.isPaused = changed._tag === "Pause"
        return
      case "Pin":
        if (changed.parallelism !== undefined) {
          Object.assign(flow, { parallelism: changed.parallelism, isPinnedParallelism: true })
        }
        if (changed.rate !== undefined) {
          const { period = second, rate } = changed
          Object.assign(flow, { rate, period, isPinnedRate: true, started: 0, windowStart: undefined })
        }
        return
      case "Unpin":
        if (changed.parallelism) flow.isPinnedParallelism = false
        if (changed.rate) flow.isPinnedRate = false
        return
      case "ResetRate":
        Object.assign(flow, { started: 0, windowStart: undefined })
    }
  }

  // What the commands are about.

  private selection(
    selector:
      | { readonly messages: ReadonlyArray<number> }
      | { readonly queueName?: string; readonly urlGroup?: string }
  ): { readonly criteria: Criteria; readonly matches: (message: StoredMessage) => boolean } {
    if ("messages" in selector) {
      const ids = selector.messages.flatMap((number) => {
        const row = this.rows[number % this.rows.length]
        return row === undefined ? [] : [row.message.messageId]
      })
      const [first = "none", ...others] = ids
      return {
        criteria: { messageIds: [first, ...others] },
        matches: ({ messageId }) => ids.includes(messageId)
      }
    }
    const { queueName, urlGroup } = selector
    return {
      criteria: {
        ...(queueName === undefined ? {} : { queueName: [queueName] }),
        ...(urlGroup === undefined ? {} : { urlGroup: [urlGroup] })
      },
      matches: (message) =>
        (queueName === undefined || message.settings.queueName === queueName) &&
        (urlGroup === undefined || message.urlGroup === urlGroup)
    }
  }

  /** Any token that was ever given out. */
  private tokenOf(lease: number): number | undefined {
    return this.tokens[lease % this.tokens.length]
  }

  private countMessages(tenantId: string): number {
    return this.pending.filter(({ message }) => message.tenantId === tenantId).length
  }

  private countQueues(tenantId: string): number {
    return this.queues.filter((queue) => queue.tenantId === tenantId && !queue.isDeleted).length
  }

  private findSchedule(wanted: {
    readonly tenant: string
    readonly name: string
  }): StoredSchedule | undefined {
    return this.schedules.find(
      ({ scheduleId, tenantId }) => tenantId === wanted.tenant && scheduleId === id(wanted.name)
    )
  }

  private update(schedule: StoredSchedule, changes: Partial<StoredSchedule>): void {
    this.schedules = this.schedules.map((other) => (other === schedule ? { ...other, ...changes } : other))
  }
}
