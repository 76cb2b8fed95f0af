/**
 * @since 0.1.0
 */
import { Destination } from "@effect-qstash/domain/Destination"
import { type DlqId, DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { callbackDrafts } from "./Callbacks.ts"
import type {
  AcceptedMessage,
  DeliveryResponse,
  Lease,
  Settlement,
  StoredDeadLetter,
  StoredSchedule,
  StoredUrlGroup
} from "./Rows.ts"
import { firing, nextTime, overwritten, pausedOrResumed } from "./ScheduleRules.ts"
import { mintMessageId, Store } from "./Store.ts"
import { AppendLog } from "./internal/memory/AppendLog.ts"
import { DeadLetters, type NumberedDeadLetter } from "./internal/memory/DeadLetters.ts"
import { DueQueue, isBefore } from "./internal/DueQueue.ts"
import { type Gate, Lane, Lanes } from "./internal/memory/Lanes.ts"
import { targetsOf, withEndpoints, withoutEndpoints } from "./Endpoints.ts"
import { exceededLimit, type PendingLimits } from "./ExceededLimit.ts"
import { matchesEvent, matchesMessage } from "./Matches.ts"
import { EventLog } from "./internal/memory/EventLog.ts"
import {
  changeFlow,
  defaultPeriod,
  endWindowInTime,
  flowControlOf,
  freeSlots,
  idleFrom,
  setLimits
} from "./internal/memory/flowControl.ts"
import { makeQueues, queueOf, rowsOf } from "./internal/memory/queues.ts"
import type {
  DestinationRow,
  FlowRow,
  MessageRow,
  NewMessage,
  ScheduleRow,
  Slots,
  Tenant
} from "./internal/memory/rows.ts"
import { withoutKey } from "./internal/memory/withoutKey.ts"
import { originOf } from "./internal/originOf.ts"

/** How many messages one claim looks at. If many must wait, setting all of them aside at once would block the process. */
const mostLooks = 5000

const dlqIdOf = Schema.decodeSync(DlqIdFromAnswer)

/** A copy without this store's own fields, so that the caller's value does not change later. */
const scheduleOf = ({
  due: _due,
  sequence: _sequence,
  states,
  ...schedule
}: ScheduleRow): StoredSchedule => ({
  ...schedule,
  lastStates: Object.fromEntries(states)
})

const groupOf = (group: StoredUrlGroup): StoredUrlGroup => ({ ...group })

const deadLetterOf = ({ number: _number, ...letter }: NumberedDeadLetter): StoredDeadLetter => letter

/**
 * Keeps everything in memory until the process ends. Each verb is one synchronous block, so no other fiber sees half
 * of it, and none fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Store.Service<never>> = Effect.map(IdGenerator, (ids) => {
  const tenants = new Map<string, Tenant>()
  const schedules = new DueQueue<ScheduleRow>()
  const messages = new DueQueue<MessageRow>()
  const windows = new DueQueue<FlowRow>()
  const lanes = new Lanes<MessageRow>()
  let slots: Slots = { perTenant: Infinity, perDestination: Infinity }
  let leased = new Map<number, MessageRow>()
  let sequence = 0
  let lastToken = 0
  let lastNumber = 0

  const tenantOf = (tenantId: string): Tenant => {
    const known = tenants.get(tenantId)
    if (known !== undefined) return known
    const tenant: Tenant = {
      tenantId,
      schedules: new Map(),
      messages: new Map(),
      pendingBytes: 0,
      queues: new Map(),
      groups: new Map(),
      flowControl: new Map(),
      idleKeys: new DueQueue(),
      deadLetters: new DeadLetters(),
      log: new AppendLog(),
      deduplication: new Map(),
      lastDlq: { time: -1, count: 0 },
      leased: 0,
      gate: {
        isOpen: () => tenant.leased < slots.perTenant,
        held: undefined,
        reserved: undefined
      },
      destinations: new Map(),
      signingKeys: undefined
    }
    tenants.set(tenantId, tenant)
    return tenant
  }

  const scheduleRow = (tenantId: string, scheduleId: ScheduleId): ScheduleRow | undefined =>
    tenants.get(tenantId)?.schedules.get(scheduleId)

  const advanceSchedule = (row: ScheduleRow, after: number): void => {
    row.nextTime = nextTime(row.settings.cron, after)
    schedules.plan(row, row.nextTime)
  }

  const noteState = ({ message, tenant }: MessageRow, state: string): void => {
    if (message.scheduleId === undefined) return
    const states = tenant.schedules.get(message.scheduleId)?.states
    if (states?.has(message.messageId)) states.set(message.messageId, state)
  }

  const { admit, holdBack, join, queueOfMessage, leaveIfClear } = makeQueues((row) => planMessage(row))

  // Flow control.

  const flowOf = (tenant: Tenant, key: FlowControlKey): FlowRow => {
    const known = tenant.flowControl.get(key)
    if (known !== undefined) return known
    const number = sequence++
    const flow: FlowRow = {
      sequence: number,
      key,
      gate: {
        isOpen: (now) => freeSlots(flow, now) > 0,
        onHeld: () => planWindow(flow),
        held: undefined,
        reserved: undefined
      },
      waiting: 0,
      pending: 0,
      idle: { sequence: number, key, due: undefined },
      due: undefined,
      parallelism: undefined,
      rate: undefined,
      period: defaultPeriod,
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
      underWay: 0,
      started: 0,
      windowStart: undefined
    }
    tenant.flowControl.set(key, flow)
    return flow
  }

  const planIdle = ({ idleKeys }: Tenant, flow: FlowRow): void => idleKeys.plan(flow.idle, idleFrom(flow))

  const forgetIdleKeys = ({ flowControl, idleKeys }: Tenant, now: number): void => {
    for (let idle = idleKeys.takeDue(now); idle !== undefined; idle = idleKeys.takeDue(now)) {
      const flow = flowControl.get(idle.key)
      if (flow !== undefined) windows.plan(flow, undefined)
      flowControl.delete(idle.key)
    }
  }

  const recheck = (flow: FlowRow | undefined): void => {
    if (flow !== undefined) lanes.recheck(flow.gate)
  }

  /** If the rate is what holds messages up, looks again when the window is over. */
  const planWindow = (flow: FlowRow): void => {
    const isHeldByRate =
      flow.waiting > 0 && !flow.isPaused && flow.rate !== undefined && flow.started >= flow.rate
    windows.plan(
      flow,
      isHeldByRate && flow.windowStart !== undefined ? flow.windowStart + flow.period : undefined
    )
  }

  const endWindowsInTime = (now: number): void => {
    for (let flow = windows.takeDue(now); flow !== undefined; flow = windows.takeDue(now)) recheck(flow)
  }

  // Slots.

  const destinationOf = (tenant: Tenant, origin: string): DestinationRow => {
    const known = tenant.destinations.get(origin)
    if (known !== undefined) return known
    const destination: DestinationRow = {
      origin,
      gate: {
        isOpen: () => destination.underWay < slots.perDestination,
        held: undefined,
        reserved: undefined
      },
      underWay: 0,
      lanes: new Map()
    }
    tenant.destinations.set(origin, destination)
    return destination
  }

  const forgetIfIdle = (tenant: Tenant, { lanes: waiting, origin, underWay }: DestinationRow): void => {
    if (underWay === 0 && waiting.size === 0) tenant.destinations = withoutKey(tenant.destinations, origin)
  }

  const setSlots = (next: Slots): void => {
    if (next.perTenant === slots.perTenant && next.perDestination === slots.perDestination) return
    slots = { perTenant: next.perTenant, perDestination: next.perDestination }
    for (const tenant of tenants.values()) {
      lanes.recheck(tenant.gate)
      for (const { gate } of tenant.destinations.values()) lanes.recheck(gate)
    }
  }

  /** The gate that keeps a message from starting, if any. */
  const closedGate = (
    { flow, tenant }: MessageRow,
    { gate }: DestinationRow,
    now: number
  ): Gate<MessageRow> | undefined => {
    if (flow !== undefined && !flow.gate.isOpen(now)) return flow.gate
    if (!gate.isOpen(now)) return gate
    return tenant.gate.isOpen(now) ? undefined : tenant.gate
  }

  /** Takes a slot, or makes the message wait for one. */
  const tryStart = (row: MessageRow, now: number): boolean => {
    const { flow, tenant } = row
    const destination = destinationOf(tenant, originOf(row.message.url))
    const closed = closedGate(row, destination, now)
    if (closed !== undefined) {
      let lane = destination.lanes.get(flow)
      if (lane === undefined) destination.lanes.set(flow, (lane = new Lane()))
      row.lane = lane
      if (flow !== undefined) flow.waiting += 1
      lanes.add(row, row.message.dueAt, lane, closed)
      return false
    }
    tenant.leased += 1
    destination.underWay += 1
    row.destination = destination
    if (flow !== undefined) {
      flow.underWay += 1
      if (flow.rate !== undefined) {
        flow.windowStart ??= now
        flow.started += 1
      }
      planWindow(flow)
    }
    return true
  }

  const leaveLane = (row: MessageRow, lane: Lane<MessageRow>): void => {
    const { flow, tenant } = row
    row.lane = undefined
    if (flow !== undefined) flow.waiting -= 1
    lanes.remove(row, lane)
    if (lane.waiting.size > 0) return
    const destination = destinationOf(tenant, originOf(row.message.url))
    destination.lanes.delete(flow)
    forgetIfIdle(tenant, destination)
  }

  /** The next message that is due and not held up, by time and sequence. */
  const takeNext = (now: number): MessageRow | undefined => {
    for (;;) {
      endWindowsInTime(now)
      const waiting = lanes.first(now)
      const due = messages.peek()
      if (waiting === undefined || waiting.at > now || (due !== undefined && isBefore(due, waiting)))
        return messages.takeDue(now)
      const row = waiting.row.waiting.peek()?.row
      if (row === undefined) return undefined
      const closed = closedGate(row, destinationOf(row.tenant, originOf(row.message.url)), now)
      if (closed === undefined) return row
      lanes.hold(waiting.row, closed)
    }
  }

  // Messages.

  /** Plans a message for an instant, or takes it out of the plan. */
  const planIn = (row: MessageRow, at: number | undefined): void => {
    if (row.lane !== undefined) leaveLane(row, row.lane)
    messages.plan(row, at)
  }

  /** Plans a message for its time, unless it waits for its turn in a queue. */
  const planMessage = (row: MessageRow): void => {
    const isWaiting = row.queue === undefined || row.isAdmitted || row.isCancelRequested
    planIn(row, isWaiting ? row.message.dueAt : undefined)
  }

  const makeMessage = (
    tenant: Tenant,
    messageId: MessageId,
    newMessage: NewMessage,
    now: number,
    log: EventLog
  ): MessageRow => {
    const { callbackOf, settings } = newMessage
    const queue =
      settings.queueName === undefined ? undefined : queueOfMessage(tenant, settings.queueName, now)
    const flow = settings.flowControl === undefined ? undefined : flowOf(tenant, settings.flowControl.key)
    const source = callbackOf?.queue === undefined ? undefined : callbackOf
    const number = sequence++
    const row: MessageRow = {
      sequence: number,
      tenant,
      queue,
      flow,
      source,
      message: {
        tenantId: tenant.tenantId,
        messageId,
        sequence: number,
        settings,
        url: newMessage.url,
        urlGroup: newMessage.urlGroup,
        endpointName: newMessage.endpointName,
        scheduleId: newMessage.scheduleId,
        callbackOf: callbackOf?.message.messageId,
        callerIp: newMessage.callerIp,
        createdAt: now,
        notBefore: newMessage.notBefore,
        dueAt: newMessage.notBefore,
        retried: 0,
        hops: newMessage.hops ?? callbackOf?.message.hops ?? 0
      },
      due: undefined,
      lane: undefined,
      token: undefined,
      destination: undefined,
      isAdmitted: false,
      ahead: undefined,
      behind: undefined,
      isCancelRequested: false,
      isDone: false,
      openCallbacks: 0
    }
    tenant.messages.set(messageId, row)
    tenant.pendingBytes += settings.body?.length ?? 0
    log.note(
      row,
      "CREATED",
      newMessage.notBefore > now ? { nextDeliveryTime: newMessage.notBefore } : undefined
    )
    if (source !== undefined) source.openCallbacks += 1
    if (flow !== undefined && settings.flowControl !== undefined) {
      flow.pending += 1
      planIdle(tenant, flow)
      endWindowInTime(flow, now)
      setLimits(flow, settings.flowControl)
      recheck(flow)
    }
    if (queue === undefined) planMessage(row)
    else {
      queue.lag += 1
      join(queue, row)
    }
    return row
  }

  const finish = (row: MessageRow): void => {
    row.isDone = true
    planIn(row, undefined)
    row.tenant.messages = withoutKey(row.tenant.messages, row.message.messageId)
    row.tenant.pendingBytes -= row.message.settings.body?.length ?? 0
    if (row.queue !== undefined) {
      row.queue.lag -= 1
      leaveIfClear(row)
    }
    if (row.flow !== undefined) {
      row.flow.pending -= 1
      planIdle(row.tenant, row.flow)
    }
    if (row.source !== undefined) {
      row.source.openCallbacks -= 1
      leaveIfClear(row.source)
    }
  }

  const endLease = (token: number): MessageRow | undefined => {
    const row = leased.get(token)
    if (row === undefined) return undefined
    leased = withoutKey(leased, token)
    const { destination, flow, tenant } = row
    row.token = undefined
    row.destination = undefined
    tenant.leased -= 1
    lanes.recheck(tenant.gate)
    if (destination !== undefined) {
      destination.underWay -= 1
      lanes.recheck(destination.gate)
      forgetIfIdle(tenant, destination)
    }
    if (flow !== undefined) flow.underWay -= 1
    recheck(flow)
    return row
  }

  const cancelNow = (row: MessageRow, log: EventLog): void => {
    log.note(row, "CANCELED")
    noteState(row, "FAIL")
    finish(row)
  }

  const requestCancel = (row: MessageRow, log: EventLog): void => {
    log.note(row, "CANCEL_REQUESTED")
    if (row.token === undefined) cancelNow(row, log)
    else row.isCancelRequested = true
  }

  const moveToDlq = (row: MessageRow, response: DeliveryResponse | undefined, now: number): DlqId => {
    const { tenant } = row
    // A clock may go back, but an id must not repeat.
    const time = Math.max(now, tenant.lastDlq.time)
    const count = tenant.lastDlq.time === time ? tenant.lastDlq.count + 1 : 0
    tenant.lastDlq = { time, count }
    const dlqId = dlqIdOf(`${time}-${count}`)
    tenant.deadLetters.add({
      dlqId,
      message: row.message,
      failedAt: now,
      response,
      number: ++lastNumber
    })
    return dlqId
  }

  const settleOne = (
    settlement: Settlement,
    now: number,
    maxPendingBytes: number,
    log: EventLog
  ): "settled" | "stale" => {
    const row = endLease(settlement.token)
    if (row === undefined) return "stale"
    const { response } = settlement
    const { message } = row
    let dlqId: DlqId | undefined
    let isFinished = true
    if (settlement._tag === "Delivered") {
      log.note(row, "DELIVERED", undefined, response)
      noteState(row, "SUCCESS")
    } else if (row.isCancelRequested) {
      log.note(row, "ERROR", { error: settlement.error }, response)
      log.note(row, "CANCELED")
      noteState(row, "FAIL")
    } else if (settlement._tag === "Failed") {
      log.note(row, "ERROR", { error: settlement.error }, response)
      log.note(row, "FAILED", { error: settlement.error }, response)
      noteState(row, "FAIL")
      dlqId = moveToDlq(row, response, now)
    } else {
      log.note(row, "ERROR", { error: settlement.error, nextDeliveryTime: settlement.dueAt }, response)
      log.note(row, "RETRY", { nextDeliveryTime: settlement.dueAt })
      row.message = { ...message, retried: message.retried + 1, dueAt: settlement.dueAt }
      isFinished = false
    }
    if (message.settings.callback !== undefined || message.settings.failureCallback !== undefined) {
      const isFull = row.tenant.pendingBytes >= maxPendingBytes
      for (const { destination, notBefore, settings } of callbackDrafts({
        message,
        response,
        dlqId,
        now,
        isFull
      })) {
        const url = Destination.toText(destination)
        makeMessage(
          row.tenant,
          mintMessageId(ids),
          { settings, url, notBefore, callerIp: message.callerIp, callbackOf: row },
          now,
          log
        )
      }
    }
    if (isFinished) finish(row)
    else planMessage(row)
    return "settled"
  }

  const endpointsOf = (
    { groups }: Tenant,
    destination: Destination
  ): StoredUrlGroup["endpoints"] | undefined =>
    typeof destination === "string" ? undefined : groups.get(destination.urlGroup)?.endpoints

  const fire = (row: ScheduleRow, now: number, limits: PendingLimits, log: EventLog): void => {
    const { callerIp, scheduleId, settings } = row
    const tenant = tenantOf(row.tenantId)
    const endpoints = endpointsOf(tenant, settings.destination)
    const { error, notBefore, targets } = firing(settings, endpoints, tenant, limits, now)
    row.lastTime = now
    row.states = new Map()
    row.error = error
    for (const target of targets) {
      const messageId = mintMessageId(ids)
      row.states.set(messageId, "IN_PROGRESS")
      const newMessage: NewMessage = { settings, ...target, scheduleId, callerIp, notBefore }
      makeMessage(tenant, messageId, newMessage, now, log)
    }
  }

  /** The hops of a message that is published by a delivery under way. */
  const hopsAfter = (deliveryOf: MessageId): number => {
    for (const { messages: rows } of tenants.values()) {
      const row = rows.get(deliveryOf)
      if (row?.token !== undefined) return row.message.hops + 1
    }
    return 0
  }

  return {
    upsertSchedule: ({ callerIp, limit, now, scheduleId, settings, tenantId }) =>
      Effect.sync(() => {
        const rows = tenantOf(tenantId).schedules
        const known = rows.get(scheduleId)
        if (known !== undefined) {
          Object.assign(known, overwritten({ callerIp, now, settings }))
          schedules.plan(known, known.nextTime)
          return "stored"
        }
        if (rows.size >= limit) return "full"
        const row: ScheduleRow = {
          tenantId,
          scheduleId,
          settings,
          callerIp,
          createdAt: now,
          isPaused: false,
          lastTime: undefined,
          nextTime: undefined,
          states: new Map(),
          error: undefined,
          sequence: sequence++,
          due: undefined
        }
        rows.set(scheduleId, row)
        advanceSchedule(row, now)
        return "stored"
      }),

    getSchedule: (tenantId, scheduleId) =>
      Effect.sync(() => Option.map(Option.fromNullable(scheduleRow(tenantId, scheduleId)), scheduleOf)),

    listSchedules: (tenantId) =>
      Effect.sync(() => Array.from(tenants.get(tenantId)?.schedules.values() ?? [], scheduleOf)),

    deleteSchedule: (tenantId, scheduleId) =>
      Effect.sync(() => {
        const row = scheduleRow(tenantId, scheduleId)
        if (row === undefined) return false
        schedules.plan(row, undefined)
        return tenantOf(tenantId).schedules.delete(scheduleId)
      }),

    setPaused: ({ isPaused, now, scheduleId, tenantId }) =>
      Effect.sync(() => {
        const row = scheduleRow(tenantId, scheduleId)
        if (row === undefined) return false
        Object.assign(row, pausedOrResumed(row, isPaused, now))
        schedules.plan(row, row.nextTime)
        return true
      }),

    claimDueSchedules: ({ limit, limits, now }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        for (let taken = 0; taken < limit; taken++) {
          const row = schedules.takeDue(now)
          if (row === undefined) break
          advanceSchedule(row, now)
          if (row.isPaused) continue
          fire(row, now, limits, log)
        }
        return { events: log.events }
      }),

    accept: ({ callerIp, deliveryOf, drafts, limits, now, tenantId, window }) =>
      Effect.sync(() => {
        const tenant = tenantOf(tenantId)
        for (const { destination } of drafts) {
          if (typeof destination !== "string" && !tenant.groups.has(destination.urlGroup)) {
            return { _tag: "UrlGroupNotFound", urlGroup: destination.urlGroup }
          }
        }
        for (const [key, { until }] of tenant.deduplication) {
          if (until > now) break
          tenant.deduplication.delete(key)
        }
        const hops = deliveryOf === undefined ? 0 : hopsAfter(deliveryOf)
        let limit = exceededLimit(tenant, drafts, hops, limits)
        if (limit === "maxFlowControlKeys") {
          forgetIdleKeys(tenant, now)
          limit = exceededLimit(tenant, drafts, hops, limits)
        }
        if (limit !== undefined) return { _tag: "OverLimit", limit }
        const log = new EventLog(now)
        const accepted = drafts.map((draft): ReadonlyArray<AcceptedMessage> => {
          const key = draft.deduplicationKey
          const known = key === undefined ? undefined : tenant.deduplication.get(key)
          if (known !== undefined) return known.messages
          const { destination, notBefore, settings } = draft
          const made = (targetsOf(destination, endpointsOf(tenant, destination)) ?? []).map((target) => {
            const messageId = mintMessageId(ids)
            makeMessage(tenant, messageId, { settings, ...target, callerIp, notBefore, hops }, now, log)
            return { messageId, url: target.url, isDeduplicated: false }
          })
          if (key !== undefined) {
            const again = made.map((one) => ({ ...one, isDeduplicated: true }))
            tenant.deduplication.set(key, { until: now + window, messages: again })
          }
          return made
        })
        return { _tag: "Accepted", messages: accepted, events: log.events }
      }),

    claimDueMessages: ({ leaseFor, limit, now, perDestination, perTenant }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        const leases: Array<Lease> = []
        setSlots({ perTenant, perDestination })
        for (let looks = 0; leases.length < limit && looks < mostLooks; looks++) {
          const row = takeNext(now)
          if (row === undefined) break
          if (row.token !== undefined) endLease(row.token)
          if (row.isCancelRequested) {
            cancelNow(row, log)
            continue
          }
          if (row.queue !== undefined && !row.isAdmitted) continue
          if (!tryStart(row, now)) continue
          const { message } = row
          const token = ++lastToken
          row.token = token
          leased.set(token, row)
          planIn(row, now + leaseFor)
          log.note(row, "ACTIVE")
          leases.push({ token, message })
        }
        return { leases, events: log.events }
      }),

    settle: ({ maxPendingBytes, now, settlements }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        return {
          answers: settlements.map((settlement) => settleOne(settlement, now, maxPendingBytes, log)),
          events: log.events
        }
      }),

    renew: ({ tokens, until }) =>
      Effect.sync(() => {
        for (const token of tokens) {
          const row = leased.get(token)
          if (row !== undefined) planIn(row, until)
        }
      }),

    release: (tokens) =>
      Effect.sync(() => {
        for (const token of tokens) {
          const row = endLease(token)
          if (row !== undefined) planMessage(row)
        }
      }),

    nextWake: Effect.sync(() => {
      const at = Math.min(messages.next() ?? Infinity, lanes.next() ?? Infinity, windows.next() ?? Infinity)
      return { schedule: schedules.next(), message: at === Infinity ? undefined : at }
    }),

    getMessage: (tenantId, messageId) =>
      Effect.sync(() =>
        Option.map(
          Option.fromNullable(tenants.get(tenantId)?.messages.get(messageId)),
          ({ message }) => message
        )
      ),

    listMessages: (tenantId) =>
      Effect.sync(() => Array.from(tenants.get(tenantId)?.messages.values() ?? [], ({ message }) => message)),

    cancel: ({ criteria, limit, now, tenantId }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        const known = tenants.get(tenantId)?.messages ?? new Map<string, MessageRow>()
        const named = criteria.messageIds?.flatMap((id) => known.get(id) ?? [])
        const rows =
          named === undefined
            ? known.values()
            : Array.from(new Set(named)).toSorted((one, other) => one.sequence - other.sequence)
        const chosen: Array<MessageRow> = []
        for (const row of rows) {
          if (chosen.length >= limit) break
          if (!row.isCancelRequested && matchesMessage(criteria, row.message)) chosen.push(row)
        }
        for (const row of chosen) requestCancel(row, log)
        return { cancelled: chosen.length, events: log.events }
      }),

    countLeased: (tenantId) => Effect.sync(() => tenants.get(tenantId)?.leased ?? 0),

    getDeadLetter: (tenantId, dlqId) =>
      Effect.sync(() =>
        Option.map(Option.fromNullable(tenants.get(tenantId)?.deadLetters.get(dlqId)), deadLetterOf)
      ),

    pageDeadLetters: ({ tenantId, ...request }) =>
      Effect.sync(() => {
        const found = tenants.get(tenantId)?.deadLetters.page(request)
        return { items: found?.items.map(deadLetterOf) ?? [], last: found?.last }
      }),

    takeDeadLetters: ({ after, count, criteria, now, retry, tenantId, upTo }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        const tenant = tenantOf(tenantId)
        const newest = lastNumber
        const { items, last } = tenant.deadLetters.page(
          { after, count, criteria, maxBytes: Infinity, order: "earliestFirst" },
          upTo
        )
        const retried = items.flatMap(({ dlqId, message }) => {
          tenant.deadLetters.delete(dlqId)
          if (retry === undefined) return []
          const { callerIp, endpointName, hops, scheduleId, settings, url, urlGroup } = message
          const { message: made } = makeMessage(
            tenant,
            mintMessageId(ids),
            {
              settings: retry.retries === undefined ? settings : { ...settings, retries: retry.retries },
              url,
              urlGroup,
              endpointName,
              scheduleId,
              callerIp,
              hops,
              notBefore: now
            },
            now,
            log
          )
          return [made]
        })
        return {
          taken: items.map(({ dlqId }) => dlqId),
          retried,
          last,
          upTo: Math.min(upTo ?? Infinity, newest),
          events: log.events
        }
      }),

    pageLogs: ({ criteria, tenantId, ...page }) =>
      Effect.sync(
        () =>
          tenants.get(tenantId)?.log.page(page, (event) => matchesEvent(criteria, event)) ?? {
            items: [],
            last: undefined
          }
      ),

    upsertQueue: ({ isPaused, limit, now, parallelism, queueName, tenantId }) =>
      Effect.sync(() => {
        const tenant = tenantOf(tenantId)
        if (!tenant.queues.has(queueName) && tenant.queues.size >= limit) return "full"
        const queue = queueOfMessage(tenant, queueName, now)
        queue.updatedAt = now
        queue.parallelism = parallelism
        queue.isPaused = isPaused ?? queue.isPaused
        holdBack(queue, queue.isPaused ? 0 : parallelism)
        admit(queue)
        return "stored"
      }),

    getQueue: (tenantId, queueName) =>
      Effect.sync(() =>
        Option.map(Option.fromNullable(tenants.get(tenantId)?.queues.get(queueName)), queueOf)
      ),

    listQueues: (tenantId) =>
      Effect.sync(() => Array.from(tenants.get(tenantId)?.queues.values() ?? [], queueOf)),

    deleteQueue: ({ now, queueName, tenantId }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        const tenant = tenants.get(tenantId)
        const queue = tenant?.queues.get(queueName)
        if (tenant === undefined || queue === undefined) return { events: log.events }
        tenant.queues.delete(queueName)
        // So that nothing takes the places that come free.
        queue.isPaused = true
        for (const row of rowsOf(queue)) {
          if (!row.isDone && !row.isCancelRequested) requestCancel(row, log)
        }
        return { events: log.events }
      }),

    setQueuePaused: ({ isPaused, now, queueName, tenantId }) =>
      Effect.sync(() => {
        const queue = tenants.get(tenantId)?.queues.get(queueName)
        if (queue === undefined) return false
        if (queue.isPaused !== isPaused) queue.updatedAt = now
        queue.isPaused = isPaused
        if (isPaused) holdBack(queue, 0)
        else admit(queue)
        return true
      }),

    upsertEndpoints: ({ endpoints, limits, now, tenantId, urlGroup }) =>
      Effect.sync(() => {
        const { groups } = tenantOf(tenantId)
        const known = groups.get(urlGroup)
        if (known === undefined && groups.size >= limits.maxUrlGroups) return "maxUrlGroups"
        const merged = withEndpoints(known?.endpoints ?? [], endpoints)
        if (merged.length > limits.maxEndpointsPerUrlGroup) return "maxEndpointsPerUrlGroup"
        if (known === undefined) {
          groups.set(urlGroup, { urlGroup, createdAt: now, updatedAt: now, endpoints: merged })
        } else {
          known.endpoints = merged
          known.updatedAt = now
        }
        return "stored"
      }),

    removeEndpoints: ({ endpoints, now, tenantId, urlGroup }) =>
      Effect.sync(() => {
        const groups = tenants.get(tenantId)?.groups
        const known = groups?.get(urlGroup)
        if (groups === undefined || known === undefined) return false
        const remaining = withoutEndpoints(known.endpoints, endpoints)
        if (remaining === undefined) return false
        known.endpoints = remaining
        known.updatedAt = now
        if (known.endpoints.length === 0) groups.delete(urlGroup)
        return true
      }),

    getUrlGroup: (tenantId, urlGroup) =>
      Effect.sync(() =>
        Option.map(Option.fromNullable(tenants.get(tenantId)?.groups.get(urlGroup)), groupOf)
      ),

    listUrlGroups: (tenantId) =>
      Effect.sync(() => Array.from(tenants.get(tenantId)?.groups.values() ?? [], groupOf)),

    deleteUrlGroup: (tenantId, urlGroup) =>
      Effect.sync(() => {
        tenants.get(tenantId)?.groups.delete(urlGroup)
      }),

    getFlowControl: (tenantId, key) =>
      Effect.sync(() =>
        Option.map(Option.fromNullable(tenants.get(tenantId)?.flowControl.get(key)), flowControlOf)
      ),

    listFlowControl: (tenantId) =>
      Effect.sync(() => Array.from(tenants.get(tenantId)?.flowControl.values() ?? [], flowControlOf)),

    changeFlowControl: ({ change, key, limit, now, tenantId }) =>
      Effect.sync(() => {
        const tenant = tenantOf(tenantId)
        const isMaking = change._tag !== "Unpin" && change._tag !== "ResetRate"
        if (isMaking && !tenant.flowControl.has(key) && tenant.flowControl.size >= limit) {
          forgetIdleKeys(tenant, now)
          if (tenant.flowControl.size >= limit) return "full"
        }
        const flow = isMaking ? flowOf(tenant, key) : tenant.flowControl.get(key)
        if (flow === undefined) return "stored"
        endWindowInTime(flow, now)
        changeFlow(flow, change)
        planWindow(flow)
        recheck(flow)
        planIdle(tenant, flow)
        return "stored"
      }),

    getSigningKeys: (tenantId) => Effect.sync(() => Option.fromNullable(tenants.get(tenantId)?.signingKeys)),

    rotateSigningKeys: ({ initial, next, tenantId }) =>
      Effect.sync(() => {
        const tenant = tenantOf(tenantId)
        const keys = { current: (tenant.signingKeys ?? initial).next, next }
        tenant.signingKeys = keys
        return keys
      }),

    prune: (request) =>
      Effect.sync(() => {
        for (const { deadLetters, log } of tenants.values()) {
          log.keep(request.logs, ({ time }) => time)
          deadLetters.keep(request.deadLetters)
        }
      })
  }
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Store> = Layer.effect(Store, make)
