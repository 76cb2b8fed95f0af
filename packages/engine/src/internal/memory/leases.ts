import { Destination } from "@effect-qstash/domain/Destination"
import * as Effect from "effect/Effect"
import { callbackDrafts } from "../../Callbacks.ts"
import type { Lease, Settlement } from "../../Rows.ts"
import { outcomeOf } from "../../SettlementRules.ts"
import type { Store } from "../../Store.ts"
import { moveToDlq } from "./dlq.ts"
import { EventLog } from "./EventLog.ts"
import type { Memory } from "./Memory.ts"
import type { Messages } from "./messages.ts"
import type { SlotKeeper } from "./slots.ts"

/** How many messages one claim looks at. If many must wait, setting all of them aside at once would block the process. */
const mostLooks = 5000

export const leaseVerbs = (
  memory: Memory,
  { endLease, moveTo, setSlots, takeNext, takeSlot }: SlotKeeper,
  { cancelNow, finish, makeMessage, noteState, rest }: Messages
) => {
  let lastToken = 0

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
    const outcome = outcomeOf(settlement, message, row.isCancelRequested)
    for (const { response: shown, state, ...details } of outcome.log) log.note(row, state, details, shown)
    if (outcome.scheduleState !== undefined) noteState(row, outcome.scheduleState)
    const dlqId = outcome.isDead ? moveToDlq(memory, row, response, now) : undefined
    if (outcome.next !== undefined) row.message = outcome.next
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
          memory.mintMessageId(),
          { settings, url, notBefore, callerIp: message.callerIp, callbackOf: row },
          now,
          log
        )
      }
    }
    if (outcome.next === undefined) finish(row)
    else rest(row)
    return "settled"
  }

  return {
    claimDueMessages: ({ leaseFor, limit, now, perDestination, perTenant }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        const leases: Array<Lease> = []
        setSlots({ perTenant, perDestination })
        for (let looks = 0; leases.length < limit && looks < mostLooks; looks++) {
          const row = takeNext(now)
          if (row === undefined) break
          if (row.state._tag === "Leased") endLease(row.state.token)
          if (row.isCancelRequested) {
            cancelNow(row, log)
            continue
          }
          if (row.queue !== undefined && !row.isAdmitted) continue
          const destination = takeSlot(row, now)
          if (destination === undefined) continue
          const { message } = row
          const token = ++lastToken
          memory.leased.set(token, row)
          moveTo(row, { _tag: "Leased", token, destination }, now + leaseFor)
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
          const row = memory.leased.get(token)
          if (row !== undefined) moveTo(row, row.state, until)
        }
      }),

    release: (tokens) =>
      Effect.sync(() => {
        for (const token of tokens) {
          const row = endLease(token)
          if (row !== undefined) rest(row)
        }
      }),

    nextWake: Effect.sync(() => {
      const at = Math.min(
        memory.messages.next() ?? Infinity,
        memory.lanes.next() ?? Infinity,
        memory.windows.next() ?? Infinity
      )
      return { schedule: memory.schedules.next(), message: at === Infinity ? undefined : at }
    }),

    countLeased: (tenantId) => Effect.sync(() => memory.tenants.get(tenantId)?.leased ?? 0)
  } satisfies Partial<Store.Service<never>>
}
