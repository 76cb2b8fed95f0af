import { Store } from "../../Store.ts"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  acme,
  cancel,
  claimByName,
  delivered,
  failed,
  idsOf,
  log,
  mail,
  minute,
  nameOf,
  queue,
  retried,
  send,
  settle,
  start,
  starting,
  unlimited
} from "./given.ts"
import type { Law } from "./law.ts"

const inMail = { queueName: mail }

const paused = (isPaused: boolean, now = start) =>
  Effect.flatMap(Store, (store) => store.setQueuePaused({ tenantId: acme, queueName: mail, isPaused, now }))

const stored = Effect.flatMap(Store, (store) => Effect.map(store.getQueue(acme, mail), Option.getOrThrow))

const lag = Effect.map(stored, (queued) => queued.lag)

export const laws = (law: Law): void => {
  law(
    "the head holds its place through its retries, and the next one starts when it is done",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b", "c"], inMail)
      strictEqual(yield* lag, 3)
      const first = yield* claimByName(start)
      deepStrictEqual(first.names, ["a"])
      deepStrictEqual(yield* settle([retried(first.leases["a"], start + minute)]), ["settled"])
      deepStrictEqual(yield* starting(start), [])
      strictEqual((yield* store.nextWake).message, start + minute)
      const second = yield* claimByName(start + minute)
      deepStrictEqual(second.names, ["a"])
      deepStrictEqual(yield* settle([failed(second.leases["a"])], start + minute), ["settled"])
      strictEqual(yield* lag, 2)
      const third = yield* claimByName(start + minute)
      deepStrictEqual(third.names, ["b"])
      yield* settle([delivered(third.leases["b"])], start + minute)
      deepStrictEqual(yield* starting(start + minute), ["c"])
      deepStrictEqual(yield* starting(start + minute), [])
    })
  )

  law(
    "a lease that is lost or given back does not lose its place",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b"], inMail)
      const lost = yield* claimByName(start, 10, 1000)
      deepStrictEqual(lost.names, ["a"])
      const again = yield* claimByName(start + 1000)
      deepStrictEqual(again.names, ["a"])
      yield* store.release([again.leases["a"]?.token ?? -1])
      deepStrictEqual(yield* starting(start + 1000), ["a"])
      strictEqual(yield* lag, 2)
    })
  )

  law(
    "a place is free only when the callbacks of its message are done as well, however they end",
    Effect.gen(function* () {
      yield* queue(2)
      yield* send(["a", "b"], {
        ...inMail,
        callback: "https://api.example.com/done",
        failureCallback: "https://api.example.com/failed"
      })
      yield* send(["c", "d"], inMail)
      const first = yield* claimByName(start)
      deepStrictEqual(first.names, ["a", "b"])
      yield* settle([delivered(first.leases["a"]), failed(first.leases["b"])])
      strictEqual(yield* lag, 2)
      // The callbacks are no part of the queue.
      const callbacks = yield* Effect.flatMap(Store, (store) =>
        store.claimDueMessages({ now: start, limit: 10, ...unlimited, leaseFor: minute })
      )
      const [done, doneToo, didFail] = callbacks.leases
      deepStrictEqual(
        callbacks.leases.map(({ message }) => nameOf(message)),
        ["done", "done", "failed"]
      )
      yield* settle([retried(done, start), delivered(doneToo)])
      deepStrictEqual(yield* starting(start), ["done"])
      // One callback of b is done, the other one is not.
      strictEqual(yield* cancel(idsOf(didFail === undefined ? [] : [didFail.message])), 1)
      yield* settle([failed(didFail)])
      const next = yield* claimByName(start)
      deepStrictEqual(next.names, ["c"])
      yield* settle([delivered(next.leases["c"])])
      deepStrictEqual(yield* starting(start), ["d"])
    })
  )

  law(
    "what is delivered while its queue is paused is not delivered again when it goes on",
    Effect.gen(function* () {
      yield* send(["a"], { ...inMail, callback: "https://api.example.com/done" })
      yield* send(["b"], inMail)
      const { leases } = yield* claimByName(start)
      yield* paused(true)
      yield* settle([delivered(leases["a"])])
      const callbacks = yield* claimByName(start)
      deepStrictEqual(callbacks.names, ["done"])
      yield* paused(false)
      deepStrictEqual(yield* starting(start), [])
      yield* settle([delivered(callbacks.leases["done"])])
      deepStrictEqual(yield* starting(start), ["b"])
    })
  )

  law(
    "what is delivered though it was to be cancelled is done, also where its queue is paused then",
    Effect.gen(function* () {
      const messageIds = idsOf(yield* send(["a"], { ...inMail, callback: "https://api.example.com/done" }))
      const { leases } = yield* claimByName(start)
      yield* cancel(messageIds)
      yield* settle([delivered(leases["a"])])
      yield* paused(true)
      deepStrictEqual(yield* starting(start), ["done"])
      deepStrictEqual(
        (yield* log).filter(({ state }) => state === "CANCELED"),
        []
      )
      yield* paused(false)
      deepStrictEqual(yield* starting(start), [])
    })
  )

  law(
    "each attempt's callback holds the place, not just that of the last one",
    Effect.gen(function* () {
      yield* send(["a"], { ...inMail, callback: "https://api.example.com/done" })
      yield* send(["b"], inMail)
      const first = yield* claimByName(start)
      yield* settle([retried(first.leases["a"], start)])
      const second = yield* claimByName(start)
      deepStrictEqual(second.names, ["a", "done"])
      yield* settle([delivered(second.leases["a"])])
      const third = yield* claimByName(start)
      deepStrictEqual(third.names, ["done"])
      yield* settle([delivered(third.leases["done"])])
      deepStrictEqual(yield* starting(start), [])
      yield* settle([failed(second.leases["done"])])
      deepStrictEqual(yield* starting(start), ["b"])
    })
  )

  law(
    "a cancelled message frees its place",
    Effect.gen(function* () {
      const messageIds = idsOf(yield* send(["a", "b", "c"], inMail))
      const { leases } = yield* claimByName(start)
      strictEqual(yield* cancel(messageIds.slice(0, 2)), 2)
      strictEqual(yield* lag, 2)
      deepStrictEqual(yield* starting(start), [])
      yield* settle([failed(leases["a"])])
      deepStrictEqual(yield* starting(start), ["c"])
    })
  )
}
