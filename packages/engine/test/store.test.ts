import { QueueName, UrlGroupName } from "@effect-qstash/domain"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { Store } from "@effect-qstash/engine/Store"
import { StoredMessageSettings, StoredScheduleSettings } from "@effect-qstash/engine/StoredSettings"
import { describe, it } from "@effect/vitest"
import { assertTrue, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer, Schema } from "effect"
import { megabyte, usedBytes } from "./harness.ts"
import {
  accepting,
  acme,
  api,
  cancel,
  changeFlow,
  claim,
  delivered,
  destination,
  draftOf,
  type DraftInput,
  failed,
  id,
  idsOf,
  limits,
  minute,
  prune,
  retried,
  second,
  send,
  settle,
  tokensOf,
  unlimited,
  upsert
} from "../src/internal/storeLaws/given.ts"
import * as StoreLaws from "@effect-qstash/engine/StoreLaws"

StoreLaws.laws("memory", MemoryStore.layer)

/** The settings as they are once they have been text. */
const asJson = <A, I>(schema: Schema.Schema<A, I>) => {
  const json = Schema.parseJson(schema)
  const encode = Schema.encodeSync(json)
  const decode = Schema.decodeSync(json)
  return (value: A): A => decode(encode(value))
}
const messageSettings = asJson(StoredMessageSettings)
const scheduleSettings = asJson(StoredScheduleSettings)

/** As a Store does that keeps settings in a database. */
const throughJson = Layer.effect(
  Store,
  Effect.map(MemoryStore.make, (store): Store.Service => ({
    ...store,
    upsertSchedule: (request) =>
      store.upsertSchedule({ ...request, settings: scheduleSettings(request.settings) }),
    accept: (request) =>
      store.accept({
        ...request,
        drafts: request.drafts.map((draft) => ({ ...draft, settings: messageSettings(draft.settings) }))
      })
  }))
)

StoreLaws.laws("memory, settings as JSON", throughJson, { runs: 20 })

const pruneAll = (now: number) => prune(now, now)

/** Does it so often, and then several times as often again, which has to leave nothing behind. */
const doesNotGrow = <E>(
  title: string,
  round: (count: number) => Effect.Effect<unknown, E, Store>,
  rounds = 500
): void => {
  const times = (from: number, to: number) =>
    Effect.gen(function* () {
      for (let count = from; count < to; count++) yield* round(count)
      // Forgotten is what has been pruned; and the Store has had some time to clean up.
      yield* pruneAll(Infinity)
    })
  it.effect(
    `does not grow with ${title}`,
    () =>
      Effect.gen(function* () {
        yield* times(0, rounds)
        const before = yield* usedBytes
        yield* times(rounds, 5 * rounds)
        assertTrue((yield* usedBytes) - before < megabyte)
      }).pipe(Effect.provide(MemoryStore.layer)),
    60_000
  )
}

