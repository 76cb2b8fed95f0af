import { Store } from "../../Store.ts"
import { assertNone, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  acme,
  claim,
  claimSchedules,
  delivered,
  draftOf,
  id,
  idsOf,
  job,
  minute,
  settle,
  limits,
  start,
  upsert,
  workers
} from "./given.ts"
import type { Law } from "./law.ts"

const stored = Effect.flatMap(Store, (store) => Effect.map(store.getSchedule(acme, job), Option.getOrThrow))

export const laws = (law: Law): void => {
  law(
    "a schedule shows the messages of its last firing, and none of those before",
    Effect.gen(function* () {
      yield* upsert(job)
      yield* claimSchedules(start + minute)
      yield* claimSchedules(start + 2 * minute)
      deepStrictEqual((yield* stored).lastStates, { m1: "IN_PROGRESS" })
    })
  )

  law(
    "an empty one has no schedule, finds none, and wants to be woken by none",
    Effect.gen(function* () {
      const store = yield* Store
      deepStrictEqual(yield* store.listSchedules(acme), [])
      assertNone(yield* store.getSchedule(acme, job))
      strictEqual(yield* store.deleteSchedule(acme, job), false)
      strictEqual(
        yield* store.setPaused({ tenantId: acme, scheduleId: job, isPaused: true, now: start }),
        false
      )
      deepStrictEqual(yield* store.claimDueSchedules({ now: start, limit: 10, limits }), {
        events: []
      })
      deepStrictEqual(yield* store.nextWake, { schedule: undefined, message: undefined })
    })
  )

  law(
    "a firing makes its message exactly once, however many claim at the same time",
    Effect.gen(function* () {
      for (let index = 0; index < 50; index++) yield* upsert(id(`job-${index}`))
      const claims = yield* Effect.forEach(
        Array.from({ length: 10 }),
        () => claimSchedules(start + minute, 50),
        { concurrency: "unbounded" }
      )
      deepStrictEqual(
        claims
          .flat()
          .map(({ scheduleId }) => String(scheduleId))
          .toSorted(),
        Array.from({ length: 50 }, (_, index) => id(`job-${index}`)).toSorted()
      )
      deepStrictEqual(yield* claimSchedules(start + minute, 50), [])
    })
  )

  law(
    "a schedule that missed several times fires once, late, and goes on strictly after now",
    Effect.gen(function* () {
      yield* upsert(job, { delay: "10 seconds" })
      const now = start + 10 * minute
      const [message, ...others] = yield* claimSchedules(now, 10)
      deepStrictEqual(others, [])
      strictEqual(message?.createdAt, now)
      strictEqual(message?.notBefore, now + 10_000)
      strictEqual(message?.dueAt, now + 10_000)
      const { lastStates, lastTime, nextTime } = yield* stored
      deepStrictEqual(
        { lastStates, lastTime, nextTime },
        { lastStates: { m0: "IN_PROGRESS" }, lastTime: now, nextTime: now + minute }
      )
    })
  )

  law(
    "a paused schedule only moves on, and what fell into the pause is not made up for",
    Effect.gen(function* () {
      const store = yield* Store
      const paused = (isPaused: boolean, now: number) =>
        store.setPaused({ tenantId: acme, scheduleId: job, isPaused, now })
      const nextOf = Effect.map(stored, ({ nextTime }) => nextTime)
      yield* upsert(job)
      assertTrue(yield* paused(true, start))
      deepStrictEqual(yield* claimSchedules(start + minute), [])
      strictEqual(yield* nextOf, start + 2 * minute)
      // Nobody claimed for a while: the process was down.
      assertTrue(yield* paused(true, start + 5 * minute))
      assertTrue(yield* paused(false, start + 5 * minute))
      strictEqual(yield* nextOf, start + 6 * minute)
      deepStrictEqual(yield* claimSchedules(start + 5 * minute), [])
      deepStrictEqual(yield* store.nextWake, { schedule: start + 6 * minute, message: undefined })
      // Resuming an active one does not cost it a firing that is overdue.
      assertTrue(yield* paused(false, start + 7 * minute))
      strictEqual((yield* claimSchedules(start + 7 * minute)).length, 1)
    })
  )

  law(
    "claims take no more than the limit, the earliest first, and at one instant the oldest",
    Effect.gen(function* () {
      yield* upsert(id("c"), { cron: "2 * * * *", delay: "1 second" })
      yield* upsert(id("b"), { cron: "1 * * * *", delay: "2 minutes" })
      yield* upsert(id("a"), { cron: "2 * * * *" })
      yield* upsert(id("d"), { cron: "4 * * * *" })
      yield* upsert(id("c"), { cron: "2 * * * *", delay: "1 second", body: "new" })
      const fireSome = (limit: number) =>
        Effect.map(claimSchedules(start + 3 * minute, limit), (messages) =>
          messages.map(({ messageId, scheduleId }) => `${scheduleId} ${messageId}`)
        )
      deepStrictEqual(yield* fireSome(2), ["b m0", "c m1"])
      deepStrictEqual(yield* fireSome(10), ["a m2"])
      const claimSome = (limit: number) =>
        Effect.map(claim(start + 5 * minute, limit), (leases) =>
          leases.map(({ message }) => message.scheduleId)
        )
      deepStrictEqual(yield* claimSome(2), [id("a"), id("c")])
      deepStrictEqual(yield* claimSome(2), [id("b")])
    })
  )

  law(
    "messages outlive their schedule, and a new one of the same id knows nothing of them",
    Effect.gen(function* () {
      const store = yield* Store
      yield* upsert(job)
      yield* claimSchedules(start + minute)
      assertTrue(yield* store.deleteSchedule(acme, job))
      yield* upsert(job, {}, start + minute)
      const [lease] = yield* claim(start + minute)
      deepStrictEqual(yield* settle([delivered(lease)]), ["settled"])
      const { lastStates, lastTime } = yield* stored
      deepStrictEqual({ lastStates, lastTime }, { lastStates: {}, lastTime: undefined })
    })
  )

  law(
    "a firing makes one message for each endpoint that its URL group has then, and notes the absence of the group",
    Effect.gen(function* () {
      const store = yield* Store
      const group = { tenantId: acme, urlGroup: workers, now: start }
      const error = Effect.map(stored, (schedule) => schedule.error)
      yield* upsert(job, { destination: { urlGroup: workers } })
      deepStrictEqual(yield* claimSchedules(start + minute), [])
      strictEqual(yield* error, "topic workers not found")
      deepStrictEqual((yield* stored).lastStates, {})
      strictEqual((yield* stored).lastTime, start + minute)
      yield* store.upsertEndpoints({
        ...group,
        limits,
        endpoints: [{ url: "https://a.example.com", name: "first" }, { url: "https://b.example.com" }]
      })
      strictEqual(yield* error, "topic workers not found")
      deepStrictEqual(
        (yield* claimSchedules(start + 2 * minute, 10)).map(({ endpointName, messageId, url, urlGroup }) => [
          messageId,
          url,
          urlGroup,
          endpointName
        ]),
        [
          ["m0", "https://a.example.com", "workers", "first"],
          ["m1", "https://b.example.com", "workers", undefined]
        ]
      )
      strictEqual(yield* error, undefined)
      deepStrictEqual((yield* stored).lastStates, { m0: "IN_PROGRESS", m1: "IN_PROGRESS" })
      yield* store.deleteUrlGroup(acme, workers)
      yield* claimSchedules(start + 3 * minute)
      strictEqual(yield* error, "topic workers not found")
      yield* upsert(job, { destination: { urlGroup: workers } }, start + 3 * minute)
      strictEqual(yield* error, undefined)
    })
  )

  law(
    "messages of schedules and others share one order",
    Effect.gen(function* () {
      const store = yield* Store
      const accept = Effect.gen(function* () {
        const drafts = [yield* draftOf({}, start + minute)]
        const accepted = yield* store.accept({
          tenantId: acme,
          callerIp: undefined,
          drafts,
          now: start + minute,
          window: minute,
          deliveryOf: undefined,
          limits
        })
        return accepted._tag === "Accepted" ? idsOf(accepted.messages.flat()) : []
      })
      yield* upsert(job)
      const before = yield* accept
      const fired = idsOf(yield* claimSchedules(start + minute))
      const after = yield* accept
      deepStrictEqual(idsOf((yield* claim(start + minute)).map(({ message }) => message)), [
        ...before,
        ...fired,
        ...after
      ])
    })
  )
}
