import { UrlGroupNotFound } from "@effect-qstash/domain/QStashError"
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import type { UrlGroup } from "@effect-qstash/domain/UrlGroup"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { hour, iso, only, plain, somewhere } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { freshGroup, makeGroup } from "../internal/sending.ts"

const a = { url: `${somewhere}/a`, name: "First endpoint" }
const b = { url: `${somewhere}/b`, name: "second" }
const c = { url: `${somewhere}/c` }

const endpointsOf = (urlGroup: UrlGroupName) =>
  Effect.flatMap(QStashUrlGroups, (groups) => Effect.map(groups.get(urlGroup), ({ endpoints }) => endpoints))

const upsert = (urlGroup: UrlGroupName, ...endpoints: Parameters<typeof makeGroup>) =>
  Effect.flatMap(QStashUrlGroups, (groups) => groups.upsertEndpoints(urlGroup, endpoints))

const remove = (
  urlGroup: UrlGroupName,
  ...endpoints: readonly [UrlGroup.EndpointSelector, ...ReadonlyArray<UrlGroup.EndpointSelector>]
) => Effect.flatMap(QStashUrlGroups, (groups) => groups.removeEndpoints(urlGroup, endpoints))

export const editing = chapter("editing", ({ law, timed }) => {
  law("an upsert creates a missing group, with its endpoints in order", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* makeGroup(b, a, c)
      const { createdAt, endpoints, name, updatedAt } = yield* groups.get(urlGroup)
      strictEqual(name, urlGroup)
      deepStrictEqual(endpoints, [b, a, c])
      assertTrue(DateTime.lessThanOrEqualTo(createdAt, updatedAt))
    })
  )

  law("an upsert appends new endpoints", () =>
    Effect.gen(function* () {
      const urlGroup = yield* makeGroup(b)
      yield* upsert(urlGroup, c, a)
      deepStrictEqual(yield* endpointsOf(urlGroup), [b, c, a])
    })
  )

  law("an endpoint with the same URL is replaced in place", () =>
    Effect.gen(function* () {
      const urlGroup = yield* makeGroup(a, b, c)
      yield* upsert(urlGroup, { url: b.url, name: "renamed" })
      deepStrictEqual(yield* endpointsOf(urlGroup), [a, { url: b.url, name: "renamed" }, c])
      yield* upsert(urlGroup, c)
      strictEqual((yield* endpointsOf(urlGroup)).length, 3)
    })
  )

  law("an endpoint with the same name is replaced in place", () =>
    Effect.gen(function* () {
      const urlGroup = yield* makeGroup(a, b, c)
      yield* upsert(urlGroup, { url: `${somewhere}/moved`, name: a.name })
      deepStrictEqual(yield* endpointsOf(urlGroup), [{ url: `${somewhere}/moved`, name: a.name }, b, c])
    })
  )

  law("endpoints without a name stay separate", () =>
    Effect.gen(function* () {
      const urlGroup = yield* makeGroup(c, { url: `${somewhere}/d` })
      strictEqual((yield* endpointsOf(urlGroup)).length, 2)
    })
  )

  law("an endpoint's URL reads back byte for byte", () =>
    Effect.gen(function* () {
      const urls = [
        `${somewhere}/a%2Fb//c/?x=1&y=%2F+z`,
        "https://EXAMPLE.com",
        "http://example.com:8443/%7euser"
      ]
      const [first = "", ...rest] = urls
      const urlGroup = yield* makeGroup({ url: first }, ...rest.map((url) => ({ url })))
      deepStrictEqual(
        (yield* endpointsOf(urlGroup)).map(({ url }) => url),
        urls
      )
    })
  )

  law("an endpoint can be removed by its URL and by its name", () =>
    Effect.gen(function* () {
      const urlGroup = yield* makeGroup(a, b, c)
      yield* remove(urlGroup, { url: b.url })
      deepStrictEqual(yield* endpointsOf(urlGroup), [a, c])
      yield* remove(urlGroup, { name: a.name })
      deepStrictEqual(yield* endpointsOf(urlGroup), [c])
    })
  )

  law("removing its last endpoint deletes a group", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* makeGroup(a, c)
      yield* remove(urlGroup, { name: a.name }, { url: c.url })
      assertEquals(yield* Effect.flip(groups.get(urlGroup)), new UrlGroupNotFound({ urlGroup }))
      deepStrictEqual(
        (yield* groups.list).filter(({ name }) => name === urlGroup),
        []
      )
    })
  )

  law("the list contains what get returns, and other groups too", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const names = [yield* makeGroup(a, b), yield* makeGroup(c)]
      const all = yield* groups.list
      for (const urlGroup of names) {
        const listed = only(all.filter(({ name }) => name === urlGroup))
        deepStrictEqual(plain(listed), plain(yield* groups.get(urlGroup)))
      }
    })
  )

  law("a deleted group can be neither found nor listed", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* makeGroup(a)
      const other = yield* makeGroup(a)
      yield* groups.delete(urlGroup)
      assertEquals(yield* Effect.flip(groups.get(urlGroup)), new UrlGroupNotFound({ urlGroup }))
      deepStrictEqual(
        (yield* groups.list).map(({ name }) => name).filter((name) => name === urlGroup || name === other),
        [other]
      )
    })
  )

  law("deleting an unknown group is not an error", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* freshGroup
      yield* groups.delete(urlGroup)
      yield* groups.delete(urlGroup)
    })
  )

  timed("a group shows when it was created and changed", (time) =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const created = yield* time.now
      const urlGroup = yield* makeGroup(a)
      yield* time.advance("1 hour")
      yield* upsert(urlGroup, b)
      const added = yield* groups.get(urlGroup)
      strictEqual(iso(added.createdAt), iso(created))
      strictEqual(iso(added.updatedAt), iso(created + hour))
      yield* time.advance("1 hour")
      yield* remove(urlGroup, { name: b.name })
      const removed = yield* groups.get(urlGroup)
      strictEqual(iso(removed.createdAt), iso(created))
      strictEqual(iso(removed.updatedAt), iso(created + 2 * hour))
    })
  )
})
