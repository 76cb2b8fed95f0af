import { DeliveryBodyMismatch, SignatureInvalid, SignatureMalformed } from "@effect-qstash/receiver"
import { SignatureClaims } from "@effect-qstash/domain/wire/SignatureClaims"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Either, FastCheck, Option, Redacted, Schema } from "effect"
import { at, allHomes, keys, verifyWith } from "./homes.ts"
import { base64url, bodyHash, claims, currentKey, delivery, sign, token } from "./token.ts"

/** Around the ends of a block of SHA-256, and where the main entry goes over to WebCrypto and to a late start. */
const sizes = [
  0, 1, 55, 56, 63, 64, 65, 119, 120, 3071, 3072, 3073, 3136, 10_000, 65_535, 65_536, 65_537, 200_000
]

const signed = (body: Uint8Array, key: string = currentKey) => ({
  ...delivery(token({ ...claims, body: `${bodyHash(body)}=` }, { key })),
  body
})

const bytes = FastCheck.tuple(
  FastCheck.oneof(
    FastCheck.constantFrom(...sizes),
    FastCheck.nat(300),
    FastCheck.integer({ min: 3000, max: 3200 })
  ),
  FastCheck.uint8Array({ minLength: 1, maxLength: 40 })
).map(([size, pattern]) =>
  Uint8Array.from({ length: size }, (_, index) => (pattern[index % pattern.length] ?? 0) ^ (index >> 5))
)

