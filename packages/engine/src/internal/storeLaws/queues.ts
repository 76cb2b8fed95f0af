import { QueueName } from "@effect-qstash/domain/QueueName"
import { Store } from "../../Store.ts"
import { assertNone, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  accepting,
  acme,
  claimByName,
  claimSchedules,
  delivered,
  draftOf,
  failed,
  id,
  mail,
  minute,
  nameOf,
  queue,
  retried,
  send,
  settle,
  start,
  limits,
  starting,
  steps,
  upsert,
  unlimited
} from "./given.ts"
import type { Law } from "./law.ts"

const inMail = { queueName: mail }

const paused = (isPaused: boolean, now = start) =>
  Effect.flatMap(Store, (store) => store.setQueuePaused({ tenantId: acme, queueName: mail, isPaused, now }))

const stored = Effect.flatMap(Store, (store) => Effect.map(store.getQueue(acme, mail), Option.getOrThrow))

const lag = Effect.map(stored, (queued) => queued.lag)

const remove = (now = start) =>
  Effect.flatMap(Store, (store) => store.deleteQueue({ tenantId: acme, queueName: mail, now }))

export const laws = (law: Law): void => {
  law(
    "an empty one has no queue, finds none, and does not mind the deletion of none",
    Effect.gen(function* () {
      const store = yield* Store
      deepStrictEqual(yield* store.listQueues(acme), [])
      assertNone(yield* store.getQueue(acme, mail))
      strictEqual(yield* paused(true), false)
      deepStrictEqual(yield* remove(), { events: [] })
    })
  )

  law(
    "a queue is created, changed and listed, the oldest first; what is left out stays",
    Effect.gen(function* () {
      const store = yield* Store
      const other = QueueName.make("a")
      strictEqual(yield* queue(3), "stored")
      strictEqual(
        yield* store.upsertQueue({
          tenantId: acme,
          queueName: other,
          parallelism: 1,
          isPaused: true,
          now: start + 1,
          limit: 2
        }),
        "stored"
      )
      deepStrictEqual(yield* store.listQueues(acme), [
        { queueName: mail, createdAt: start, updatedAt: start, parallelism: 3, isPaused: false, lag: 0 },
        {
          queueName: other,
          createdAt: start + 1,
          updatedAt: start + 1,
          parallelism: 1,
          isPaused: true,
          lag: 0
        }
      ])
      yield* store.upsertQueue({
        tenantId: acme,
        queueName: other,
        parallelism: 2,
        isPaused: undefined,
        now: start + 2,
        limit: 2
      })
      deepStrictEqual(Option.getOrThrow(yield* store.getQueue(acme, other)), {
        queueName: other,
        createdAt: start + 1,
        updatedAt: start + 2,
        parallelism: 2,
        isPaused: true,
        lag: 0
      })
      assertNone(yield* store.getQueue("other", mail))
    })
  )

  law(
    "a queue that would be one too many is refused, and one that is there is not",
    Effect.gen(function* () {
      const store = yield* Store
      const upsertQueue = (name: string) =>
        store.upsertQueue({
          tenantId: acme,
          queueName: QueueName.make(name),
          parallelism: 1,
          isPaused: undefined,
          now: start,
          limit: 2
        })
      strictEqual(yield* upsertQueue("a"), "stored")
      strictEqual(yield* upsertQueue("b"), "stored")
      strictEqual(yield* upsertQueue("c"), "full")
      strictEqual(yield* upsertQueue("a"), "stored")
      const accept = (...names: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          const drafts = yield* Effect.forEach(names, (name) =>
            draftOf({ queueName: QueueName.make(name) }, start)
          )
          return (yield* store.accept({ ...accepting(start), drafts, limits: { ...limits, maxQueues: 3 } }))
            ._tag
        })
      strictEqual(yield* accept("c", "d"), "OverLimit")
      strictEqual((yield* store.listMessages(acme)).length, 0)
      strictEqual((yield* store.listQueues(acme)).length, 2)
      strictEqual(yield* accept("c", "a", "c"), "Accepted")
      strictEqual(yield* accept("d"), "OverLimit")
      strictEqual(yield* accept("c"), "Accepted")
      // Another tenant's queues are no matter of this one.
      strictEqual(
        (yield* store.accept({
          ...accepting(start),
          tenantId: "other",
          drafts: [yield* draftOf({ queueName: QueueName.make("d") }, start)],
          limits: { ...limits, maxQueues: 1 }
        }))._tag,
        "Accepted"
      )
    })
  )

  law(
    "a delayed head keeps the others waiting",
    Effect.gen(function* () {
      yield* send(["late"], { ...inMail, delay: "1 minute" })
      yield* send(["early"], inMail)
      deepStrictEqual(yield* starting(start), [])
      const { leases, names } = yield* claimByName(start + minute)
      deepStrictEqual(names, ["late"])
      yield* settle([delivered(leases["late"])], start + minute)
      deepStrictEqual(yield* starting(start + minute), ["early"])
    })
  )

  law(
    "as many may be under way as the parallelism says, also after it has changed",
    Effect.gen(function* () {
      yield* queue(3)
      yield* send(["a", "b", "c", "d", "e", "f"], inMail)
      const { leases, names } = yield* claimByName(start)
      deepStrictEqual(names, ["a", "b", "c"])
      yield* queue(1)
      yield* settle([delivered(leases["b"])])
      deepStrictEqual(yield* starting(start), [])
      // c is not the first, but it is under way, and what has begun goes on.
      yield* settle([retried(leases["c"], start)])
      deepStrictEqual(yield* starting(start), [])
      yield* settle([delivered(leases["a"])])
      const next = yield* claimByName(start)
      deepStrictEqual(next.names, ["c"])
      yield* queue(4)
      deepStrictEqual(yield* starting(start), ["d", "e", "f"])
    })
  )

  law(
    "a paused queue starts nothing and accepts all; what is under way goes on, and its retry waits",
    Effect.gen(function* () {
      const store = yield* Store
      yield* queue(2)
      yield* send(["a", "b", "c"], inMail)
      const { leases } = yield* claimByName(start)
      assertTrue(yield* paused(true))
      yield* send(["d"], inMail)
      strictEqual(yield* lag, 4)
      yield* settle([delivered(leases["a"]), retried(leases["b"], start + 1)])
      deepStrictEqual(yield* starting(start + minute), [])
      deepStrictEqual(yield* store.nextWake, { schedule: undefined, message: undefined })
      assertTrue(yield* paused(false))
      deepStrictEqual(yield* starting(start + minute), ["c", "b"])
      strictEqual(yield* lag, 3)
    })
  )

  law(
    "a pause and a resume tell their time where they change something, and are remembered",
    Effect.gen(function* () {
      const times = Effect.map(stored, ({ isPaused, updatedAt }) => [isPaused, updatedAt - start])
      yield* queue(1)
      assertTrue(yield* paused(false, start + 1))
      deepStrictEqual(yield* times, [false, 0])
      assertTrue(yield* paused(true, start + 2))
      assertTrue(yield* paused(true, start + 3))
      deepStrictEqual(yield* times, [true, 2])
      yield* queue(1, undefined, start + 4)
      deepStrictEqual(yield* times, [true, 4])
      yield* queue(1, false, start + 5)
      deepStrictEqual(yield* times, [false, 5])
    })
  )

  law(
    "a leased message whose lease ends while its queue is paused waits for the resume",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a"], inMail)
      const { leases } = yield* claimByName(start, 10, 1000)
      yield* paused(true)
      deepStrictEqual(yield* starting(start + minute), [])
      deepStrictEqual(yield* settle([delivered(leases["a"])], start + minute), ["stale"])
      deepStrictEqual(yield* store.nextWake, { schedule: undefined, message: undefined })
      yield* paused(false)
      deepStrictEqual(yield* starting(start + minute), ["a"])
    })
  )

  law(
    "a deleted queue is gone with its messages; one under way ends, and is not tried again",
    Effect.gen(function* () {
      const store = yield* Store
      yield* queue(2)
      yield* send(["a", "b", "c"], inMail)
      yield* send(["elsewhere"], { queueName: QueueName.make("other") })
      const { leases } = yield* claimByName(start, 2)
      const { events } = yield* remove(start + 1)
      deepStrictEqual(steps(events), [
        "CANCEL_REQUESTED a#0",
        "CANCEL_REQUESTED b#0",
        "CANCEL_REQUESTED c#0",
        "CANCELED c#0"
      ])
      assertNone(yield* store.getQueue(acme, mail))
      deepStrictEqual((yield* store.listMessages(acme)).map(nameOf), ["a", "b", "elsewhere"])
      deepStrictEqual(yield* settle([delivered(leases["a"]), retried(leases["b"], start)]), [
        "settled",
        "settled"
      ])
      deepStrictEqual((yield* store.listMessages(acme)).map(nameOf), ["elsewhere"])
      deepStrictEqual(yield* starting(start + minute), ["elsewhere"])
    })
  )

  law(
    "a queue made again under an old name knows nothing of the old one",
    Effect.gen(function* () {
      const store = yield* Store
      yield* queue(5, true)
      yield* send(["old"], inMail)
      yield* paused(false)
      const { leases } = yield* claimByName(start)
      yield* remove()
      yield* send(["new", "newer"], inMail, start + 1)
      deepStrictEqual(yield* store.listQueues(acme), [
        {
          queueName: mail,
          createdAt: start + 1,
          updatedAt: start + 1,
          parallelism: 1,
          isPaused: false,
          lag: 2
        }
      ])
      deepStrictEqual(yield* starting(start + 1), ["new"])
      yield* settle([delivered(leases["old"])], start + 1)
      strictEqual(yield* lag, 2)
      deepStrictEqual(yield* starting(start + 1), [])
    })
  )

  law(
    "a message given back to a queue that was deleted meanwhile is cancelled, not delivered",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a"], inMail)
      const { leases } = yield* claimByName(start)
      yield* remove()
      yield* store.release([leases["a"]?.token ?? -1])
      deepStrictEqual(yield* starting(start), [])
      deepStrictEqual(yield* store.listMessages(acme), [])
    })
  )

  law(
    "a schedule's messages go through its queue, which keeps its parallelism",
    Effect.gen(function* () {
      const store = yield* Store
      yield* upsert(id("a"), inMail)
      yield* upsert(id("b"), inMail)
      yield* claimSchedules(start + minute)
      strictEqual((yield* stored).parallelism, 1)
      deepStrictEqual(yield* starting(start + minute), ["jobs"])
      yield* queue(2, undefined, start + minute)
      yield* claimSchedules(start + 2 * minute)
      strictEqual((yield* stored).parallelism, 2)
      strictEqual(yield* lag, 4)
      // The lease of the first one is over, so both may start.
      const { leases } = yield* store.claimDueMessages({
        now: start + 2 * minute,
        limit: 10,
        ...unlimited,
        leaseFor: minute
      })
      deepStrictEqual(
        leases.map(({ message }) => message.scheduleId),
        [id("b"), id("a")]
      )
    })
  )

  law(
    "queues do not hold up one another, nor messages in none",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b"], inMail)
      yield* send(["c", "d"], { queueName: QueueName.make("other") })
      yield* send(["e"])
      deepStrictEqual(yield* starting(start), ["a", "c", "e"])
      strictEqual(yield* store.countLeased(acme), 3)
    })
  )

  law(
    "one claim never takes two of a queue, however many claim at the same time",
    Effect.gen(function* () {
      yield* send(
        Array.from({ length: 20 }, (_, index) => `m${index}`),
        inMail
      )
      const claims = yield* Effect.forEach(Array.from({ length: 10 }), () => starting(start), {
        concurrency: "unbounded"
      })
      deepStrictEqual(claims.flat(), ["m0"])
    })
  )

  law(
    "a dead letter that is tried again goes to the end of its queue, which is made again where it is gone",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b", "c"], inMail)
      const { leases } = yield* claimByName(start)
      yield* settle([failed(leases["a"])])
      yield* store.takeDeadLetters({
        tenantId: acme,
        criteria: {},
        after: undefined,
        count: 10,
        now: start,
        retry: { retries: undefined }
      })
      deepStrictEqual((yield* store.listMessages(acme)).map(nameOf), ["b", "c", "a"])
      strictEqual(yield* lag, 3)
      const next = yield* claimByName(start)
      deepStrictEqual(next.names, ["b"])
      yield* settle([failed(next.leases["b"])])
      yield* remove()
      yield* store.takeDeadLetters({
        tenantId: acme,
        criteria: {},
        after: undefined,
        count: 10,
        now: start,
        retry: { retries: undefined }
      })
      strictEqual(yield* lag, 1)
      deepStrictEqual(yield* starting(start), ["b"])
    })
  )
}
