import { QueueName } from "@effect-qstash/domain/QueueName"
import { Store } from "../../Store.ts"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  accepting,
  api,
  cancel,
  changeFlow,
  claim,
  delivered,
  draftOf,
  type DraftInput,
  failed,
  idsOf,
  minute,
  nameOf,
  queue,
  second,
  send,
  settle,
  start,
  tokensOf
} from "./given.ts"
import type { Law } from "./law.ts"

const elsewhere = (name: string): string => `https://elsewhere.example.com/${name}`

/** Accepts a message of another tenant. */
const sendAs = (tenantId: string, name: string, input: DraftInput = {}) =>
  Effect.gen(function* () {
    const store = yield* Store
    const draft = yield* draftOf({ destination: `https://api.example.com/${name}`, ...input }, start)
    return yield* store.accept({ ...accepting(start), tenantId, drafts: [draft] })
  })

const claimWithin = (perTenant: number, perDestination: number, now = start, limit = 1000) =>
  claim(now, limit, minute, { perTenant, perDestination })

const namesOf = (leases: Effect.Effect.Success<ReturnType<typeof claim>>) =>
  leases.map(({ message }) => nameOf(message))

const isAtRest = Effect.gen(function* () {
  const store = yield* Store
  const { message } = yield* store.nextWake
  return message === undefined || message > start
})