/** Short keys are padded to a block, those above 64 bytes are hashed first. */
const key = FastCheck.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 200 }).map((text) =>
  text.replaceAll(/[\s"']/g, "_")
)

/** SHA-256 in FIPS 180-4's examples. */
const vectors = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"]
] as const

/** Made with `openssl dgst -sha256 -hmac` for the current key and the body `abc`. */
const opensslToken =
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJVcHN0YXNoIiwic3ViIjoiaHR0cHM6Ly9hcGkuZXhhbXBsZS5jb20vam9icy9uaWdodGx5IiwiZXhwIjoxNzQ4NzUwNzAwLCJuYmYiOjAsImlhdCI6MTc0ODc1MDQwMCwianRpIjoiand0X3ZlY3RvciIsImJvZHkiOiJ1bmdXdjQ4QnotcEJRVURlWGE0aUk3QURZYU9XRjNxY3RCRF9ZZklBRmEwPSJ9.tMuRIQKUdkedJAaJhVa-JNhXMtpi3JyRJqv_I1V0miI"

const claim = FastCheck.oneof(
  FastCheck.constantFrom<unknown>(
    ...Object.values(claims),
    ...Object.values(claims).map(String),
    claims.body.slice(0, -1),
    `${claims.body}=`,
    claims.body.replace(/.=$/, "B="),
    `${claims.body.slice(0, -1)}\n`,
    "Jörg 🦆",
    -0,
    -1,
    0.5,
    8_640_000_000_000,
    8_640_000_000_001,
    null,
    undefined
  ),
  FastCheck.jsonValue(),
  FastCheck.double()
)

/** Most of them the usual ones but for a claim or two. */
const oddClaims = FastCheck.dictionary(
  FastCheck.constantFrom("iss", "sub", "exp", "nbf", "iat", "jti", "body", "aud", "__proto__"),
  claim,
  { maxKeys: 3 }
).chain((odd) =>
  FastCheck.constantFrom(undefined, 1).map((indent) => JSON.stringify({ ...claims, ...odd }, null, indent))
)

const decodeClaims = Schema.decodeUnknownOption(Schema.parseJson(SignatureClaims))

for (const [name, home] of allHomes) {
  const verify = verifyWith(home)

  describe(`hashing on ${name}`, () => {
    it.effect("takes a body of each size, and refuses it with one bit changed or one byte more or less", () =>
      Effect.gen(function* () {
        for (const size of sizes) {
          const body = Uint8Array.from({ length: size }, (_, index) => index * 7)
          const request = signed(body)
          strictEqual((yield* verify(request)).signed.body, body)
          const altered = [new Uint8Array([...body, 0])]
          if (size > 0) {
            altered.push(body.slice(1), body.with(0, 1), body.with(size - 1, (body[size - 1] ?? 0) ^ 128))
          }
          for (const other of altered) {
            assertEquals(yield* Effect.flip(verify({ ...request, body: other })), new DeliveryBodyMismatch())
          }
        }
      })
    )

    it.effect("takes a body wherever in memory it lies", () =>
      Effect.gen(function* () {
        for (const size of sizes) {
          for (const buffer of [new ArrayBuffer(size + 9), new SharedArrayBuffer(size + 9)]) {
            const around = new Uint8Array(buffer).fill(255)
            const body = around.subarray(5, 5 + size)
            body.set(Uint8Array.from({ length: size }, (_, index) => index))
            yield* verify({ ...signed(Uint8Array.from(body)), body })
            yield* verify({ ...signed(Uint8Array.from(body)), body: Buffer.from(buffer, 5, size) })
          }
        }
      })
    )

    it.effect("knows the hashes of the standard", () =>
      Effect.gen(function* () {
        for (const [text, hash] of vectors) {
          const payload = { ...claims, body: Buffer.from(hash, "hex").toString("base64url") }
          yield* verify({ ...delivery(token(payload)), body: new TextEncoder().encode(text) })
        }
      })
    )

    it.effect("takes a token that openssl made", () =>
      Effect.gen(function* () {
        const request = {
          headers: { "upstash-signature": opensslToken },
          url: "https://api.example.com/jobs/nightly",
          body: new TextEncoder().encode("abc")
        }
        strictEqual((yield* verify(request)).signed.tokenId, "jwt_vector")
      })
    )

    it.effect.prop(
      "takes what either key signed, whatever the key and the body",
      [key, key, bytes, FastCheck.string({ unit: "binary", maxLength: 400 })],
      ([current, next, body, jti]) =>
        Effect.gen(function* () {
          const receiving = verifyWith(home, {
            currentSigningKey: Redacted.make(current),
            nextSigningKey: Redacted.make(next)
          })
          const payload = { ...claims, jti, body: `${bodyHash(body)}=` }
          for (const signer of [current, next]) {
            const verified = yield* receiving({ ...delivery(token(payload, { key: signer })), body })
            strictEqual(verified.signed.tokenId, jti)
          }
          const forged = { ...delivery(token(payload, { key: `not ${current}` })), body }
          assertEquals(yield* Effect.flip(receiving(forged)), new SignatureInvalid())
        }),
      { fastCheck: { numRuns: 100 }, timeout: 60_000 }
    )

    it.effect.prop(
      "refuses a body with any one byte changed, and any token with one character changed",
      [bytes, FastCheck.nat(), FastCheck.integer({ min: 1, max: 255 })],
      ([body, position, bits]) =>
        Effect.gen(function* () {
          const request = signed(body)
          if (body.length > 0) {
            const index = position % body.length
            const altered = body.with(index, (body[index] ?? 0) ^ bits)
            const error = yield* Effect.flip(verify({ ...request, body: altered }))
            assertEquals(error, new DeliveryBodyMismatch())
          }
          const good = token({ ...claims, body: bodyHash(body) })
          const index = position % good.length
          const other = good.charAt(index) === "A" ? "B" : "A"
          const bad = `${good.slice(0, index)}${other}${good.slice(index + 1)}`
          const error = yield* Effect.flip(verify({ ...delivery(bad), body }))
          assertTrue(error instanceof SignatureInvalid || error instanceof SignatureMalformed)
        }),
      { fastCheck: { numRuns: 100 }, timeout: 60_000 }
    )

    it.effect("takes a token of the greatest length, and refuses it with its last claim altered", () =>
      Effect.gen(function* () {
        const longest = token({ ...claims, jti: "j".repeat(12_043) })
        strictEqual(longest.length, 16_384)
        yield* verify(delivery(longest))
        const altered = longest.slice(0, -50) + (longest.at(-50) === "A" ? "B" : "A") + longest.slice(-49)
        assertEquals(yield* Effect.flip(verify(delivery(altered))), new SignatureInvalid())
      })
    )

    it.effect("reads claims as their schema does, whatever they are: 5,000 tokens", () =>
      Effect.gen(function* () {
        yield* at(1)
        const receiver = yield* home.make({ ...keys, subject: "any" })
        const header = base64url('{"alg":"HS256","typ":"JWT"}')
        let taken = 0
        for (const text of FastCheck.sample(oddClaims, { numRuns: 5_000, seed: 490 })) {
          const expected = decodeClaims(text)
          const result = yield* Effect.either(receiver.verify(delivery(sign(`${header}.${base64url(text)}`))))
          if (Either.isLeft(result)) {
            const isMalformed = result.left._tag === "SignatureMalformed" && result.left.part === "claims"
            strictEqual(isMalformed, Option.isNone(expected), text)
          } else {
            taken++
            const { exp, iat, jti, nbf, sub } = Option.getOrThrow(expected)
            deepStrictEqual(result.right.signed, {
              subject: sub,
              tokenId: jti,
              issuedAt: iat === undefined ? undefined : DateTime.unsafeMake(iat * 1000),
              notBefore: DateTime.unsafeMake(nbf * 1000),
              expiresAt: DateTime.unsafeMake(exp * 1000),
              body: delivery().body
            })
          }
        }
        assertTrue(taken > 500, `only ${taken} passed`)
      })
    )
  })
}
