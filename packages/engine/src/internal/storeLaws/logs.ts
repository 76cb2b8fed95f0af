import type { DeliveryEvent } from "../../DeliveryEvent.ts"
import type { PageRequest, StoredPage } from "../../Rows.ts"
import { Store } from "../../Store.ts"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  accepting,
  acme,
  all,
  answer,
  cancel,
  claimByName,
  createdIn,
  deadLetters,
  delivered,
  draftOf,
  failed,
  nameOf,
  idsOf,
  log,
  mail,
  minute,
  prune,
  retried,
  second,
  send,
  settle,
  start,
  starting,
  steps,
  unlimited
} from "./given.ts"
import type { Law } from "./law.ts"

/** Follows the pages to the end, each of another count, with what happens in between. */
const follow = <A, E, PageE>(
  page: (request: PageRequest) => Effect.Effect<StoredPage<A>, PageE>,
  order: PageRequest["order"],
  counts: ReadonlyArray<number>,
  between: Effect.Effect<unknown, E, Store> = Effect.void
) =>
  Effect.gen(function* () {
    const found: Array<A> = []
    let after: number | undefined
    for (let index = 0; ; index++) {
      const count = counts[index % counts.length] ?? 1
      const { items, last } = yield* page({
        tenantId: acme,
        criteria: {},
        after,
        count,
        maxBytes: Infinity,
        order
      })
      found.push(...items)
      strictEqual(items.length <= count, true)
      if (last === undefined) return found
      after = last
      yield* between
    }
  })

/** Something of each kind. */
const eventful = Effect.gen(function* () {
  yield* send(["a", "b", "c", "d"], { delay: "1 second" })
  const first = yield* claimByName(start + second)
  yield* settle(
    [delivered(first.leases["a"]), failed(first.leases["b"]), retried(first.leases["c"], start + minute)],
    start + 2 * second
  )
  yield* cancel(idsOf(Object.values(first.leases).map(({ message }) => message)), start + 3 * second)
})

