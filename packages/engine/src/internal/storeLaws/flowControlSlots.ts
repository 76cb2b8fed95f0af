import { QueueName } from "@effect-qstash/domain/QueueName"
import { Store } from "../../Store.ts"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  acme,
  api,
  cancel,
  claimByName,
  delivered,
  idsOf,
  mail,
  minute,
  queue,
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

const nextMessage = Effect.flatMap(Store, (store) => Effect.map(store.nextWake, ({ message }) => message))

export const laws = (law: Law): void => {
  law(
    "a slot that comes free is used, though the message that was next for it is cancelled before it starts",
    Effect.gen(function* () {
      const messageIds = idsOf(yield* send(["a", "b", "c"], onlyOne))
      const { leases, names } = yield* claimByName(start)
      deepStrictEqual(names, ["a"])
      deepStrictEqual(yield* starting(start), [])
      yield* settle([delivered(leases["a"])])
      // Looked at by a claim that can take none.
      deepStrictEqual(yield* starting(start, 0), [])
      strictEqual(yield* cancel(messageIds.slice(1, 2)), 1)
      deepStrictEqual(yield* starting(start), ["c"])
    })
  )

  law(
    "the end of a period is noticed by those that wait on when others have used up the next one",
    Effect.gen(function* () {
      yield* send(["a", "b", "c"], limited({ rate: 1 }))
      for (const [index, name] of ["a", "b", "c"].entries()) {
        const now = start + index * minute
        deepStrictEqual((yield* claimByName(now, 1, 60 * minute)).names, [name])
        deepStrictEqual(yield* starting(now), [])
        if (name !== "c") strictEqual(yield* nextMessage, now + minute)
      }
    })
  )

  law(
    "a slot given back by a message that is cancelled then goes to the next one",
    Effect.gen(function* () {
      const store = yield* Store
      const [first] = idsOf(yield* send(["a", "b"], onlyOne))
      const { leases } = yield* claimByName(start)
      deepStrictEqual(yield* starting(start), [])
      yield* store.release([leases["a"]?.token ?? -1])
      strictEqual(yield* cancel(first === undefined ? [] : [first]), 1)
      deepStrictEqual(yield* starting(start), ["b"])
    })
  )

  law(
    "an attempt that is given back still counts against the rate",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b"], limited({ rate: 1 }))
      const { leases } = yield* claimByName(start)
      yield* store.release([leases["a"]?.token ?? -1])
      deepStrictEqual(yield* starting(start), [])
      strictEqual(yield* nextMessage, start + minute)
      deepStrictEqual(yield* starting(start + minute), ["a"])
    })
  )

  law(
    "a slot whose lease has ended goes to the next one where its own message may not start",
    Effect.gen(function* () {
      const [cancelled] = idsOf(yield* send(["a"], onlyOne))
      yield* send(["b"], { ...onlyOne, queueName: mail })
      yield* send(["c"], onlyOne)
      deepStrictEqual((yield* claimByName(start, 10, second)).names, ["a"])
      deepStrictEqual(yield* starting(start), [])
      yield* cancel(cancelled === undefined ? [] : [cancelled])
      deepStrictEqual((yield* claimByName(start + second, 10, second)).names, ["b"])
      yield* queue(1, true)
      deepStrictEqual(yield* starting(start + 2 * second), ["c"])
    })
  )

  law(
    "a slot whose message went back to a paused queue goes to the next one",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a"], { ...onlyOne, queueName: mail })
      yield* send(["b"], onlyOne)
      const { leases, names } = yield* claimByName(start)
      deepStrictEqual(names, ["a"])
      yield* queue(1, true)
      yield* store.release([leases["a"]?.token ?? -1])
      deepStrictEqual(yield* starting(start), ["b"])
    })
  )

  law(
    "a slot for a message whose queue is paused or deleted before it starts goes to the next one",
    Effect.gen(function* () {
      const store = yield* Store
      const other = QueueName.make("other")
      yield* send(["a"], onlyOne)
      yield* send(["b"], { ...onlyOne, queueName: mail })
      yield* send(["c"], { ...onlyOne, queueName: other })
      yield* send(["d"], onlyOne)
      const { leases } = yield* claimByName(start)
      yield* settle([delivered(leases["a"])])
      yield* queue(1, true)
      yield* store.deleteQueue({ tenantId: acme, queueName: other, now: start })
      deepStrictEqual(yield* starting(start), ["d"])
    })
  )

  law(
    "a slot that is free while others are claimed first goes on to the next one when its message drops out",
    Effect.gen(function* () {
      const [, cancelled] = idsOf(yield* send(["a", "b"], onlyOne))
      yield* send(["c"], { ...onlyOne, queueName: mail })
      yield* send(["d"], onlyOne)
      const { leases } = yield* claimByName(start)
      deepStrictEqual(yield* starting(start), [])
      yield* settle([delivered(leases["a"])])
      // Each of these is due before the one that the slot is free for, so the claim ends before it.
      const takeAnother = Effect.gen(function* () {
        yield* send(["earlier"], {}, start - second)
        deepStrictEqual(yield* starting(start, 1), ["earlier"])
      })
      yield* takeAnother
      yield* cancel(cancelled === undefined ? [] : [cancelled])
      yield* takeAnother
      yield* queue(1, true)
      deepStrictEqual(yield* starting(start), ["d"])
    })
  )
}
