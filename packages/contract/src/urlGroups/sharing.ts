import { UrlGroupNotFound } from "@effect-qstash/domain/QStashError"
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { settle, somewhere, textOf } from "../internal/given.ts"
import { chapter, within } from "../internal/law.ts"
import { makeGroup, publishToGroup } from "../internal/sending.ts"

export const sharing = chapter("two accounts", ({ given }) => {
  given(["neighbour"], "an account can neither see nor change another account's groups", ({ neighbour }) =>
    Effect.gen(function* () {
      const theirs = Context.get(neighbour.services, QStashUrlGroups)
      const groups = yield* QStashUrlGroups
      const urlGroup = yield* makeGroup({ url: somewhere })
      const notFound = new UrlGroupNotFound({ urlGroup })
      assertEquals(yield* Effect.flip(theirs.get(urlGroup)), notFound)
      assertEquals(yield* Effect.flip(theirs.removeEndpoints(urlGroup, [{ url: somewhere }])), notFound)
      deepStrictEqual(
        (yield* theirs.list).filter(({ name }) => name === urlGroup),
        []
      )
      const refused = yield* Effect.flip(within(neighbour, () => publishToGroup(urlGroup)))
      strictEqual(refused._tag, "QStashInvalidRequest")
      yield* theirs.delete(urlGroup)
      strictEqual((yield* groups.get(urlGroup)).endpoints.length, 1)
    })
  )

  given(["time", "neighbour"], "two accounts can use the same group name", ({ neighbour, time }) =>
    Effect.gen(function* () {
      const theirs = Context.get(neighbour.services, QStashUrlGroups)
      const ours = yield* time.endpoint
      const others = yield* time.endpoint
      const urlGroup = yield* makeGroup({ url: ours.url })
      yield* Effect.addFinalizer(() => Effect.ignore(theirs.delete(urlGroup)))
      yield* theirs.upsertEndpoints(urlGroup, [{ url: others.url }])
      yield* publishToGroup(urlGroup, { body: "mine" })
      yield* within(neighbour, () => publishToGroup(urlGroup, { body: "theirs" }))
      yield* settle(time)
      deepStrictEqual((yield* ours.deliveries).map(textOf), ["mine"])
      deepStrictEqual((yield* others.deliveries).map(textOf), ["theirs"])
    })
  )
})
