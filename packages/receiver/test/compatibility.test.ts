import { SignatureMalformed } from "@effect-qstash/receiver"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertTrue, strictEqual } from "@effect/vitest/utils"
import { Receiver } from "@upstash/qstash"
import { Clock, Effect, Either } from "effect"
import { allHomes, keys } from "./homes.ts"
import { bodyHash, claims, currentKey, nextKey, token, type TokenOptions, url } from "./token.ts"

const text = '{"tenant":7,"name":"Jörg"}'
const body = new TextEncoder().encode(text)
const official = new Receiver({ currentSigningKey: currentKey, nextSigningKey: nextKey })

/** The official receiver reads the real clock. */
const freshClaims = Effect.map(Clock.currentTimeMillis, (now) => {
  const iat = Math.floor(now / 1000)
  return { ...claims, iat, exp: iat + 300, body: `${bodyHash(body)}=` }
})

type Claims = Effect.Effect.Success<typeof freshClaims>

const cases: ReadonlyArray<
  readonly [title: string, takes: boolean, change: (claims: Claims) => unknown, options?: TokenOptions]
> = [
  ["a padded hash, nbf 0", true, (fresh) => fresh],
  ["an unpadded hash", true, (fresh) => ({ ...fresh, body: bodyHash(body) })],
  ["nbf as iat", true, (fresh) => ({ ...fresh, nbf: fresh.iat })],
  ["an empty audience", true, (fresh) => ({ ...fresh, aud: "" })],
  ["the next key", true, (fresh) => fresh, { key: nextKey }],
  ["a foreign key", false, (fresh) => fresh, { key: "sig_other" }],
  ["an expired token", false, (fresh) => ({ ...fresh, exp: fresh.iat - 1 })],
  ["a token for later", false, (fresh) => ({ ...fresh, nbf: fresh.iat + 60 })],
  ["a foreign issuer", false, (fresh) => ({ ...fresh, iss: "Mallory" })],
  ["another URL", false, (fresh) => ({ ...fresh, sub: `${url}&more` })],
  ["another body", false, (fresh) => ({ ...fresh, body: bodyHash(new Uint8Array(1)) })],
  ["no hash", false, (fresh) => ({ ...fresh, body: undefined })],
  ["no algorithm", false, (fresh) => fresh, { header: { alg: "none" } }]
]

for (const [name, home] of allHomes) {
  describe(`beside the official receiver, on ${name}`, () => {
    for (const [title, takes, change, options] of cases) {
      it.live(`${takes ? "takes" : "refuses"} ${title}`, () =>
        Effect.gen(function* () {
          const signature = token(change(yield* freshClaims), options)
          const theirs = yield* Effect.either(
            Effect.tryPromise(() => official.verify({ signature, body: text, url }))
          )
          strictEqual(Either.isRight(theirs), takes)
          const receiver = yield* home.make(keys)
          const ours = yield* Effect.either(
            receiver.verify({ headers: { "upstash-signature": signature }, url, body })
          )
          strictEqual(Either.isRight(ours), takes)
        })
      )
    }

    it.live("refuses another algorithm of the same key, which the official one takes", () =>
      Effect.gen(function* () {
        const signature = token(yield* freshClaims, { header: { alg: "HS512" }, hash: "sha512" })
        assertTrue(yield* Effect.promise(() => official.verify({ signature, body: text, url })))
        const receiver = yield* home.make(keys)
        const error = yield* Effect.flip(
          receiver.verify({ headers: { "upstash-signature": signature }, url, body })
        )
        assertEquals(error, new SignatureMalformed({ part: "header" }))
      })
    )
  })
}
