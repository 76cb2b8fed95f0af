import type { MessageId } from "@effect-qstash/domain/MessageId"
import * as Effect from "effect/Effect"
import { targetsOf } from "../../Endpoints.ts"
import { exceededLimit } from "../../ExceededLimit.ts"
import { takeLimits } from "../../FlowControlRules.ts"
import { matchesMessage } from "../../Matches.ts"
import type { AcceptedMessage } from "../../Rows.ts"
import type { Store } from "../../Store.ts"
import { EventLog } from "./EventLog.ts"
import type { Flows } from "./flowControl.ts"
import { found, type Memory } from "./Memory.ts"
import { makeQueues } from "./queues.ts"
import type { MessageRow, MessageState, NewMessage, Tenant } from "./rows.ts"
import { held, type SlotKeeper } from "./slots.ts"
import { endpointsOf } from "./urlGroups.ts"
import { withoutKey } from "./withoutKey.ts"

const planned: MessageState = { _tag: "Planned" }
const done: MessageState = { _tag: "Done" }

export type Messages = ReturnType<typeof makeMessages>

export const makeMessages = (
  memory: Memory,
  { flowOf, planIdle, recheck }: Flows,
  { moveTo }: SlotKeeper
) => {
  /** Plans a message for its time, unless it waits for its turn in a queue. */
  const rest = (row: MessageRow): void => {
    const isHeld = row.queue !== undefined && !row.isAdmitted && !row.isCancelRequested
    moveTo(row, isHeld ? held : planned, isHeld ? undefined : row.message.dueAt)
  }

  const queues = makeQueues(rest)
  const { join, leaveIfClear, queueOfMessage } = queues

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
    const number = memory.nextSequence()
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
      state: held,
      isAdmitted: false,
      ahead: undefined,
      behind: undefined,
      isCancelRequested: false,
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
      takeLimits(flow, settings.flowControl, now)
      recheck(flow)
    }
    if (queue === undefined) rest(row)
    else {
      queue.lag += 1
      join(queue, row)
    }
    return row
  }

  const noteState = ({ message, tenant }: MessageRow, state: string): void => {
    if (message.scheduleId === undefined) return
    const states = tenant.schedules.get(message.scheduleId)?.states
    if (states?.has(message.messageId)) states.set(message.messageId, state)
  }

  const finish = (row: MessageRow): void => {
    moveTo(row, done, undefined)
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

  const cancelNow = (row: MessageRow, log: EventLog): void => {
    log.note(row, "CANCELED")
    noteState(row, "FAIL")
    finish(row)
  }

  const requestCancel = (row: MessageRow, log: EventLog): void => {
    log.note(row, "CANCEL_REQUESTED")
    if (row.state._tag !== "Leased") cancelNow(row, log)
    else row.isCancelRequested = true
  }

  return { queues, rest, makeMessage, noteState, finish, cancelNow, requestCancel }
}

/** The hops of a message that is published by a delivery under way. */
const hopsAfter = ({ tenants }: Memory, deliveryOf: MessageId): number => {
  for (const { messages: rows } of tenants.values()) {
    const row = rows.get(deliveryOf)
    if (row?.state._tag === "Leased") return row.message.hops + 1
  }
  return 0
}

export const messageVerbs = (
  memory: Memory,
  { forgetIdleKeys }: Flows,
  { makeMessage, requestCancel }: Messages
) =>
  ({
    accept: ({ callerIp, deliveryOf, drafts, limits, now, tenantId, window }) =>
      Effect.sync(() => {
        const tenant = memory.tenantOf(tenantId)
        for (const { destination } of drafts) {
          if (typeof destination !== "string" && !tenant.groups.has(destination.urlGroup)) {
            return { _tag: "UrlGroupNotFound", urlGroup: destination.urlGroup }
          }
        }
        for (const [key, { until }] of tenant.deduplication) {
          if (until > now) break
          tenant.deduplication.delete(key)
        }
        const hops = deliveryOf === undefined ? 0 : hopsAfter(memory, deliveryOf)
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
            const messageId = memory.mintMessageId()
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

    getMessage: (tenantId, messageId) =>
      found(
        () => memory.tenants.get(tenantId)?.messages.get(messageId),
        ({ message }) => message
      ),

    listMessages: (tenantId) =>
      Effect.sync(() =>
        Array.from(memory.tenants.get(tenantId)?.messages.values() ?? [], ({ message }) => message)
      ),

    countMessages: (tenantId) => Effect.sync(() => memory.tenants.get(tenantId)?.messages.size ?? 0),

    cancel: ({ criteria, limit, now, tenantId }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        const known = memory.tenants.get(tenantId)?.messages ?? new Map<string, MessageRow>()
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
      })
  }) satisfies Partial<Store.Service<never>>
