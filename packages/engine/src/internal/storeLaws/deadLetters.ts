import { MessageId } from "@effect-qstash/domain/MessageId"
import { Store } from "../../Store.ts"
import { assertNone, assertSome, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import {
  acme,
  all,
  answer,
  callerIp,
  claim,
  claimSchedules,
  createdIn,
  deadLetters,
  failed,
  first,
  id,
  minute,
  nameOf,
  send,
  settle,
  start,
  starting,
  steps,
  upsert
} from "./given.ts"
import type { Law } from "./law.ts"

const names = Effect.map(deadLetters, (letters) => letters.map(({ message }) => nameOf(message)))

/** Messages that fail at once, in this order. */
const bury = (given: ReadonlyArray<string>, now = start) =>
  Effect.gen(function* () {
    yield* send(given, { retries: 0 }, now)
    yield* settle((yield* claim(now)).map(failed), now)
  })

const taking = { tenantId: acme, criteria: {}, after: undefined, count: Infinity, now: start } as const

const retrying = { ...taking, retry: { retries: undefined } }

export const laws = (law: Law): void => {
  law(
    "an empty one has no dead letter, finds none, and takes none",
    Effect.gen(function* () {
      const store = yield* Store
      deepStrictEqual(yield* store.pageDeadLetters({ tenantId: acme, ...all }), {
        items: [],
        last: undefined
      })
      deepStrictEqual(yield* store.takeDeadLetters(retrying), {
        taken: [],
        retried: [],
        last: undefined,
        upTo: 0,
        events: []
      })
    })
  )

  law(
    "a message that has failed for good is kept as it was at its last attempt, with the last answer",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a"])
      const lease = first(yield* claim(start))
      yield* settle([failed(lease)], start + 1)
      const letter = first(yield* deadLetters)
      deepStrictEqual(letter, {
        dlqId: letter.dlqId,
        message: lease.message,
        failedAt: start + 1,
        response: answer(500, "broken")
      })
      assertSome(yield* store.getDeadLetter(acme, letter.dlqId), letter)
      assertNone(yield* store.getDeadLetter("other", letter.dlqId))
      deepStrictEqual(yield* store.listMessages(acme), [])
    })
  )

  law(
    "each has an id of its own, also where many fail at once and where time goes back",
    Effect.gen(function* () {
      for (const now of [start + 5, start + 5, start, start + 5]) {
        yield* bury(["a", "b", "c"], now)
      }
      const letters = yield* deadLetters
      strictEqual(letters.length, 12)
      strictEqual(new Set(letters.map(({ dlqId }) => dlqId)).size, 12)
    })
  )

  law(
    "a page is part of the whole, in either order, and says where the next one begins",
    Effect.gen(function* () {
      const store = yield* Store
      yield* bury(["a", "b", "c", "d", "e"])
      for (const order of ["earliestFirst", "latestFirst"] as const) {
        const expected = order === "earliestFirst" ? ["ab", "cd", "e"] : ["ed", "cb", "a"]
        const pages: Array<string> = []
        let after: number | undefined
        do {
          const page = yield* store.pageDeadLetters({ tenantId: acme, ...all, after, count: 2, order })
          pages.push(page.items.map(({ message }) => nameOf(message)).join(""))
          after = page.last
        } while (after !== undefined)
        deepStrictEqual(pages, expected)
      }
      // A page that is just full is the last one.
      const whole = yield* store.pageDeadLetters({ tenantId: acme, ...all, count: 5 })
      strictEqual(whole.last, undefined)
    })
  )

  law(
    "those that match are taken, as many as asked for, the oldest first, and each of them once",
    Effect.gen(function* () {
      const store = yield* Store
      yield* bury(["a", "b"])
      yield* bury(["c", "d"], start + minute)
      const a = first(yield* deadLetters)
      const oldest = yield* store.takeDeadLetters({ ...taking, count: 1, retry: undefined })
      const { last, upTo } = oldest
      deepStrictEqual(oldest, { taken: [a.dlqId], retried: [], last, upTo, events: [] })
      assertTrue(oldest.last !== undefined)
      deepStrictEqual(yield* names, ["b", "c", "d"])
      const matching = yield* store.takeDeadLetters({
        ...taking,
        criteria: { fromDate: start + 1, url: ["https://api.example.com/c", "https://api.example.com/b"] },
        retry: undefined
      })
      strictEqual(matching.taken.length, 1)
      strictEqual(matching.last, undefined)
      deepStrictEqual(yield* names, ["b", "d"])
      const again = yield* store.takeDeadLetters({
        ...taking,
        criteria: { dlqIds: [a.dlqId] },
        retry: undefined
      })
      deepStrictEqual(again.taken, [])
      strictEqual(
        (yield* store.takeDeadLetters({ ...taking, tenantId: "other", retry: undefined })).taken.length,
        0
      )
      strictEqual((yield* store.takeDeadLetters({ ...taking, retry: undefined })).taken.length, 2)
      deepStrictEqual(yield* names, [])
    })
  )

  law(
    "taking goes on where the last call ended",
    Effect.gen(function* () {
      const store = yield* Store
      yield* bury(["a", "b", "c", "d", "e"])
      const criteria = { url: Arr.map(["a", "c", "e"] as const, (name) => `https://api.example.com/${name}`) }
      const begin = yield* store.takeDeadLetters({ ...taking, criteria, count: 2, retry: undefined })
      strictEqual(begin.taken.length, 2)
      const rest = yield* store.takeDeadLetters({ ...taking, criteria, after: begin.last, retry: undefined })
      strictEqual(rest.taken.length, 1)
      strictEqual(rest.last, undefined)
      deepStrictEqual(yield* names, ["b", "d"])
    })
  )

  law(
    "of those that came after the first page none is taken by a later one",
    Effect.gen(function* () {
      const store = yield* Store
      yield* bury(["a", "b", "c"])
      const begin = yield* store.takeDeadLetters({ ...taking, count: 2, retry: undefined })
      yield* bury(["d", "e"], start + minute)
      const more = { ...taking, after: begin.last, upTo: begin.upTo, retry: undefined }
      const { last, taken, upTo } = yield* store.takeDeadLetters(more)
      strictEqual(taken.length, 1)
      strictEqual(last, undefined)
      strictEqual(upTo, begin.upTo)
      deepStrictEqual(yield* names, ["d", "e"])
    })
  )

  law(
    "one that is tried again becomes a new message with what it had, in the same step",
    Effect.gen(function* () {
      const store = yield* Store
      yield* upsert(id("job"), {
        destination: "https://api.example.com/a",
        body: "text",
        labels: ["x"],
        retries: 0,
        delay: "1 minute",
        callback: "https://api.example.com/done"
      })
      yield* claimSchedules(start + minute)
      yield* settle((yield* claim(start + 2 * minute)).map(failed), start + 2 * minute)
      const letter = first(yield* deadLetters)
      const result = yield* store.takeDeadLetters({
        ...taking,
        now: start + 3 * minute,
        retry: { retries: 4 }
      })
      deepStrictEqual(result.taken, [letter.dlqId])
      deepStrictEqual(steps(result.events), ["CREATED a#0"])
      const message = first(result.retried)
      deepStrictEqual(createdIn(result.events), [message])
      deepStrictEqual(message, {
        ...letter.message,
        messageId: MessageId.make("m2"),
        sequence: message.sequence,
        settings: { ...letter.message.settings, retries: 4 },
        createdAt: start + 3 * minute,
        notBefore: start + 3 * minute,
        dueAt: start + 3 * minute,
        retried: 0
      })
      strictEqual(message.scheduleId, id("job"))
      deepStrictEqual(yield* names, [])
      deepStrictEqual(yield* starting(start + 3 * minute), ["done", "a"])
    })
  )

  law(
    "retries stay those of the message where nothing else is asked for",
    Effect.gen(function* () {
      const store = yield* Store
      yield* bury(["a"])
      const { retried } = yield* store.takeDeadLetters(retrying)
      deepStrictEqual(
        retried.map(({ callerIp: caller, settings }) => [settings.retries, caller]),
        [[0, callerIp]]
      )
      yield* settle((yield* claim(start)).map(failed))
      const again = yield* store.takeDeadLetters({ ...taking, retry: { retries: 0 } })
      deepStrictEqual(
        again.retried.map(({ settings }) => settings.retries),
        [0]
      )
    })
  )

  law(
    "each is tried again exactly once, however many try at the same time",
    Effect.gen(function* () {
      const store = yield* Store
      yield* bury(["a", "b", "c", "d", "e"])
      const results = yield* Effect.forEach(
        Array.from({ length: 10 }),
        () => store.takeDeadLetters({ ...retrying, count: 2 }),
        { concurrency: "unbounded" }
      )
      deepStrictEqual(results.flatMap(({ retried }) => retried.map(nameOf)).toSorted(), [
        "a",
        "b",
        "c",
        "d",
        "e"
      ])
      strictEqual((yield* store.listMessages(acme)).length, 5)
    })
  )

  law(
    "a page ends before the letter that would make it too large, but has at least one",
    Effect.gen(function* () {
      const store = yield* Store
      for (const bytes of [4_000, 4_000, 100, 20_000, 100]) {
        yield* send([`${bytes}`], { body: "a".repeat(bytes) })
        yield* settle((yield* claim(start)).map(failed))
      }
      const pagesIn = (order: "earliestFirst" | "latestFirst") =>
        Effect.gen(function* () {
          const pages: Array<string> = []
          let after: number | undefined
          do {
            const page = yield* store.pageDeadLetters({
              tenantId: acme,
              ...all,
              after,
              maxBytes: 11_000,
              order
            })
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
    "a prune keeps no more letters and bytes than asked for, the newest, whatever was deleted in between",
    Effect.gen(function* () {
      const store = yield* Store
      const logs = { before: 0, maxEntries: Infinity, maxBytes: Infinity }
      const keep = (maxEntries: number, maxBytes: number) =>
        Effect.zipRight(store.prune({ logs, deadLetters: { before: 0, maxEntries, maxBytes } }), names)
      for (const name of ["a", "b", "c", "d", "e"]) {
        yield* send([name], { body: "a".repeat(1_000) })
        yield* settle((yield* claim(start)).map(failed))
      }
      yield* store.takeDeadLetters({ ...taking, count: 1, retry: undefined })
      deepStrictEqual(yield* keep(4, 90_000), ["b", "c", "d", "e"])
      deepStrictEqual(yield* keep(3, 90_000), ["c", "d", "e"])
      deepStrictEqual(yield* keep(3, 4_000), ["d", "e"])
      deepStrictEqual(yield* keep(3, 0), [])
      yield* bury(["f"])
      deepStrictEqual(yield* keep(3, 4_000), ["f"])
    })
  )
}
