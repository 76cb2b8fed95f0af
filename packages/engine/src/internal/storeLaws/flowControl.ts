import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { FlowControlChange } from "../../Rows.ts"
import { Store } from "../../Store.ts"
import { assertNone, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  acme,
  accepting,
  api,
  cancel,
  changeFlow,
  claim,
  claimByName,
  delivered,
  draftOf,
  failed,
  minute,
  retried,
  second,
  send,
  settle,
  start,
  starting
} from "./given.ts"
import type { Law } from "./law.ts"

const limited = (limits: { parallelism: number } | { rate: number; period?: string }) => {
  return "parallelism" in limits
    ? { flowControl: { key: api, ...limits } }
    : { flowControl: { key: api, rate: limits.rate, period: minute } }
}

const onlyOne = limited({ parallelism: 1 })

const stored = Effect.flatMap(Store, (store) =>
  Effect.map(store.getFlowControl(acme, api), Option.getOrThrow)
)

const nextMessage = Effect.flatMap(Store, (store) => Effect.map(store.nextWake, ({ message }) => message))

export const laws = (law: Law): void => {
  law(
    "an empty one has no flow-control key, finds none, and makes none by an unpin or a reset",
    Effect.gen(function* () {
      const store = yield* Store
      yield* changeFlow({ _tag: "Unpin", parallelism: true, rate: true })
      yield* changeFlow({ _tag: "ResetRate" })
      deepStrictEqual(yield* store.listFlowControl(acme), [])
      assertNone(yield* store.getFlowControl(acme, api))
    })
  )

  law(
    "a key takes the limits of the latest message, and each of them as it was given",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a"], { flowControl: { key: api, parallelism: 2, rate: 5, period: "1 minute" } })
      const unused = {
        flowControlKey: api,
        isPaused: false,
        isPinnedParallelism: false,
        isPinnedRate: false,
        underWay: 0,
        started: 0,
        windowStart: undefined,
        waiting: 0
      }
      deepStrictEqual(yield* stored, { ...unused, parallelism: 2, rate: 5, period: minute })
      yield* send(["b"], { flowControl: { key: api, rate: 7 } })
      deepStrictEqual(yield* stored, { ...unused, parallelism: undefined, rate: 7, period: second })
      yield* send(["c"], onlyOne)
      deepStrictEqual(yield* stored, { ...unused, parallelism: 1, rate: undefined, period: second })
      const other = FlowControlKey.make("another")
      yield* send(["d"], { flowControl: { key: other, parallelism: 3 } })
      deepStrictEqual(
        (yield* store.listFlowControl(acme)).map(({ flowControlKey, parallelism }) => [
          flowControlKey,
          parallelism
        ]),
        [
          [api, 1],
          [other, 3]
        ]
      )
      assertNone(yield* store.getFlowControl("other", api))
    })
  )

  law(
    "no more are under way than the parallelism says, and one that is settled makes room for the next",
    Effect.gen(function* () {
      yield* send(["a", "b", "c", "d"], limited({ parallelism: 2 }))
      yield* send(["free"])
      const first = yield* claimByName(start)
      deepStrictEqual(first.names, ["a", "b", "free"])
      deepStrictEqual(yield* Effect.map(stored, ({ underWay, waiting }) => [underWay, waiting]), [2, 2])
      deepStrictEqual(yield* starting(start), [])
      yield* settle([retried(first.leases["a"], start + minute)])
      assertTrue(((yield* nextMessage) ?? Infinity) <= start)
      deepStrictEqual(yield* starting(start), ["c"])
      yield* settle([failed(first.leases["b"])])
      deepStrictEqual(yield* starting(start), ["d"])
      deepStrictEqual(yield* Effect.map(stored, ({ underWay, waiting }) => [underWay, waiting]), [2, 0])
    })
  )

  law(
    "no more start within a period than the rate says, and the next period begins with the next start",
    Effect.gen(function* () {
      yield* send(["a", "b", "c", "d", "e"], limited({ rate: 2 }))
      const first = yield* claimByName(start + second)
      deepStrictEqual(first.names, ["a", "b"])
      deepStrictEqual(yield* Effect.map(stored, ({ started, windowStart }) => [started, windowStart]), [
        2,
        start + second
      ])
      // That they are done makes no difference.
      yield* settle([delivered(first.leases["a"]), delivered(first.leases["b"])], start + 2 * second)
      deepStrictEqual(yield* starting(start + minute), [])
      strictEqual(yield* nextMessage, start + second + minute)
      deepStrictEqual(yield* starting(start + second + minute - 1), [])
      // Somebody looks late: the period begins only now.
      deepStrictEqual(yield* starting(start + 5 * minute, 1), ["c"])
      deepStrictEqual(yield* starting(start + 6 * minute - 1), ["d"])
      deepStrictEqual(yield* starting(start + 6 * minute - 1), [])
      // The leases of c and d are over as well.
      deepStrictEqual(yield* starting(start + 6 * minute), ["e", "c"])
    })
  )

  law(
    "a retry counts as a start",
    Effect.gen(function* () {
      yield* send(["a", "b"], limited({ rate: 1 }))
      const first = yield* claimByName(start)
      yield* settle([retried(first.leases["a"], start)])
      deepStrictEqual(yield* starting(start), [])
      deepStrictEqual(yield* starting(start + minute), ["a"])
      deepStrictEqual(yield* starting(start + minute), [])
    })
  )

  law(
    "both limits hold together",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b", "c", "d"], {
        flowControl: { key: api, parallelism: 2, rate: 3, period: "1 minute" }
      })
      const first = yield* claimByName(start, 10, 10 * minute)
      deepStrictEqual(first.names, ["a", "b"])
      yield* settle([delivered(first.leases["a"]), delivered(first.leases["b"])])
      deepStrictEqual((yield* claimByName(start, 10, 10 * minute)).names, ["c"])
      deepStrictEqual(yield* starting(start), [])
      strictEqual((yield* store.nextWake).message, start + minute)
      deepStrictEqual(yield* starting(start + minute), ["d"])
    })
  )

  law(
    "those that wait start in the order of their time and sequence, however they came to wait",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["late"], { ...onlyOne, delay: "2 seconds" })
      yield* send(["early"], { ...onlyOne, delay: "1 second" })
      yield* send(["first", "second"], onlyOne)
      const { leases } = yield* claimByName(start + 2 * second)
      deepStrictEqual(Object.keys(leases), ["first"])
      deepStrictEqual(yield* starting(start + 2 * second), [])
      yield* changeFlow({ _tag: "Pause" }, start + 2 * second)
      yield* store.release([leases["first"]?.token ?? -1])
      deepStrictEqual(yield* starting(start + 2 * second), [])
      yield* changeFlow({ _tag: "Resume" }, start + 2 * second)
      const order: Array<string> = []
      for (let count = 0; count < 4; count++) {
        const next = yield* claimByName(start + 2 * second)
        order.push(...next.names)
        yield* settle(Object.values(next.leases).map(delivered), start + 2 * second)
      }
      deepStrictEqual(order, ["first", "second", "early", "late"])
    })
  )

  law(
    "a paused key starts nothing, accepts all, and lets its period run on",
    Effect.gen(function* () {
      yield* send(["a", "b", "c"], limited({ rate: 1 }))
      deepStrictEqual(yield* starting(start), ["a"])
      yield* changeFlow({ _tag: "Pause" })
      yield* send(["d"], limited({ rate: 1 }))
      deepStrictEqual((yield* claimByName(start + second, 10)).names, [])
      deepStrictEqual(yield* Effect.map(stored, ({ isPaused, waiting }) => [isPaused, waiting]), [true, 3])
      // Only the lease of the one under way is worth a look.
      strictEqual(yield* nextMessage, start + minute)
      yield* changeFlow({ _tag: "Resume" }, start + second)
      deepStrictEqual(yield* starting(start + second), [])
      yield* changeFlow({ _tag: "Pause" }, start + second)
      yield* changeFlow({ _tag: "Pause" }, start + second)
      yield* changeFlow({ _tag: "Resume" }, start + minute)
      deepStrictEqual(yield* starting(start + minute, 1), ["b"])
    })
  )

  law(
    "pinned limits stay, whatever later messages say, and stay on when they are unpinned until one says more",
    Effect.gen(function* () {
      const limits = Effect.map(stored, ({ parallelism, period, rate }) => [parallelism, rate, period])
      yield* send(["a"], onlyOne)
      yield* changeFlow({ _tag: "Pin", parallelism: 3, rate: undefined, period: undefined })
      yield* send(["b"], { flowControl: { key: api, parallelism: 1, rate: 9, period: "1 minute" } })
      deepStrictEqual(yield* limits, [3, 9, minute])
      yield* changeFlow({ _tag: "Pin", parallelism: undefined, rate: 4, period: undefined })
      yield* send(["c"], { flowControl: { key: api, parallelism: 1, rate: 8, period: "1 hour" } })
      deepStrictEqual(yield* limits, [3, 4, second])
      deepStrictEqual(
        yield* Effect.map(stored, ({ isPinnedParallelism, isPinnedRate }) => [
          isPinnedParallelism,
          isPinnedRate
        ]),
        [true, true]
      )
      yield* changeFlow({ _tag: "Unpin", parallelism: true, rate: false })
      deepStrictEqual(yield* limits, [3, 4, second])
      yield* send(["d"], { flowControl: { key: api, parallelism: 2, rate: 8 } })
      deepStrictEqual(yield* limits, [2, 4, second])
      yield* changeFlow({ _tag: "Unpin", parallelism: false, rate: true })
      yield* send(["e"], { flowControl: { key: api, parallelism: 2 } })
      deepStrictEqual(yield* limits, [2, undefined, second])
    })
  )

  law(
    "a pin counts for those that wait already, and a pinned rate begins a new period",
    Effect.gen(function* () {
      yield* send(["a", "b", "c", "d"], limited({ rate: 1 }))
      deepStrictEqual(yield* starting(start), ["a"])
      deepStrictEqual(yield* starting(start), [])
      yield* changeFlow({ _tag: "Pin", parallelism: undefined, rate: 2, period: minute }, start + second)
      deepStrictEqual(yield* starting(start + second), ["b", "c"])
      deepStrictEqual(yield* Effect.map(stored, ({ started, windowStart }) => [started, windowStart]), [
        2,
        start + second
      ])
      yield* changeFlow({ _tag: "Pin", parallelism: 4, rate: undefined, period: undefined }, start + second)
      deepStrictEqual(yield* starting(start + second), [])
    })
  )

  law(
    "a reset ends the period, so that as many may start again",
    Effect.gen(function* () {
      yield* send(["a", "b", "c"], limited({ rate: 1 }))
      deepStrictEqual(yield* starting(start), ["a"])
      deepStrictEqual(yield* starting(start), [])
      yield* changeFlow({ _tag: "ResetRate" }, start + second)
      deepStrictEqual(yield* Effect.map(stored, ({ started, windowStart }) => [started, windowStart]), [
        0,
        undefined
      ])
      deepStrictEqual(yield* starting(start + second), ["b"])
      deepStrictEqual(yield* starting(start + second), [])
      // The lease of a ends with what would have been its period.
      deepStrictEqual(yield* starting(start + second + minute, 1), ["c"])
    })
  )

  law(
    "a period that is over does not come back with a longer one",
    Effect.gen(function* () {
      yield* send(["a"], { flowControl: { key: api, rate: 1, period: "1 second" } })
      deepStrictEqual((yield* claimByName(start, 1, 10 * minute)).names, ["a"])
      yield* send(["b"], { flowControl: { key: api, rate: 1, period: "1 hour" } }, start + minute)
      deepStrictEqual(yield* starting(start + minute), ["b"])
    })
  )

  law(
    "a looser limit of a later message counts for those that wait already",
    Effect.gen(function* () {
      yield* send(["a", "b", "c", "d"], onlyOne)
      deepStrictEqual(yield* starting(start), ["a"])
      deepStrictEqual(yield* starting(start), [])
      yield* send(["e"], limited({ parallelism: 3 }))
      deepStrictEqual(yield* starting(start), ["b", "c"])
    })
  )

  law(
    "idle keys are forgotten when there would be too many, and those in use, paused, pinned or in a period stay",
    Effect.gen(function* () {
      const store = yield* Store
      const accept = (...keys: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          const drafts = yield* Effect.forEach(keys, (key) =>
            draftOf({ flowControl: { key: FlowControlKey.make(key), rate: 1, period: minute } }, start)
          )
          const request = accepting(start)
          const accepted = yield* store.accept({
            ...request,
            drafts,
            limits: { ...request.limits, maxFlowControlKeys: 4 }
          })
          return accepted._tag === "Accepted" ? accepted.messages.flat() : accepted
        })
      const alter = (key: string, change: FlowControlChange, now = start) =>
        store.changeFlowControl({ tenantId: acme, key: FlowControlKey.make(key), change, now, limit: 4 })
      const keys = Effect.map(store.listFlowControl(acme), (all) =>
        all.map(({ flowControlKey }) => flowControlKey)
      )
      const full = { _tag: "OverLimit", limit: "maxFlowControlKeys" } as const
      yield* accept("ran")
      yield* settle((yield* claim(start)).map(delivered))
      yield* accept("used")
      yield* alter("paused", { _tag: "Pause" })
      yield* alter("pinned", { _tag: "Pin", parallelism: 1, rate: undefined, period: undefined })
      // The period of the one that ran is not over.
      deepStrictEqual(yield* accept("new"), full)
      strictEqual(yield* alter("new", { _tag: "Resume" }, start + minute - 1), "full")
      strictEqual(yield* alter("new", { _tag: "Resume" }, start + minute), "stored")
      deepStrictEqual(yield* keys, ["used", "paused", "pinned", "new"])
      yield* alter("paused", { _tag: "Resume" })
      yield* alter("pinned", { _tag: "Unpin", parallelism: true, rate: false })
      // One of the drafts has an idle key, which then counts as a new one.
      deepStrictEqual(yield* accept("new", "a", "b", "c"), full)
      deepStrictEqual(yield* keys, ["used"])
      deepStrictEqual(yield* accept("x", "y", "x", "z", "q"), full)
      yield* accept("x", "y", "z")
      deepStrictEqual(yield* accept("new"), full)
      yield* cancel((yield* store.listMessages(acme)).slice(0, 2).map(({ messageId }) => messageId))
      yield* accept("new")
      deepStrictEqual(yield* keys, ["y", "z", "new"])
    })
  )

  law(
    "keys do not hold up one another, nor the same key of another tenant",
    Effect.gen(function* () {
      yield* send(["a", "b"], onlyOne)
      yield* send(["c", "d"], { flowControl: { key: FlowControlKey.make("other"), parallelism: 1 } })
      deepStrictEqual(yield* starting(start), ["a", "c"])
    })
  )
}
