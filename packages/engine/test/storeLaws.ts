import { CreateSchedule, type QStashInvalidRequest, ScheduleId } from "@effect-qstash/domain"
import {
  type Lease,
  nextTime,
  type Settlement,
  Store,
  type StoredMessage,
  type StoredSchedule
} from "@effect-qstash/engine/Store"
import { describe, it } from "@effect/vitest"
import { assertNone, assertSome, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Effect, FastCheck, type Layer, Option } from "effect"

const minute = 60_000
const start = Date.parse("2025-01-01T00:00:00Z")

const settingsOf = (
  input: Partial<CreateSchedule.Input> = {}
): Effect.Effect<CreateSchedule, QStashInvalidRequest> =>
  CreateSchedule.make({ cron: "* * * * *", destination, ...input })

const acme = "acme"

const destination = "https://api.example.com/jobs"

const id = (text: string): ScheduleId => ScheduleId.make(text)
const job = id("job")

/** Message ids `m0`, `m1`, and so on. */
const mint = () => {
  let count = 0
  return () => `m${count++}`
}

const upsert = (
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

/** The messages of so many schedules of the first minute. */
const fire = (count: number) =>
  Effect.gen(function* () {
    const store = yield* Store
    for (let index = 0; index < count; index++) yield* upsert(id(`job-${index}`), { cron: "1 0 1 1 *" })
    return yield* store.claimDueSchedules({ now: start + minute, limit: count, mintMessageId: mint() })
  })

const claim = (now: number, limit = 1000, leaseFor = minute) =>
  Effect.flatMap(Store, (store) => store.claimDueMessages({ now, limit, leaseFor: () => leaseFor }))

const tokensOf = (leases: ReadonlyArray<Lease>) => leases.map(({ token }) => token)

/**
 * What every Store keeps. The layer gives an empty Store each time that it is built; a Store for which that is slow may
 * ask for fewer runs of the comparison with the model.
 */
export const storeLaws = <E>(name: string, layer: Layer.Layer<Store, E>, runs = 100): void => {
  describe(`the laws of a Store (${name})`, () => {
    const law = <A, E2>(title: string, body: Effect.Effect<A, E2, Store>) =>
      it.effect(title, () => Effect.provide(body, layer))

    law(
      "an empty one has nothing, finds nothing, and wants to be woken by nothing",
      Effect.gen(function* () {
        const store = yield* Store
        deepStrictEqual(yield* store.listSchedules(acme), [])
        assertNone(yield* store.getSchedule(acme, job))
        strictEqual(yield* store.deleteSchedule(acme, job), false)
        strictEqual(
          yield* store.setPaused({ tenantId: acme, scheduleId: job, isPaused: true, now: start }),
          false
        )
        deepStrictEqual(yield* store.claimDueSchedules({ now: start, limit: 10, mintMessageId: mint() }), [])
        deepStrictEqual(yield* claim(start), [])
        deepStrictEqual(yield* store.settle([]), [])
        deepStrictEqual(yield* store.settle([{ token: 1, _tag: "Delivered" }]), ["stale"])
        yield* store.release([1, 2])
        deepStrictEqual(yield* store.nextWake, { schedule: undefined, message: undefined })
      })
    )

    law(
      "a firing makes its message exactly once, however many claim at the same time",
      Effect.gen(function* () {
        const store = yield* Store
        for (let index = 0; index < 50; index++) yield* upsert(id(`job-${index}`))
        const mintMessageId = mint()
        const claims = yield* Effect.forEach(
          Array.from({ length: 10 }),
          () => store.claimDueSchedules({ now: start + minute, limit: 50, mintMessageId }),
          { concurrency: "unbounded" }
        )
        deepStrictEqual(
          claims
            .flat()
            .map(({ scheduleId }) => scheduleId)
            .toSorted(),
          Array.from({ length: 50 }, (_, index) => id(`job-${index}`)).toSorted()
        )
        deepStrictEqual(yield* store.claimDueSchedules({ now: start + minute, limit: 50, mintMessageId }), [])
      })
    )

    law(
      "a message is leased exactly once, however many claim at the same time",
      Effect.gen(function* () {
        const fired = yield* fire(50)
        const claims = yield* Effect.forEach(Array.from({ length: 10 }), () => claim(start + minute, 20), {
          concurrency: "unbounded"
        })
        const leases = claims.flat()
        strictEqual(new Set(tokensOf(leases)).size, 50)
        deepStrictEqual(
          leases.map(({ message }) => message.messageId).toSorted(),
          fired.map(({ messageId }) => messageId).toSorted()
        )
        deepStrictEqual(yield* claim(start + minute), [])
      })
    )

    law(
      "a schedule that missed several times fires once, late, and goes on strictly after now",
      Effect.gen(function* () {
        const store = yield* Store
        yield* upsert(job, { delay: "10 seconds" })
        const now = start + 10 * minute
        const [message, ...others] = yield* store.claimDueSchedules({ now, limit: 10, mintMessageId: mint() })
        deepStrictEqual(others, [])
        strictEqual(message?.createdAt, now)
        strictEqual(message?.notBefore, now + 10_000)
        const stored = Option.getOrThrow(yield* store.getSchedule(acme, job))
        strictEqual(stored.lastTime, now)
        strictEqual(stored.nextTime, now + minute)
        deepStrictEqual(stored.lastStates, { m0: "IN_PROGRESS" })
      })
    )

    law(
      "a paused schedule only moves on, and what fell into the pause is not made up for",
      Effect.gen(function* () {
        const store = yield* Store
        const paused = (isPaused: boolean, now: number) =>
          store.setPaused({ tenantId: acme, scheduleId: job, isPaused, now })
        const nextOf = Effect.map(
          store.getSchedule(acme, job),
          (stored) => Option.getOrThrow(stored).nextTime
        )
        yield* upsert(job)
        assertTrue(yield* paused(true, start))
        const request = { now: start + minute, limit: 10, mintMessageId: mint() }
        deepStrictEqual(yield* store.claimDueSchedules(request), [])
        strictEqual(yield* nextOf, start + 2 * minute)
        // Nobody claimed for a while: the process was down.
        assertTrue(yield* paused(true, start + 5 * minute))
        assertTrue(yield* paused(false, start + 5 * minute))
        strictEqual(yield* nextOf, start + 6 * minute)
        deepStrictEqual(yield* store.claimDueSchedules({ ...request, now: start + 5 * minute }), [])
        deepStrictEqual(yield* store.nextWake, { schedule: start + 6 * minute, message: undefined })
        // Resuming an active one does not cost it a firing that is overdue.
        assertTrue(yield* paused(false, start + 7 * minute))
        strictEqual((yield* store.claimDueSchedules({ ...request, now: start + 7 * minute })).length, 1)
      })
    )

    law(
      "claims take no more than the limit, the earliest first, and at one instant the oldest",
      Effect.gen(function* () {
        const store = yield* Store
        yield* upsert(id("c"), { cron: "2 * * * *", delay: "1 second" })
        yield* upsert(id("b"), { cron: "1 * * * *", delay: "2 minutes" })
        yield* upsert(id("a"), { cron: "2 * * * *" })
        yield* upsert(id("d"), { cron: "4 * * * *" })
        yield* upsert(id("c"), { cron: "2 * * * *", delay: "1 second", body: "new" })
        const mintMessageId = mint()
        const fireSome = (limit: number) =>
          Effect.map(store.claimDueSchedules({ now: start + 3 * minute, limit, mintMessageId }), (messages) =>
            messages.map(({ messageId, scheduleId }) => [scheduleId, messageId])
          )
        deepStrictEqual(yield* fireSome(2), [
          [id("b"), "m0"],
          [id("c"), "m1"]
        ])
        deepStrictEqual(yield* fireSome(10), [[id("a"), "m2"]])
        const claimSome = (limit: number) =>
          Effect.map(claim(start + 5 * minute, limit), (leases) =>
            leases.map(({ message }) => message.scheduleId)
          )
        deepStrictEqual(yield* claimSome(2), [id("a"), id("c")])
        deepStrictEqual(yield* claimSome(2), [id("b")])
      })
    )

    law(
      "a message is due at its time and not before, and so is a retry",
      Effect.gen(function* () {
        const store = yield* Store
        yield* upsert(job, { cron: "1 0 1 1 *", delay: "1 minute" })
        yield* store.claimDueSchedules({ now: start + minute, limit: 1, mintMessageId: mint() })
        deepStrictEqual(yield* claim(start + 2 * minute - 1), [])
        const [first] = yield* claim(start + 2 * minute)
        strictEqual(first?.message.retried, 0)
        deepStrictEqual(
          yield* store.settle([{ token: first?.token ?? -1, _tag: "Retry", notBefore: start + 9 * minute }]),
          ["settled"]
        )
        strictEqual((yield* store.nextWake).message, start + 9 * minute)
        deepStrictEqual(yield* claim(start + 9 * minute - 1), [])
        const [second] = yield* claim(start + 9 * minute)
        deepStrictEqual(second?.message, {
          ...first?.message,
          retried: 1,
          notBefore: start + 9 * minute
        })
      })
    )

    law(
      "a settlement counts once: the second one of a lease is stale and changes nothing",
      Effect.gen(function* () {
        const store = yield* Store
        yield* fire(3)
        const [a = -1, b = -1, c = -1] = tokensOf(yield* claim(start + minute))
        deepStrictEqual(
          yield* store.settle([
            { token: a, _tag: "Delivered" },
            { token: a, _tag: "Failed" },
            { token: b, _tag: "Failed" },
            { token: c, _tag: "Retry", notBefore: start + 2 * minute }
          ]),
          ["settled", "stale", "settled", "settled"]
        )
        deepStrictEqual(
          yield* store.settle([
            { token: c, _tag: "Delivered" },
            { token: b, _tag: "Retry", notBefore: start }
          ]),
          ["stale", "stale"]
        )
        yield* store.release([a, b, c])
        deepStrictEqual(
          (yield* store.listSchedules(acme)).map(({ lastStates }) => lastStates),
          [{ m0: "SUCCESS" }, { m1: "FAIL" }, { m2: "IN_PROGRESS" }]
        )
        deepStrictEqual(yield* claim(start + 2 * minute - 1), [])
        strictEqual((yield* claim(start + 2 * minute)).length, 1)
      })
    )

    law(
      "a message whose lease is over is leased anew, and whoever slept through it is told stale",
      Effect.gen(function* () {
        const store = yield* Store
        yield* fire(1)
        const [slept] = yield* claim(start + minute, 1, 1000)
        deepStrictEqual(yield* claim(start + minute + 999), [])
        strictEqual((yield* store.nextWake).message, start + minute + 1000)
        const [anew] = yield* claim(start + minute + 1000)
        deepStrictEqual(anew?.message, slept?.message)
        const late: Settlement = { token: slept?.token ?? -1, _tag: "Retry", notBefore: start }
        deepStrictEqual(yield* store.settle([late]), ["stale"])
        yield* store.release([late.token])
        deepStrictEqual(yield* claim(start + minute + 1000), [])
        deepStrictEqual(yield* store.settle([{ token: anew?.token ?? -1, _tag: "Delivered" }]), ["settled"])
        deepStrictEqual(yield* store.nextWake, { schedule: nextYear, message: undefined })
      })
    )

    law(
      "a lease that is given back makes its message due at once, and the attempt does not count",
      Effect.gen(function* () {
        const store = yield* Store
        const [message] = yield* fire(1)
        const [lease] = yield* claim(start + 2 * minute)
        yield* store.release([lease?.token ?? -1, 999])
        strictEqual((yield* store.nextWake).message, start + minute)
        const [again] = yield* claim(start + 2 * minute)
        deepStrictEqual(again?.message, message)
        assertTrue(again?.token !== lease?.token)
        deepStrictEqual(yield* store.settle([{ token: lease?.token ?? -1, _tag: "Delivered" }]), ["stale"])
      })
    )

    law(
      "messages outlive their schedule, and a new one of the same id knows nothing of them",
      Effect.gen(function* () {
        const store = yield* Store
        yield* fire(1)
        assertTrue(yield* store.deleteSchedule(acme, id("job-0")))
        yield* upsert(id("job-0"), {}, start + minute)
        const leases = yield* claim(start + minute)
        deepStrictEqual(yield* store.settle(leases.map(({ token }) => ({ token, _tag: "Delivered" }))), [
          "settled"
        ])
        const stored = Option.getOrThrow(yield* store.getSchedule(acme, id("job-0")))
        deepStrictEqual(stored.lastStates, {})
        strictEqual(stored.lastTime, undefined)
      })
    )

    law(
      "what it has handed out does not change afterwards",
      Effect.gen(function* () {
        const store = yield* Store
        yield* upsert(job)
        const [before] = yield* store.listSchedules(acme)
        const copy = { ...before }
        yield* store.claimDueSchedules({ now: start + minute, limit: 1, mintMessageId: mint() })
        const [lease] = yield* claim(start + minute)
        const message = { ...lease?.message }
        yield* store.settle([{ token: lease?.token ?? -1, _tag: "Retry", notBefore: start + 2 * minute }])
        yield* store.setPaused({ tenantId: acme, scheduleId: job, isPaused: true, now: start + minute })
        yield* upsert(job, { body: "new" }, start + minute)
        deepStrictEqual({ ...before }, copy)
        deepStrictEqual({ ...lease?.message }, message)
      })
    )

    it.effect.prop(
      "it behaves as a list that is searched from end to end, whatever is done in whatever order",
      [FastCheck.array(command, { maxLength: 60, size: "max" })],
      ([commands]) =>
        Effect.gen(function* () {
          const model = new Model()
          for (const next of commands) yield* model.check(next)
        }).pipe(Effect.provide(layer)),
      { fastCheck: { numRuns: runs } }
    )
  })
}

const nextYear = Date.parse("2026-01-01T00:01:00Z")

const tenants = [acme, "other"]

const about = { tenant: FastCheck.constantFrom(...tenants), name: FastCheck.constantFrom("a", "b", "c") }
const limit = FastCheck.oneof(FastCheck.nat(3), FastCheck.constant(100))

const command = FastCheck.oneof(
  FastCheck.record({
    ...about,
    _tag: FastCheck.constant("Upsert" as const),
    cron: FastCheck.constantFrom("* * * * *", "*/2 * * * *", "*/3 * * * *", "0 0 31 2 *"),
    delay: FastCheck.constantFrom(0, 30, 60, 150),
    limit: FastCheck.constantFrom(2, 100)
  }),
  FastCheck.record({ ...about, _tag: FastCheck.constant("Delete" as const) }),
  FastCheck.record({
    ...about,
    _tag: FastCheck.constant("SetPaused" as const),
    isPaused: FastCheck.boolean()
  }),
  FastCheck.record({ _tag: FastCheck.constant("ClaimSchedules" as const), limit }),
  FastCheck.record({
    _tag: FastCheck.constant("ClaimMessages" as const),
    limit,
    leaseFor: FastCheck.constantFrom(1, 45_000, 3 * minute)
  }),
  FastCheck.record({
    _tag: FastCheck.constant("Settle" as const),
    settlements: FastCheck.array(
      FastCheck.record({
        lease: FastCheck.nat(),
        as: FastCheck.constantFrom("Delivered" as const, "Failed" as const, "Retry" as const),
        delay: FastCheck.constantFrom(0, 12_000, 2 * minute)
      }),
      { maxLength: 4 }
    )
  }),
  FastCheck.record({
    _tag: FastCheck.constant("Release" as const),
    leases: FastCheck.array(FastCheck.nat(), { maxLength: 3 })
  }),
  FastCheck.record({
    _tag: FastCheck.constant("Wait" as const),
    millis: FastCheck.constantFrom(1, 15_000, minute, 5 * minute)
  })
)
type Command = typeof command extends FastCheck.Arbitrary<infer A> ? A : never

interface ModelMessage {
  message: StoredMessage
  due: number
  token: number | undefined
}

/** A Store as one would write it on the back of an envelope, beside the one that is tried. */
class Model {
  now = start
  schedules: Array<StoredSchedule> = []
  messages: Array<ModelMessage> = []
  readonly tokens: Array<number> = []
  lastSequence = -Infinity
  readonly mintMessageId = mint()

  check(next: Command): Effect.Effect<void, QStashInvalidRequest, Store> {
    return Effect.gen(this, function* () {
      const store = yield* Store
      yield* this.apply(next, store)
      for (const tenant of tenants) {
        deepStrictEqual(
          yield* store.listSchedules(tenant),
          this.schedules.filter((schedule) => schedule.tenantId === tenant)
        )
      }
      deepStrictEqual(yield* store.nextWake, {
        schedule: least(this.schedules.map((schedule) => schedule.nextTime)),
        message: least(this.messages.map(({ due }) => due))
      })
    })
  }

  private apply(next: Command, store: Store["Type"]): Effect.Effect<void, QStashInvalidRequest> {
    return Effect.gen(this, function* () {
      switch (next._tag) {
        case "Upsert": {
          const settings = yield* settingsOf({ cron: next.cron, delay: Duration.seconds(next.delay) })
          const known = this.find(next)
          const isFull =
            known === undefined &&
            this.schedules.filter(({ tenantId }) => tenantId === next.tenant).length >= next.limit
          strictEqual(
            yield* store.upsertSchedule({
              tenantId: next.tenant,
              scheduleId: id(next.name),
              settings,
              callerIp: "203.0.113.7",
              now: this.now,
              limit: next.limit
            }),
            isFull ? "full" : "stored"
          )
          if (isFull) return
          if (known === undefined) {
            this.schedules.push({
              tenantId: next.tenant,
              scheduleId: id(next.name),
              settings,
              callerIp: "203.0.113.7",
              createdAt: this.now,
              isPaused: false,
              lastTime: undefined,
              nextTime: nextTime(settings.cron, this.now),
              lastStates: {}
            })
          } else {
            this.update(known, { settings, nextTime: nextTime(settings.cron, this.now) })
          }
          return
        }
        case "Delete": {
          const known = this.find(next)
          strictEqual(yield* store.deleteSchedule(next.tenant, id(next.name)), known !== undefined)
          this.schedules = this.schedules.filter((schedule) => schedule !== known)
          return
        }
        case "SetPaused": {
          const known = this.find(next)
          strictEqual(
            yield* store.setPaused({
              tenantId: next.tenant,
              scheduleId: id(next.name),
              isPaused: next.isPaused,
              now: this.now
            }),
            known !== undefined
          )
          if (known === undefined) return
          const isOverdue = known.isPaused && !next.isPaused && (known.nextTime ?? Infinity) <= this.now
          this.update(known, {
            isPaused: next.isPaused,
            nextTime: isOverdue ? nextTime(known.settings.cron, this.now) : known.nextTime
          })
          return assertSome(yield* store.getSchedule(next.tenant, id(next.name)), this.find(next) ?? known)
        }
        case "ClaimSchedules": {
          const { now, mintMessageId } = this
          const fired = yield* store.claimDueSchedules({ now, limit: next.limit, mintMessageId })
          const due = this.schedules
            .filter((schedule) => (schedule.nextTime ?? Infinity) <= now)
            .toSorted((self, that) => (self.nextTime ?? 0) - (that.nextTime ?? 0))
            .slice(0, next.limit)
          const active = due.filter(({ isPaused }) => !isPaused)
          strictEqual(fired.length, active.length)
          for (const schedule of due) {
            const moved = { nextTime: nextTime(schedule.settings.cron, now) }
            const message = fired[active.indexOf(schedule)]
            if (message === undefined) {
              this.update(schedule, moved)
              continue
            }
            const { callerIp, scheduleId, settings, tenantId } = schedule
            assertTrue(message.sequence > this.lastSequence)
            this.lastSequence = message.sequence
            deepStrictEqual(message, {
              tenantId,
              messageId: message.messageId,
              sequence: message.sequence,
              scheduleId,
              settings,
              callerIp,
              createdAt: now,
              notBefore: now + Duration.toMillis(settings.delay ?? 0),
              retried: 0
            })
            this.messages.push({ message, due: message.notBefore, token: undefined })
            this.update(schedule, {
              ...moved,
              lastTime: now,
              lastStates: { [message.messageId]: "IN_PROGRESS" }
            })
          }
          return
        }
        case "ClaimMessages": {
          const { now } = this
          const leases = yield* store.claimDueMessages({
            now,
            limit: next.limit,
            leaseFor: () => next.leaseFor
          })
          const due = this.messages
            .filter((row) => row.due <= now)
            .toSorted((self, that) => self.due - that.due)
            .slice(0, next.limit)
          deepStrictEqual(
            leases.map(({ message }) => message),
            due.map(({ message }) => message)
          )
          for (const [index, row] of due.entries()) {
            const token = leases[index]?.token ?? Number.NaN
            assertTrue(!this.tokens.includes(token))
            this.tokens.push(token)
            Object.assign(row, { token, due: now + next.leaseFor })
          }
          return
        }
        case "Settle": {
          const settlements = next.settlements.flatMap(({ as, delay, lease }): Array<Settlement> => {
            const token = this.tokenOf(lease)
            if (token === undefined) return []
            return [as === "Retry" ? { token, _tag: as, notBefore: this.now + delay } : { token, _tag: as }]
          })
          const expected = settlements.map((settlement) => this.settle(settlement))
          return deepStrictEqual(yield* store.settle(settlements), expected)
        }
        case "Release": {
          const tokens = next.leases.flatMap((lease) => this.tokenOf(lease) ?? [])
          yield* store.release(tokens)
          for (const row of this.messages) {
            if (row.token !== undefined && tokens.includes(row.token)) {
              Object.assign(row, { token: undefined, due: row.message.notBefore })
            }
          }
          return
        }
        case "Wait": {
          this.now += next.millis
        }
      }
    })
  }

  private settle(settlement: Settlement): "settled" | "stale" {
    const row = this.messages.find(({ token }) => token === settlement.token)
    if (row === undefined) return "stale"
    row.token = undefined
    if (settlement._tag === "Retry") {
      const { notBefore } = settlement
      row.message = { ...row.message, retried: row.message.retried + 1, notBefore }
      row.due = notBefore
      return "settled"
    }
    this.messages = this.messages.filter((other) => other !== row)
    const schedule = this.schedules.find(({ lastStates }) => row.message.messageId in lastStates)
    if (schedule !== undefined) {
      const state = settlement._tag === "Delivered" ? "SUCCESS" : "FAIL"
      this.update(schedule, { lastStates: { [row.message.messageId]: state } })
    }
    return "settled"
  }

  /** Any token that was ever given out. */
  private tokenOf(lease: number): number | undefined {
    return this.tokens[lease % this.tokens.length]
  }

  private find({
    name,
    tenant
  }: {
    readonly name: string
    readonly tenant: string
  }): StoredSchedule | undefined {
    return this.schedules.find(({ scheduleId, tenantId }) => tenantId === tenant && scheduleId === id(name))
  }

  private update(schedule: StoredSchedule, changes: Partial<StoredSchedule>): void {
    this.schedules = this.schedules.map((other) => (other === schedule ? { ...other, ...changes } : other))
  }
}

const least = (instants: ReadonlyArray<number | undefined>): number | undefined => {
  const known = instants.filter((instant) => instant !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