export const laws = (law: Law): void => {
  law(
    "a destination whose slots are all taken does not keep the tenant's other messages from starting",
    Effect.gen(function* () {
      yield* send(["a", "b", "c", "d"])
      yield* send(["other"], { destination: elsewhere("other") })
      const leases = yield* claimWithin(10, 2)
      deepStrictEqual(namesOf(leases), ["a", "b", "other"])
      assertTrue(yield* isAtRest)
      yield* settle(leases.slice(0, 1).map(delivered))
      assertTrue(!(yield* isAtRest))
      deepStrictEqual(namesOf(yield* claimWithin(10, 2)), ["c"])
      assertTrue(yield* isAtRest)
    })
  )

  law(
    "a tenant whose slots are all taken does not keep the messages of another from starting",
    Effect.gen(function* () {
      yield* send(["a", "b", "c"])
      yield* send(["d"], { destination: elsewhere("d") })
      yield* sendAs("other", "theirs")
      const leases = yield* claimWithin(2, 10)
      deepStrictEqual(namesOf(leases), ["a", "b", "theirs"])
      yield* settle(leases.slice(1, 2).map(delivered))
      deepStrictEqual(namesOf(yield* claimWithin(2, 10)), ["c"])
    })
  )

  law(
    "two tenants do not share the slots of a destination",
    Effect.gen(function* () {
      yield* send(["a", "b"])
      yield* sendAs("other", "theirs")
      deepStrictEqual(namesOf(yield* claimWithin(10, 1)), ["a", "theirs"])
    })
  )

  law(
    "a destination is an origin: its paths, the case of its host and its default port do not matter",
    Effect.gen(function* () {
      for (const url of [
        "https://api.example.com/a",
        "https://API.example.com/b",
        "https://api.example.com:443/c?d",
        "https://user:secret@api.example.com/e",
        "https://api.example.com",
        "https://api.example.com:8443/port",
        "http://api.example.com/scheme",
        "https://api.example.com.other.com/host"
      ]) {
        yield* send([url], { destination: url })
      }
      deepStrictEqual(namesOf(yield* claimWithin(100, 1)), ["a", "port", "scheme", "host"])
    })
  )

  law(
    "messages that wait for a slot start in the order of their time and sequence",
    Effect.gen(function* () {
      const flowControl = { key: api, parallelism: 5 }
      yield* send(["late"], { delay: "10 seconds" })
      yield* send(["a"])
      yield* send(["b"], { destination: elsewhere("b") })
      yield* send(["c"], { flowControl })
      yield* send(["d"])
      yield* send(["early"], { delay: "5 seconds", flowControl })
      yield* send(["e"], { destination: elsewhere("e") })
      yield* send(["f"])
      yield* send(["g"], { flowControl })
      let leases = yield* claimWithin(1, 1, start + minute / 2)
      const order: Array<string> = []
      while (leases.length > 0) {
        order.push(...namesOf(leases))
        yield* settle(leases.map(delivered), start + minute / 2)
        leases = yield* claimWithin(1, 1, start + minute / 2)
      }
      deepStrictEqual(order, ["a", "b", "c", "d", "e", "f", "g", "early", "late"])
    })
  )

  law(
    "a slot is freed by a failure, a release and the end of a lease alike",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b", "c", "d"])
      const [a] = yield* claimWithin(1, 1)
      yield* settle([failed(a)])
      const b = yield* claimWithin(1, 1)
      deepStrictEqual(namesOf(b), ["b"])
      yield* store.release(tokensOf(b))
      const again = yield* claimWithin(1, 1)
      deepStrictEqual(namesOf(again), ["b"])
      deepStrictEqual(namesOf(yield* claimWithin(1, 1, start + 30_000)), [])
      // The end of the lease frees a slot, and the message is due again at that instant.
      deepStrictEqual(namesOf(yield* claimWithin(1, 1, start + minute)), ["b"])
      deepStrictEqual(yield* settle(again.map(delivered)), ["stale"])
      deepStrictEqual(namesOf(yield* claimWithin(1, 1, start + minute)), [])
    })
  )

  law(
    "a message that is cancelled while it waits for a slot frees none and is not started",
    Effect.gen(function* () {
      const accepted = yield* send(["a", "b", "c"])
      const leases = yield* claimWithin(1, 1)
      strictEqual(yield* cancel(idsOf(accepted.slice(1, 2))), 1)
      assertTrue(yield* isAtRest)
      yield* settle(leases.map(delivered))
      deepStrictEqual(namesOf(yield* claimWithin(1, 1)), ["c"])
    })
  )

  law(
    "a message that waits for a slot keeps its place in its queue, and gives it up when the queue is paused",
    Effect.gen(function* () {
      const store = yield* Store
      const queueName = QueueName.make("mail")
      yield* queue(2)
      yield* send(["a"])
      yield* send(["1", "2", "3"], { queueName })
      const leases = yield* claimWithin(1, 1)
      deepStrictEqual(namesOf(leases), ["a"])
      yield* store.setQueuePaused({ tenantId: "acme", queueName, isPaused: true, now: start })
      yield* settle(leases.map(delivered))
      deepStrictEqual(namesOf(yield* claimWithin(1, 1)), [])
      yield* store.setQueuePaused({ tenantId: "acme", queueName, isPaused: false, now: start })
      deepStrictEqual(namesOf(yield* claimWithin(9, 9)), ["1", "2"])
    })
  )

  law(
    "a message starts only if its key, its destination and its tenant all have a slot",
    Effect.gen(function* () {
      const flowControl = { key: api, parallelism: 2 }
      yield* send(["a", "b", "c"], { flowControl })
      yield* send(["plain"])
      const leases = yield* claimWithin(3, 2)
      deepStrictEqual(namesOf(leases), ["a", "b"])
      yield* settle(leases.slice(0, 1).map(delivered))
      yield* changeFlow({ _tag: "Pause" })
      const plain = yield* claimWithin(3, 2)
      deepStrictEqual(namesOf(plain), ["plain"])
      yield* changeFlow({ _tag: "Resume" })
      deepStrictEqual(namesOf(yield* claimWithin(3, 2)), [])
      yield* settle(plain.map(delivered))
      deepStrictEqual(namesOf(yield* claimWithin(3, 2)), ["c"])
    })
  )

  law(
    "a message that waits for a slot does not count against the rate of its key until it starts",
    Effect.gen(function* () {
      yield* send(["a"])
      yield* send(["b", "c"], { flowControl: { key: api, rate: 1, period: "1 minute" } })
      const leases = yield* claimWithin(1, 1)
      deepStrictEqual(namesOf(leases), ["a"])
      yield* settle(leases.map(delivered))
      const [b] = yield* claimWithin(1, 1, start + second)
      deepStrictEqual(namesOf(b === undefined ? [] : [b]), ["b"])
      yield* settle([delivered(b)], start + second)
      deepStrictEqual(namesOf(yield* claimWithin(1, 1, start + minute)), [])
      deepStrictEqual(namesOf(yield* claimWithin(1, 1, start + second + minute)), ["c"])
    })
  )

  law(
    "more slots take effect with the next claim, fewer as soon as those under way have ended",
    Effect.gen(function* () {
      yield* send(["a", "b", "c", "d", "e"])
      strictEqual((yield* claimWithin(1, 1)).length, 1)
      const three = yield* claimWithin(3, 3)
      deepStrictEqual(namesOf(three), ["b", "c"])
      deepStrictEqual(namesOf(yield* claimWithin(1, 1)), [])
      yield* settle(three.map(delivered))
      deepStrictEqual(namesOf(yield* claimWithin(1, 1)), [])
      deepStrictEqual(namesOf(yield* claimWithin(3, 3)), ["d", "e"])
    })
  )
}
