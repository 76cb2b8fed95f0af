import { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import { assertMatch, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { advanceTo, create, minute, nextMinute, only, settle } from "../internal/given.ts"
import { chapter, within } from "../internal/law.ts"
import { endpointWith, publish } from "../internal/sending.ts"
import { checkSignature } from "../internal/signature.ts"

const texts = ({ current, next }: SigningKeys): ReadonlyArray<string> => [
  Redacted.value(current),
  Redacted.value(next)
]

export const rotating = chapter("rotating", ({ alone, given, law, timed }) => {
  law("an account has two signing keys, and reading them changes nothing", () =>
    Effect.gen(function* () {
      const keys = yield* QStashSigningKeys
      const read = texts(yield* keys.get)
      for (const key of read) assertMatch(key, /^sig_/)
      strictEqual(new Set(read).size, 2)
      deepStrictEqual(texts(yield* keys.get), read)
    })
  )

  law("printing the keys does not reveal them", () =>
    Effect.gen(function* () {
      const keys = yield* QStashSigningKeys
      const read = yield* keys.get
      const printed = `${JSON.stringify(read)}${inspect(read)}`
      for (const key of texts(read)) strictEqual(printed.includes(key), false)
    })
  )

  timed("deliveries are signed with the account's current key", (time) =>
    Effect.gen(function* () {
      const keys = yield* QStashSigningKeys
      const read = yield* keys.get
      deepStrictEqual(texts(read), texts(time.signingKeys))
      const endpoint = yield* time.endpoint
      yield* publish({ destination: endpoint.url })
      yield* settle(time)
      checkSignature(only(yield* endpoint.deliveries), read.current)
    })
  )

  alone("a rotation makes the next key current and returns both keys", () =>
    Effect.gen(function* () {
      const keys = yield* QStashSigningKeys
      const seen = new Set(texts(yield* keys.get))
      for (let count = 3; count < 6; count++) {
        const before = yield* keys.get
        const after = yield* keys.rotate
        strictEqual(Redacted.value(after.current), Redacted.value(before.next))
        deepStrictEqual(texts(yield* keys.get), texts(after))
        const fresh = Redacted.value(after.next)
        assertMatch(fresh, /^sig_/)
        seen.add(fresh)
        strictEqual(seen.size, count, "a next key is a fresh one")
      }
    })
  )

  alone(
    "after a rotation all deliveries are signed with the new key, even retries and waiting messages",
    (time) =>
      Effect.gen(function* () {
        const keys = yield* QStashSigningKeys
        const before = yield* keys.get
        const endpoint = yield* endpointWith(time, 500, 200)
        yield* publish({ destination: endpoint.url })
        yield* publish({ destination: `${endpoint.url}/later`, delay: "1 hour" })
        yield* settle(time)
        const after = yield* keys.rotate
        yield* publish({ destination: `${endpoint.url}/new` })
        yield* time.advance("2 hours")
        const [first, ...rest] = yield* endpoint.deliveries
        assertTrue(first !== undefined)
        checkSignature(first, before.current)
        strictEqual(rest.length, 3)
        for (const delivery of rest) checkSignature(delivery, after.current)
      })
  )

  alone("a rotation also applies to existing schedules and to callbacks", (time) =>
    Effect.gen(function* () {
      const keys = yield* QStashSigningKeys
      const before = yield* keys.get
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      yield* create({
        cron: "* * * * *",
        destination: `${endpoint.url}/message`,
        callback: `${endpoint.url}/callback`
      })
      yield* advanceTo(time, first)
      yield* keys.rotate
      const after = yield* keys.rotate
      yield* advanceTo(time, first + minute)
      const deliveries = yield* endpoint.deliveries
      strictEqual(deliveries.length, 4)
      for (const delivery of deliveries.slice(0, 2)) checkSignature(delivery, before.current)
      for (const delivery of deliveries.slice(2)) checkSignature(delivery, after.current)
    })
  )

  given(["ownAccount", "time"], "a rotation leaves other accounts' keys alone", ({ ownAccount, time }) =>
    Effect.gen(function* () {
      const keys = yield* QStashSigningKeys
      const own = yield* ownAccount
      const before = texts(yield* keys.get)
      yield* Context.get(own.services, QStashSigningKeys).rotate
      deepStrictEqual(texts(yield* keys.get), before)
      deepStrictEqual(before, texts(time.signingKeys))
      const endpoint = yield* own.time.endpoint
      yield* within(own, () => publish({ destination: endpoint.url }))
      yield* settle(own.time)
      checkSignature(only(yield* endpoint.deliveries), own.time.signingKeys.next)
    })
  )
})
