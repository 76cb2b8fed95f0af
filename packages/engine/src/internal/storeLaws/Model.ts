import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { Settlement, StoredDeadLetter, StoredMessage } from "../../Rows.ts"
import { nextTime } from "../../ScheduleRules.ts"
import { Store } from "../../Store.ts"
import type { StoreError } from "../../StoreError.ts"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { all, answer, callerIp, draftOf, id, minute, settingsOf } from "./given.ts"
import { type Command, inputOf, tenants } from "./commands.ts"
import { least, standing } from "./ModelRows.ts"
import { ModelSteps } from "./ModelSteps.ts"

/**
 * A Store as one would write it on the back of an envelope, beside the one that is tried: lists, each of them searched
 * from end to end, and nothing kept that can be found out.
 */
export class Model extends ModelSteps {
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
        strictEqual(yield* store.countMessages(tenantId), pending.length)
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
}
