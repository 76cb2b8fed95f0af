import { Store } from "../../Store.ts"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  acme,
  claim,
  deadLetters,
  delivered,
  failed,
  fire,
  first,
  minute,
  retried,
  send,
  settle,
  start,
  starting,
  tokensOf
} from "./given.ts"
import type { Law } from "./law.ts"

const nextYear = Date.parse("2026-01-01T00:01:00Z")

export const laws = (law: Law): void => {
  law(
    "a message is leased exactly once, however many claim at the same time",
    Effect.gen(function* () {
      const store = yield* Store
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
      strictEqual(yield* store.countLeased(acme), 50)
      strictEqual(yield* store.countLeased("other"), 0)
      deepStrictEqual(yield* claim(start + minute), [])
    })
  )

  law(
    "a settlement counts once: the second one of a lease is stale and changes nothing",
    Effect.gen(function* () {
      const store = yield* Store
      yield* fire(3)
      const [a, b, c] = yield* claim(start + minute)
      deepStrictEqual(yield* settle([delivered(a), failed(a), failed(b), retried(c, start + 2 * minute)]), [
        "settled",
        "stale",
        "settled",
        "settled"
      ])
      const again = {
        settlements: [delivered(c), retried(b, start)],
        now: start,
        maxPendingBytes: Infinity
      }
      deepStrictEqual(yield* store.settle(again), { answers: ["stale", "stale"], events: [] })
      yield* store.release(tokensOf([a, b, c].filter((lease) => lease !== undefined)))
      deepStrictEqual(
        (yield* store.listSchedules(acme)).map(({ lastStates }) => lastStates),
        [{ m0: "SUCCESS" }, { m1: "FAIL" }, { m2: "IN_PROGRESS" }]
      )
      strictEqual((yield* deadLetters).length, 1)
      deepStrictEqual(yield* claim(start + 2 * minute - 1), [])
      strictEqual((yield* claim(start + 2 * minute)).length, 1)
    })
  )

  law(
    "a settlement counts once, however many settle at the same time",
    Effect.gen(function* () {
      const callback = "https://api.example.com/done"
      yield* send(["a"], { retries: 0, callback, failureCallback: callback })
      const leases = yield* claim(start)
      const answers = yield* Effect.forEach(Array.from({ length: 10 }), () => settle(leases.map(failed)), {
        concurrency: "unbounded"
      })
      strictEqual(answers.flat().filter((answer) => answer === "settled").length, 1)
      strictEqual((yield* deadLetters).length, 1)
      deepStrictEqual(yield* starting(start), ["done", "done"])
    })
  )

  law(
    "a message whose lease is over is leased again, and a settlement of the old lease is stale",
    Effect.gen(function* () {
      const store = yield* Store
      yield* fire(1)
      const [slept] = yield* claim(start + minute, 1, 1000)
      deepStrictEqual(yield* claim(start + minute + 999), [])
      strictEqual((yield* store.nextWake).message, start + minute + 1000)
      const [again] = yield* claim(start + minute + 1000)
      deepStrictEqual(again?.message, slept?.message)
      strictEqual(yield* store.countLeased(acme), 1)
      deepStrictEqual(yield* settle([retried(slept, start)]), ["stale"])
      yield* store.release([slept?.token ?? -1])
      deepStrictEqual(yield* claim(start + minute + 1000), [])
      deepStrictEqual(yield* settle([delivered(again)]), ["settled"])
      deepStrictEqual(yield* store.nextWake, { schedule: nextYear, message: undefined })
      strictEqual(yield* store.countLeased(acme), 0)
    })
  )

  law(
    "a lease that is over and that nobody took counts all the same",
    Effect.gen(function* () {
      yield* send(["a"])
      const [lease] = yield* claim(start, 1, 1000)
      deepStrictEqual(yield* settle([delivered(lease)], start + minute), ["settled"])
      deepStrictEqual(yield* claim(start + minute), [])
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
      deepStrictEqual(yield* settle([delivered(lease)]), ["stale"])
    })
  )

  law(
    "a lease that is renewed lasts until then, and only as long as it holds",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b"])
      const [a, b] = yield* claim(start, 2, minute)
      yield* settle([delivered(b)])
      yield* store.renew({ tokens: [a, b].map((lease) => lease?.token ?? -1), until: start + 5 * minute })
      strictEqual((yield* store.nextWake).message, start + 5 * minute)
      deepStrictEqual(yield* claim(start + 5 * minute - 1), [])
      const [again] = yield* claim(start + 5 * minute, 2, minute)
      // Somebody else has it now.
      yield* store.renew({ tokens: [a?.token ?? -1], until: start + 9 * minute })
      strictEqual((yield* store.nextWake).message, start + 6 * minute)
      deepStrictEqual(yield* settle([delivered(a), delivered(again)]), ["stale", "settled"])
    })
  )

  law(
    "a lease can be renewed after its end, until somebody else takes it over",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a"])
      const [a] = yield* claim(start, 1, minute)
      yield* store.renew({ tokens: [a?.token ?? -1], until: start + 3 * minute })
      deepStrictEqual(yield* claim(start + 2 * minute), [])
      deepStrictEqual(yield* settle([delivered(a)], start + 2 * minute), ["settled"])
    })
  )

  law(
    "a message is due at its time and not before, and so is a retry",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a"], { delay: "2 minutes" })
      deepStrictEqual(yield* claim(start + 2 * minute - 1), [])
      const lease = first(yield* claim(start + 2 * minute))
      strictEqual(lease.message.retried, 0)
      deepStrictEqual(yield* settle([retried(lease, start + 9 * minute)], start + 3 * minute), ["settled"])
      strictEqual((yield* store.nextWake).message, start + 9 * minute)
      deepStrictEqual(yield* claim(start + 9 * minute - 1), [])
      const { message } = first(yield* claim(start + 9 * minute))
      deepStrictEqual(message, { ...lease.message, retried: 1, dueAt: start + 9 * minute })
      strictEqual(message.notBefore, start + 2 * minute)
    })
  )
}