describe("MemoryStore", () => {
  doesNotGrow("overwrites", (count) => upsert(id(`job-${count % 3}`), { cron: "0 * * * *" }, count, 3), 2_000)

  doesNotGrow("the messages of schedules that come and go", (count) =>
    Effect.gen(function* () {
      const now = count * minute
      if (count === 0) yield* upsert(id("job"), {}, now)
      const store = yield* Store
      yield* store.claimDueSchedules({ now, limit: 1, limits })
      const leases = yield* claim(now, 10, minute / 2)
      // One lease in three is slept through, one is given back.
      if (count % 3 === 1) yield* store.release(tokensOf(leases))
      if (count % 3 === 2) yield* settle(leases.map(delivered), now)
    })
  )

  doesNotGrow("messages of every kind that come and go, nor with their log", (count) =>
    Effect.gen(function* () {
      const now = count * minute
      const store = yield* Store
      const queueName = QueueName.make("mail")
      const flowControl = { key: api, parallelism: 2, rate: 2, period: second }
      const callback = "https://api.example.com/done"
      yield* send(["plain", "late"], { delay: "1 minute" }, now)
      yield* send(["queued", "held"], { queueName, callback, failureCallback: callback }, now)
      yield* send(["limited", "more", "most"], { flowControl }, now)
      yield* send(["both"], { flowControl, queueName }, now)
      const leases = yield* claim(now + second, 100, minute)
      yield* settle(
        leases.map((lease, index) =>
          index % 3 === 0 ? delivered(lease) : index % 3 === 1 ? failed(lease) : retried(lease, now)
        ),
        now + second
      )
      yield* changeFlow({ _tag: count % 2 === 0 ? "Pause" : "Resume" }, now)
      yield* claim(now + 2 * second, 3, minute)
      yield* cancel(idsOf((yield* store.listMessages(acme)).slice(0, -2)), now)
      // What is under way goes with the end of its lease.
      yield* claim(now + 2 * minute, 100, 1)
      yield* cancel(idsOf(yield* store.listMessages(acme)), now + 2 * minute)
      yield* claim(now + 3 * minute)
      strictEqual((yield* store.listMessages(acme)).length, 0)
    })
  )

  doesNotGrow("destinations that come and go, with and without a wait for a slot", (count) =>
    Effect.gen(function* () {
      const now = count * minute
      const slots = { perTenant: 2, perDestination: 1 }
      for (const host of ["one", "two", "three"]) {
        yield* send(["a", "b"], { destination: `https://${host}-${count}.example.com` }, now)
      }
      for (let leases = yield* claim(now, 9, minute, slots); leases.length > 0;) {
        yield* settle(leases.map(delivered), now)
        leases = yield* claim(now, 9, minute, slots)
      }
      strictEqual((yield* Effect.flatMap(Store, (store) => store.listMessages(acme))).length, 0)
    })
  )

  doesNotGrow("dead letters that are deleted or tried again", (count) =>
    Effect.gen(function* () {
      const now = count * minute
      const store = yield* Store
      yield* send(["a", "b"], {}, now)
      yield* settle((yield* claim(now)).map(failed), now)
      const taking = { tenantId: acme, criteria: {}, after: undefined, count: 1, now }
      yield* store.takeDeadLetters({ ...taking, retry: { retries: 0 } })
      yield* store.takeDeadLetters({ ...taking, retry: undefined })
      yield* settle((yield* claim(now)).map(delivered), now)
    })
  )

  doesNotGrow("the log and the dead letters that are pruned as time goes by", (count) =>
    Effect.gen(function* () {
      const now = count * minute
      yield* send(["a", "b", "c"], {}, now)
      yield* settle((yield* claim(now)).map(failed), now)
      if (count % 10 === 0) yield* pruneAll(now - 20 * minute)
    })
  )

  doesNotGrow("deduplication keys", (count) =>
    Effect.gen(function* () {
      const store = yield* Store
      const now = count * minute
      const drafts = [yield* draftOf({}, now, `key-${count}`)]
      yield* store.accept({ ...accepting(now), drafts })
      yield* settle((yield* claim(now)).map(delivered), now)
    })
  )

  doesNotGrow("queues and URL groups that are made and deleted", (count) =>
    Effect.gen(function* () {
      const store = yield* Store
      const now = count * minute
      const queueName = QueueName.make(`queue-${count}`)
      const urlGroup = UrlGroupName.make(`group-${count}`)
      yield* store.upsertEndpoints({
        tenantId: acme,
        urlGroup,
        endpoints: [{ url: destination }],
        now,
        limits
      })
      yield* send(["a", "b"], { queueName, destination: { urlGroup } }, now)
      const leases = yield* claim(now)
      yield* store.deleteQueue({ tenantId: acme, queueName, now })
      yield* store.deleteUrlGroup(acme, urlGroup)
      yield* settle(leases.map(delivered), now)
    })
  )

  const waitingFor: ReadonlyArray<readonly [what: string, input: DraftInput, slots: typeof unlimited]> = [
    ["a flow-control key", { flowControl: { key: api, parallelism: 1 } }, unlimited],
    ["a destination", {}, { perTenant: 10, perDestination: 1 }],
    ["a tenant", {}, { perTenant: 1, perDestination: 10 }]
  ]
  it.effect.each(waitingFor)(
    "finds the next of many messages that wait for a slot of %s without looking at the others",
    ([_what, input, slots]) =>
      Effect.gen(function* () {
        const store = yield* Store
        const draft = yield* draftOf(input, 0)
        yield* store.accept({ ...accepting(0), drafts: Array.from({ length: 20_000 }, () => draft) })
        for (let count = 0; count < 20_000; count++) {
          const leases = yield* claim(0, 1000, minute, slots)
          strictEqual(leases.length, 1)
          yield* settle(leases.map(delivered), 0)
        }
        strictEqual((yield* store.listMessages(acme)).length, 0)
      }).pipe(Effect.provide(MemoryStore.layer))
  )

  it.effect("moves many waiting messages between their key and their destination at once", () =>
    Effect.gen(function* () {
      const store = yield* Store
      const slots = { perTenant: 10, perDestination: 1 }
      const draft = yield* draftOf({ flowControl: { key: api, parallelism: 1 } }, 0)
      yield* store.accept({ ...accepting(0), drafts: Array.from({ length: 20_000 }, () => draft) })
      yield* changeFlow({ _tag: "Pause" }, 0)
      for (let count = 0; count < 20; count++) yield* claim(0, 1000, minute, slots)
      for (let count = 0; count < 20_000; count++) {
        // The lane waits for its key, then for its destination, which a plain message has taken meanwhile.
        yield* changeFlow({ _tag: "Pause" }, 0)
        yield* send(["plain"], {}, 0)
        const plain = yield* claim(0, 1000, minute, slots)
        strictEqual(plain.length, 1)
        yield* changeFlow({ _tag: "Resume" }, 0)
        strictEqual((yield* claim(0, 1000, minute, slots)).length, 0)
        yield* settle(plain.map(delivered), 0)
        const leases = yield* claim(0, 1000, minute, slots)
        strictEqual(leases.length, 1)
        yield* settle(leases.map(delivered), 0)
      }
      strictEqual((yield* store.listMessages(acme)).length, 0)
    }).pipe(Effect.provide(MemoryStore.layer))
  )

  it.effect(
    "cancels 200,000 messages of one queue, and not in quadratic time",
    () =>
      Effect.gen(function* () {
        const store = yield* Store
        const draft = yield* draftOf({ queueName: QueueName.make("mail") }, 0)
        const drafts = Array.from({ length: 100_000 }, () => draft)
        yield* store.accept({ ...accepting(0), drafts })
        yield* store.accept({ ...accepting(0), drafts })
        const { cancelled } = yield* store.cancel({ tenantId: acme, criteria: {}, limit: Infinity, now: 0 })
        strictEqual(cancelled, 200_000)
        strictEqual((yield* store.listMessages(acme)).length, 0)
      }).pipe(Effect.provide(MemoryStore.layer)),
    20_000
  )
})