export const laws = (law: Law): void => {
  law(
    "an empty one has no log",
    Effect.gen(function* () {
      const store = yield* Store
      deepStrictEqual(yield* store.pageLogs({ tenantId: acme, ...all }), { items: [], last: undefined })
      yield* prune(Infinity, Infinity)
    })
  )

  law(
    "every verb writes what it did, and returns what it wrote",
    Effect.gen(function* () {
      const store = yield* Store
      const told: Array<DeliveryEvent> = []
      const tell = <A extends { readonly events: ReadonlyArray<DeliveryEvent> }, E>(
        verb: Effect.Effect<A, E>
      ): Effect.Effect<A, E> => Effect.tap(verb, ({ events }) => Effect.sync(() => told.push(...events)))
      const [a, b] = idsOf(yield* send(["a", "b"], { queueName: mail }))
      const { items } = yield* store.pageLogs({ tenantId: acme, ...all })
      told.push(...items)
      const claimed = tell(store.claimDueMessages({ now: start, limit: 10, ...unlimited, leaseFor: second }))
      const settled = (settlement: typeof delivered) =>
        Effect.flatMap(claimed, ({ leases }) =>
          tell(
            store.settle({
              settlements: leases.map(settlement),
              now: start,
              maxPendingBytes: Infinity
            })
          )
        )
      yield* settled((lease) => retried(lease, start))
      yield* settled(failed)
      yield* tell(
        store.takeDeadLetters({
          tenantId: acme,
          criteria: {},
          after: undefined,
          count: 1,
          now: start,
          retry: { retries: undefined }
        })
      )
      yield* settled(delivered)
      yield* claimed
      yield* tell(store.deleteQueue({ tenantId: acme, queueName: mail, now: start }))
      deepStrictEqual(yield* log, told)
      deepStrictEqual(steps(told), [
        "CREATED a#0",
        "CREATED b#0",
        "ACTIVE a#0",
        "ERROR a#0",
        "RETRY a#0",
        "ACTIVE a#1",
        "ERROR a#1",
        "FAILED a#1",
        "CREATED a#0",
        "ACTIVE b#0",
        "DELIVERED b#0",
        "ACTIVE a#0",
        "CANCEL_REQUESTED a#0"
      ])
      deepStrictEqual([a, b].includes(undefined), false)
    })
  )

  law(
    "an entry tells the answer, the error and the next time, and the message as it was then",
    Effect.gen(function* () {
      yield* eventful
      const response = {
        responseStatus: 500,
        responseHeaders: answer(500).headers,
        responseBody: new TextEncoder().encode("broken")
      }
      const { response: _, ...details } = { response, error: "the destination answered 500" }
      deepStrictEqual(
        (yield* log).map(({ message, ...entry }) => ({
          ...entry,
          of: steps([{ ...entry, message }]).join()
        })),
        [
          ...["a", "b", "c", "d"].map((name) => ({
            time: start,
            state: "CREATED",
            nextDeliveryTime: start + second,
            of: `CREATED ${name}#0`
          })),
          ...["a", "b", "c", "d"].map((name) => ({
            time: start + second,
            state: "ACTIVE",
            of: `ACTIVE ${name}#0`
          })),
          {
            time: start + 2 * second,
            state: "DELIVERED",
            responseStatus: 200,
            responseHeaders: answer(200).headers,
            responseBody: new Uint8Array(),
            of: "DELIVERED a#0"
          },
          { time: start + 2 * second, state: "ERROR", ...response, ...details, of: "ERROR b#0" },
          { time: start + 2 * second, state: "FAILED", ...response, ...details, of: "FAILED b#0" },
          {
            time: start + 2 * second,
            state: "ERROR",
            error: "connection refused",
            nextDeliveryTime: start + minute,
            of: "ERROR c#0"
          },
          {
            time: start + 2 * second,
            state: "RETRY",
            nextDeliveryTime: start + minute,
            of: "RETRY c#0"
          },
          { time: start + 3 * second, state: "CANCEL_REQUESTED", of: "CANCEL_REQUESTED c#1" },
          { time: start + 3 * second, state: "CANCELED", of: "CANCELED c#1" },
          { time: start + 3 * second, state: "CANCEL_REQUESTED", of: "CANCEL_REQUESTED d#0" }
        ]
      )
    })
  )

  law(
    "each tenant has a log of its own",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a"])
      deepStrictEqual((yield* store.pageLogs({ tenantId: "other", ...all })).items, [])
    })
  )

  law(
    "pages of any counts give every entry exactly once, in both orders, whatever is written in between",
    Effect.gen(function* () {
      const store = yield* Store
      yield* eventful
      const before = yield* log
      const more = send(["more"])
      for (const counts of [[1], [2], [3, 1, 4], [100], [before.length], [before.length - 1]]) {
        const known = yield* log
        deepStrictEqual(yield* follow(store.pageLogs, "earliestFirst", counts), known)
        deepStrictEqual(yield* follow(store.pageLogs, "latestFirst", counts), known.toReversed())
        // What comes later is behind the end of the one and before the beginning of the other.
        deepStrictEqual(yield* follow(store.pageLogs, "latestFirst", counts, more), known.toReversed())
        const grown = yield* log
        deepStrictEqual(grown.slice(0, known.length), known)
      }
      let left = 3
      const aFewMore = Effect.suspend(() => (left-- > 0 ? more : Effect.void))
      const seen = yield* follow(store.pageLogs, "earliestFirst", [2], aFewMore)
      deepStrictEqual(seen, yield* log)
    })
  )

  law(
    "pages up to a number leave out what came after it, in both orders",
    Effect.gen(function* () {
      const store = yield* Store
      yield* eventful
      const known = yield* log
      const newest = yield* store.pageLogs({ tenantId: acme, ...all, count: 1, order: "latestFirst" })
      const third = yield* store.pageLogs({ tenantId: acme, ...all, count: 3 })
      yield* send(["more"])
      for (const [upTo, expected] of [
        [newest.last, known],
        [third.last, known.slice(0, 3)]
      ] as const) {
        const upToNumber = (request: PageRequest) => store.pageLogs({ ...request, upTo })
        for (const counts of [[1], [2], [100]]) {
          deepStrictEqual(yield* follow(upToNumber, "earliestFirst", counts), expected)
          deepStrictEqual(yield* follow(upToNumber, "latestFirst", counts), expected.toReversed())
        }
      }
    })
  )

  law(
    "pages hold what matches, and no page is the last one while more would match",
    Effect.gen(function* () {
      const store = yield* Store
      yield* eventful
      const matching = (request: PageRequest) =>
        store.pageLogs({ ...request, criteria: { state: ["ERROR", "CANCELLED", "FAILED"] } })
      for (const counts of [[1], [2], [3], [4], [5]]) {
        deepStrictEqual(steps(yield* follow(matching, "earliestFirst", counts)), [
          "ERROR b#0",
          "FAILED b#0",
          "ERROR c#0",
          "CANCELED c#1"
        ])
      }
      const inProgress = yield* store.pageLogs({
        tenantId: acme,
        ...all,
        criteria: { state: ["IN_PROGRESS"], fromDate: start + 2 * second }
      })
      deepStrictEqual(steps(inProgress.items), ["ERROR b#0", "ERROR c#0", "RETRY c#0"])
    })
  )

  law(
    "what is pruned is gone and all else is there, at the same places",
    Effect.gen(function* () {
      const store = yield* Store
      for (let count = 0; count < 40; count++) {
        const now = start + count * second
        yield* send([`m${count}`], { retries: 0 }, now)
        const { leases } = yield* claimByName(now)
        yield* settle(Object.values(leases).map(failed), now)
      }
      const entries = yield* log
      const letters = yield* deadLetters
      strictEqual(letters.length, 40)
      const from = (count: number) => start + count * second
      const middle = yield* store.pageLogs({ tenantId: acme, ...all, count: 90 })
      for (const count of [0, 1, 5, 21, 21, 30, 39]) {
        yield* prune(from(count), from(count + 1))
        deepStrictEqual(
          yield* log,
          entries.filter(({ time }) => time >= from(count))
        )
        deepStrictEqual(
          yield* deadLetters,
          letters.filter(({ failedAt }) => failedAt > from(count))
        )
        // A cursor from before means what it meant, though what it stood at may be gone.
        const rest = { tenantId: acme, ...all, after: middle.last }
        deepStrictEqual(
          (yield* store.pageLogs(rest)).items,
          entries.slice(90).filter(({ time }) => time >= from(count))
        )
        deepStrictEqual(
          (yield* store.pageLogs({ ...rest, order: "latestFirst" })).items,
          entries
            .slice(0, 89)
            .filter(({ time }) => time >= from(count))
            .toReversed()
        )
      }
      yield* prune(Infinity, Infinity)
      deepStrictEqual([yield* log, yield* deadLetters], [[], []])
      yield* send(["new"])
      deepStrictEqual(steps(yield* log), ["CREATED new#0"])
    })
  )

  law(
    "a prune does not touch messages that are not done",
    Effect.gen(function* () {
      const store = yield* Store
      const messages = createdIn(yield* Effect.zipRight(send(["a", "b"]), log))
      yield* prune(Infinity, Infinity)
      deepStrictEqual(yield* store.listMessages(acme), messages)
      deepStrictEqual(yield* starting(start), ["a", "b"])
    })
  )

  law(
    "a page of the log ends before the entry that would make it too large, but has at least one",
    Effect.gen(function* () {
      const store = yield* Store
      for (const bytes of [4_000, 4_000, 100, 20_000, 100])
        yield* send([`${bytes}`], { body: "a".repeat(bytes) })
      const pagesIn = (order: PageRequest["order"]) =>
        Effect.gen(function* () {
          const pages: Array<string> = []
          let after: number | undefined
          do {
            const page = yield* store.pageLogs({ tenantId: acme, ...all, after, maxBytes: 10_000, order })
            pages.push(page.items.map(({ message }) => nameOf(message)).join(" "))
            after = page.last
          } while (after !== undefined)
          return pages
        })
      deepStrictEqual(yield* pagesIn("earliestFirst"), ["4000 4000 100", "20000", "100"])
      deepStrictEqual(yield* pagesIn("latestFirst"), ["100", "20000", "100 4000 4000"])
    })
  )

  law(
    "a prune keeps of each tenant's log no more entries and bytes than asked for, the newest",
    Effect.gen(function* () {
      const store = yield* Store
      const letters = { before: 0, maxEntries: Infinity, maxBytes: Infinity }
      const keep = (maxEntries: number, maxBytes: number) =>
        Effect.zipRight(
          store.prune({ logs: { before: 0, maxEntries, maxBytes }, deadLetters: letters }),
          Effect.map(log, steps)
        )
      yield* send(["a", "b", "c"], { body: "a".repeat(1_000) })
      const draft = yield* draftOf({}, start)
      yield* store.accept({ ...accepting(start), tenantId: "other", drafts: [draft] })
      deepStrictEqual(yield* keep(3, 9_000), ["CREATED a#0", "CREATED b#0", "CREATED c#0"])
      deepStrictEqual(yield* keep(2, 9_000), ["CREATED b#0", "CREATED c#0"])
      deepStrictEqual(yield* keep(2, 2_000), ["CREATED c#0"])
      deepStrictEqual(yield* keep(2, 0), [])
      const others = yield* store.pageLogs({ tenantId: "other", ...all })
      deepStrictEqual(others.items, [])
      yield* send(["d"])
      deepStrictEqual(yield* keep(2, 9_000), ["CREATED d#0"])
    })
  )
}
