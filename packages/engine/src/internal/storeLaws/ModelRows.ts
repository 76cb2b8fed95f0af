import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import { Destination } from "@effect-qstash/domain/Destination"
import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { MessageId } from "@effect-qstash/domain/MessageId"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import { callbackDrafts } from "../../Callbacks.ts"
import type { DeliveryEvent } from "../../DeliveryEvent.ts"
import type {
  AcceptedMessage,
  DeliveryResponse,
  Lease,
  MessageDraft,
  Settlement,
  StoredDeadLetter,
  StoredFlowControl,
  StoredMessage,
  StoredQueue,
  StoredSchedule,
  StoredUrlGroup
} from "../../Rows.ts"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import { assertTrue } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import { id, second, start } from "./given.ts"

export interface Queue extends Omit<StoredQueue, "lag"> {
  readonly tenantId: string
  readonly isDeleted: boolean
}

export type Flow = Omit<StoredFlowControl, "underWay" | "waiting"> & { readonly tenantId: string }

export type Mutable<A> = { -readonly [K in keyof A]: A[K] }

export interface Row {
  message: StoredMessage
  token: number | undefined
  /** When its lease ends. */
  until: number
  isCancelRequested: boolean
  isDone: boolean
  readonly queue: Mutable<Queue> | undefined
  readonly callbackOf: Row | undefined
}

export interface Known {
  readonly tenantId: string
  readonly key: string
  readonly until: number
  readonly messages: ReadonlyArray<AcceptedMessage>
}

/** A window that is over counts for nothing. */
export const standing = <A extends Pick<Flow, "period" | "started" | "windowStart">>(
  flow: A,
  now: number
): A =>
  flow.windowStart !== undefined && now >= flow.windowStart + flow.period
    ? { ...flow, started: 0, windowStart: undefined }
    : flow

export const bytesOf = ({ body }: MessageSettings): number => body?.length ?? 0

const dueOf = (row: Row): number => (row.token === undefined ? row.message.dueAt : row.until)

export const least = (instants: ReadonlyArray<number | undefined>): number | undefined => {
  const known = instants.filter((instant) => instant !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** What the model keeps, and what can be found out from that. */
export class ModelRows {
  protected now = start
  protected schedules: Array<StoredSchedule> = []
  /** Every message that there ever was. */
  protected readonly rows: Array<Row> = []
  protected readonly queues: Array<Mutable<Queue>> = []
  protected flows: Array<Mutable<Flow>> = []
  protected groups: Array<StoredUrlGroup & { readonly tenantId: string }> = []
  protected letters: Array<StoredDeadLetter> = []
  protected log: Array<DeliveryEvent> = []
  protected known: Array<Known> = []
  protected readonly tokens: Array<number> = []
  /** What the verb that is tried is to have written. */
  protected events: Array<DeliveryEvent> = []
  protected nextId = 0
  protected readonly sequences = new Map<MessageId, number>()
  protected lastSequence = -Infinity
  protected readonly letterIds = new Set<string>()
  protected slots = { perTenant: Infinity, perDestination: Infinity }
  protected hasLimitedSlots = false

  protected get pending(): ReadonlyArray<Row> {
    return this.rows.filter((row) => !row.isDone)
  }

  /** When something is to be done about a message, as far as that is known. */
  protected nextOf(row: Row): number | undefined {
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

  protected isAdmitted({ message, queue }: Row): boolean {
    if (queue === undefined) return true
    const places = this.rows.filter(
      (row) =>
        row.queue === queue && (!row.isDone || this.pending.some(({ callbackOf }) => callbackOf === row))
    )
    const place = places.findIndex((row) => row.message === message)
    return !queue.isPaused && !queue.isDeleted && place < queue.parallelism
  }

  protected flowOf({ message }: Row): Mutable<Flow> | undefined {
    return this.flows.find(
      ({ flowControlKey, tenantId }) =>
        tenantId === message.tenantId && flowControlKey === message.settings.flowControl?.key
    )
  }

  protected underWay(flow: Flow): number {
    return this.pending.filter((row) => row.token !== undefined && this.flowOf(row) === flow).length
  }

  protected hasSlot({ message: { tenantId, url } }: Row): boolean {
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

  protected mayStart(row: Row): boolean {
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

  protected queueFor(tenantId: string, queueName: QueueName): Mutable<Queue> {
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

  protected findQueue(tenantId: string, queueName: string): Mutable<Queue> | undefined {
    return this.queues.find(
      (queue) => queue.tenantId === tenantId && queue.queueName === queueName && !queue.isDeleted
    )
  }

  protected flowFor(tenantId: string, flowControlKey: FlowControlKey): Mutable<Flow> {
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

  protected note(
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

  protected noteState({ message }: Row, state: string): void {
    const schedule = this.schedules.find(({ lastStates }) => message.messageId in lastStates)
    if (schedule === undefined) return
    this.update(schedule, { lastStates: { ...schedule.lastStates, [message.messageId]: state } })
  }

  protected make(
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

  protected endpointsOf(
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

  protected requestCancel(row: Row): void {
    this.note(row, "CANCEL_REQUESTED")
    row.isCancelRequested = true
    if (row.token === undefined) this.cancelNow(row)
  }

  protected cancelNow(row: Row): void {
    this.note(row, "CANCELED")
    this.noteState(row, "FAIL")
    row.isDone = true
  }

  protected settle(
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

  protected claim(
    count: number,
    leaseFor: number,
    leases: ReadonlyArray<Lease>
  ): ReadonlyArray<StoredMessage> {
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

  // What the commands are about.

  protected selection(
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
  protected tokenOf(lease: number): number | undefined {
    return this.tokens[lease % this.tokens.length]
  }

  protected countBytes(tenantId: string): number {
    return this.pending
      .filter(({ message }) => message.tenantId === tenantId)
      .reduce((sum, { message }) => sum + bytesOf(message.settings), 0)
  }

  protected countMessages(tenantId: string): number {
    return this.pending.filter(({ message }) => message.tenantId === tenantId).length
  }

  protected countQueues(tenantId: string): number {
    return this.queues.filter((queue) => queue.tenantId === tenantId && !queue.isDeleted).length
  }

  protected findSchedule(wanted: {
    readonly tenant: string
    readonly name: string
  }): StoredSchedule | undefined {
    return this.schedules.find(
      ({ scheduleId, tenantId }) => tenantId === wanted.tenant && scheduleId === id(wanted.name)
    )
  }

  protected update(schedule: StoredSchedule, changes: Partial<StoredSchedule>): void {
    this.schedules = this.schedules.map((other) => (other === schedule ? { ...other, ...changes } : other))
  }
}
