import {
  type QStashError,
  QStashInvalidRequest,
  type QStashQuotaExceeded,
  UrlGroupNotFound
} from "@effect-qstash/domain/QStashError"
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { assertEquals, assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { plain, quotaExceeded, somewhere } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { refuseMisnamed } from "../internal/misnamed.ts"
import { freshGroup, makeGroup } from "../internal/sending.ts"

const isInvalid = (error: UrlGroupNotFound | QStashQuotaExceeded | QStashError) => {
  assertTrue(error instanceof QStashInvalidRequest, error.message)
  strictEqual(error.isRetryable, false)
}

export const refusing = chapter("refusing", ({ given, law }) => {
  law("rejects a group name that is empty or would hit another route, before sending anything", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      yield* refuseMisnamed("urlGroup", UrlGroupName, (id) => [
        groups.get(id),
        groups.delete(id),
        groups.upsertEndpoints(id, [{ url: somewhere }]),
        groups.removeEndpoints(id, [{ url: somewhere }])
      ])
    })
  )

  law("get names the group it cannot find", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* freshGroup
      const error = yield* Effect.flip(groups.get(urlGroup))
      assertEquals(error, new UrlGroupNotFound({ urlGroup }))
      strictEqual(error.isRetryable, false)
      assertInclude(error.message, urlGroup)
    })
  )

  law("removing endpoints from an unknown group is an error", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* freshGroup
      assertEquals(
        yield* Effect.flip(groups.removeEndpoints(urlGroup, [{ url: somewhere }])),
        new UrlGroupNotFound({ urlGroup })
      )
    })
  )

  law("removing an unknown endpoint is an error and removes none", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* makeGroup({ url: `${somewhere}/a`, name: "a" }, { url: `${somewhere}/b` })
      const before = plain(yield* groups.get(urlGroup))
      const notFound = new UrlGroupNotFound({ urlGroup })
      for (const absent of [{ url: `${somewhere}/c` }, { name: "c" }]) {
        assertEquals(yield* Effect.flip(groups.removeEndpoints(urlGroup, [{ name: "a" }, absent])), notFound)
      }
      deepStrictEqual(plain(yield* groups.get(urlGroup)), before)
    })
  )

  law("rejects a group name with an invalid character", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      for (const text of ["", "a b", "a/b", "..", "ä"]) {
        const urlGroup = UrlGroupName.make(text, { disableValidation: true })
        isInvalid(yield* Effect.flip(groups.upsertEndpoints(urlGroup, [{ url: somewhere }])))
      }
      strictEqual(
        (yield* groups.list).some(({ name }) => ["a b", "a/b", "..", "ä"].includes(name)),
        false
      )
    })
  )

  law("rejects an endpoint that is not an http URL or has an empty name, and an empty list", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* freshGroup
      const good = { url: somewhere }
      for (const wrong of [
        { url: "" },
        { url: "example.com" },
        { url: "ftp://example.com" },
        { url: somewhere, name: "" }
      ]) {
        isInvalid(yield* Effect.flip(groups.upsertEndpoints(urlGroup, [good, wrong])))
      }
      // @ts-expect-error an empty list is also a type error
      isInvalid(yield* Effect.flip(groups.upsertEndpoints(urlGroup, [])))
      assertEquals(yield* Effect.flip(groups.get(urlGroup)), new UrlGroupNotFound({ urlGroup }))
    })
  )

  given(
    ["quotas"],
    "a group with more endpoints than the quota allows is rejected and stays as it was",
    ({ quotas }) =>
      Effect.gen(function* () {
        const groups = yield* QStashUrlGroups
        const limit = quotas.maxEndpointsPerUrlGroup
        const endpoints = Arr.makeBy(limit, (index) => ({ url: `${somewhere}/${index}` }))
        const urlGroup = yield* makeGroup(...endpoints)
        assertEquals(
          yield* Effect.flip(groups.upsertEndpoints(urlGroup, [{ url: `${somewhere}/more` }])),
          quotaExceeded("maxEndpointsPerUrlGroup", limit)
        )
        yield* groups.upsertEndpoints(urlGroup, [{ url: `${somewhere}/0`, name: "first" }])
        strictEqual((yield* groups.get(urlGroup)).endpoints.length, limit)
      })
  )

  given(["quotas"], "one group more than the quota allows is rejected", ({ quotas }) =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const endpoint = { url: somewhere }
      const room = quotas.maxUrlGroups - (yield* groups.list).length
      yield* Effect.replicateEffect(makeGroup(endpoint), room)
      const urlGroup = yield* freshGroup
      assertEquals(
        yield* Effect.flip(groups.upsertEndpoints(urlGroup, [endpoint])),
        quotaExceeded("maxUrlGroups", quotas.maxUrlGroups)
      )
      assertEquals(yield* Effect.flip(groups.get(urlGroup)), new UrlGroupNotFound({ urlGroup }))
    })
  )

  law("rejects a removal without a URL or a name", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* makeGroup({ url: somewhere })
      // @ts-expect-error an empty list is also a type error
      isInvalid(yield* Effect.flip(groups.removeEndpoints(urlGroup, [])))
      // @ts-expect-error so is an endpoint without a URL or a name
      isInvalid(yield* Effect.flip(groups.removeEndpoints(urlGroup, [{}])))
      strictEqual((yield* groups.get(urlGroup)).endpoints.length, 1)
    })
  )
})
