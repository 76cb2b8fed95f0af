import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { Store } from "../../Store.ts"
import { assertNone, assertSome, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { acme, limits, start, workers } from "./given.ts"
import type { Law } from "./law.ts"

const a = "https://a.example.com"
const b = "https://b.example.com"
const c = "https://c.example.com"

const add = (endpoints: ReadonlyArray<{ readonly url: string; readonly name?: string }>, now = start) =>
  Effect.flatMap(Store, (store) =>
    store.upsertEndpoints({ tenantId: acme, urlGroup: workers, endpoints, now, limits })
  )

const remove = (endpoints: ReadonlyArray<{ readonly url?: string; readonly name?: string }>, now = start) =>
  Effect.flatMap(Store, (store) =>
    store.removeEndpoints({ tenantId: acme, urlGroup: workers, endpoints, now })
  )

const endpoints = Effect.flatMap(Store, (store) =>
  Effect.map(store.getUrlGroup(acme, workers), (group) =>
    Option.getOrThrow(group).endpoints.map(({ name, url }) => (name === undefined ? url : `${name} ${url}`))
  )
)

/** URL groups and signing keys: what a tenant sets up. */
export const laws = (law: Law): void => {
  law(
    "an empty one has no URL group, finds none, and does not mind the deletion of none",
    Effect.gen(function* () {
      const store = yield* Store
      deepStrictEqual(yield* store.listUrlGroups(acme), [])
      assertNone(yield* store.getUrlGroup(acme, workers))
      strictEqual(yield* remove([{ url: a }]), false)
      yield* store.deleteUrlGroup(acme, workers)
    })
  )

  law(
    "an endpoint with a known URL or name takes the place of the one that has it",
    Effect.gen(function* () {
      yield* add([{ url: a, name: "one" }, { url: b, name: "two" }, { url: c }])
      deepStrictEqual(yield* endpoints, [`one ${a}`, `two ${b}`, c])
      yield* add([{ url: b }, { url: `${a}/new`, name: "one" }])
      deepStrictEqual(yield* endpoints, [`one ${a}/new`, b, c])
      // One that has the URL of one and the name of another stands for both.
      yield* add([{ url: c, name: "one" }])
      deepStrictEqual(yield* endpoints, [`one ${c}`, b])
      yield* add([{ url: a }, { url: a, name: "last" }])
      deepStrictEqual(yield* endpoints, [`one ${c}`, b, `last ${a}`])
    })
  )

  law(
    "endpoints go by URL or by name, all that are named or none, and with the last one goes the group",
    Effect.gen(function* () {
      const store = yield* Store
      yield* add([{ url: a, name: "one" }, { url: b, name: "two" }, { url: c }])
      strictEqual(yield* remove([{ url: a }, { name: "three" }]), false)
      strictEqual((yield* endpoints).length, 3)
      assertTrue(yield* remove([{ name: "two" }, { url: a }]))
      deepStrictEqual(yield* endpoints, [c])
      assertTrue(yield* remove([{ url: c }]))
      assertNone(yield* store.getUrlGroup(acme, workers))
    })
  )

  law(
    "groups are listed, the oldest first, with the times of their creation and their last change",
    Effect.gen(function* () {
      const store = yield* Store
      yield* add([{ url: b }, { url: a }])
      yield* store.upsertEndpoints({
        tenantId: acme,
        urlGroup: UrlGroupName.make("a"),
        endpoints: [{ url: c }],
        now: start + 1,
        limits
      })
      yield* add([{ url: c }], start + 2)
      const first = { urlGroup: workers, createdAt: start }
      const second = {
        urlGroup: UrlGroupName.make("a"),
        createdAt: start + 1,
        updatedAt: start + 1,
        endpoints: [{ url: c }]
      }
      const before = yield* store.listUrlGroups(acme)
      deepStrictEqual(before, [
        { ...first, updatedAt: start + 2, endpoints: [{ url: b }, { url: a }, { url: c }] },
        second
      ])
      yield* remove([{ url: a }], start + 3)
      assertSome(yield* store.getUrlGroup(acme, workers), {
        ...first,
        updatedAt: start + 3,
        endpoints: [{ url: b }, { url: c }]
      })
      deepStrictEqual(before[0]?.endpoints.length, 3)
      assertNone(yield* store.getUrlGroup("other", workers))
      yield* store.deleteUrlGroup("other", workers)
      yield* store.deleteUrlGroup(acme, workers)
      deepStrictEqual(yield* store.listUrlGroups(acme), [second])
    })
  )

  law(
    "signing keys are each tenant's own, begin with the initial ones, and move on by one at each rotation",
    Effect.gen(function* () {
      const store = yield* Store
      const key = Redacted.make
      const initial = { current: key("1"), next: key("2") }
      const shown = ({ current, next }: typeof initial) => [Redacted.value(current), Redacted.value(next)]
      const rotate = (next: string) =>
        Effect.map(store.rotateSigningKeys({ tenantId: acme, initial, next: key(next) }), shown)
      assertNone(yield* store.getSigningKeys(acme))
      deepStrictEqual(yield* rotate("3"), ["2", "3"])
      deepStrictEqual(shown(Option.getOrThrow(yield* store.getSigningKeys(acme))), ["2", "3"])
      // The initial ones count no more.
      deepStrictEqual(yield* rotate("4"), ["3", "4"])
      assertNone(yield* store.getSigningKeys("other"))
    })
  )

  law(
    "no rotation is lost, however many rotate at the same time",
    Effect.gen(function* () {
      const store = yield* Store
      const initial = { current: Redacted.make("1"), next: Redacted.make("2") }
      const rotations = yield* Effect.forEach(
        Array.from({ length: 10 }, (_, index) => `n${index}`),
        (next) => store.rotateSigningKeys({ tenantId: acme, initial, next: Redacted.make(next) }),
        { concurrency: "unbounded" }
      )
      const currents = rotations.map(({ current }) => Redacted.value(current))
      strictEqual(new Set(currents).size, 10)
      const last = Option.getOrThrow(yield* store.getSigningKeys(acme))
      const all = new Set([...currents, Redacted.value(last.next)])
      deepStrictEqual(
        [...all].toSorted(),
        ["2", ...Array.from({ length: 10 }, (_, index) => `n${index}`)].toSorted()
      )
    })
  )
}
