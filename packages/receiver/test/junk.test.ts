import { SignatureMalformed } from "@effect-qstash/receiver"
import { describe, it } from "@effect/vitest"
import { assertTrue, strictEqual } from "@effect/vitest/utils"
import { Cause, Effect, Exit, FastCheck, Option } from "effect"
import { allHomes, keys } from "./homes.ts"
import { base64url, claims, delivery, sign, token } from "./token.ts"

const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`
const headerSegment = base64url('{"alg":"HS256","typ":"JWT"}')

const segment = FastCheck.oneof(
  FastCheck.base64String().map((text) => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")),
  FastCheck.uint8Array({ maxLength: 64 }).map(base64url),
  FastCheck.json().map(base64url),
  FastCheck.constantFrom(
    "",
    headerSegment,
    base64url(deep),
    base64url('{"alg":"HS256","__proto__":null}'),
    "A"
  )
)

const oddClaims = FastCheck.dictionary(
  FastCheck.constantFrom("iss", "sub", "exp", "nbf", "iat", "jti", "body", "aud", "__proto__"),
  FastCheck.oneof(FastCheck.jsonValue(), FastCheck.double(), FastCheck.string({ unit: "binary" })),
  { minKeys: 1 }
)

/** From noise to tokens that a signing key made; none is one that may pass. */
const signature = FastCheck.oneof(
  FastCheck.string({ unit: "binary", maxLength: 100 }),
  FastCheck.tuple(segment, segment, segment).map((segments) => segments.join(".")),
  FastCheck.array(segment, { maxLength: 6 }).map((segments) => segments.join(".")),
  FastCheck.tuple(segment, segment).map(([header, payload]) => sign(`${header}.${payload}`)),
  segment.map((payload) => sign(`${headerSegment}.${payload}`)),
  oddClaims.map((odd) => token({ ...claims, ...odd, exp: 0 })),
  FastCheck.tuple(FastCheck.nat(token().length), FastCheck.string({ minLength: 1, maxLength: 3 })).map(
    ([index, text]) => token().slice(0, index) + text + token().slice(index)
  ),
  FastCheck.constantFrom(
    "A".repeat(1_000_000),
    ".".repeat(16_000),
    `${"A".repeat(8_000)}.`.repeat(2),
    base64url(deep)
  )
)

const headers = FastCheck.oneof(
  { weight: 8, arbitrary: signature.map((value) => ({ "Upstash-Signature": value })) },
  FastCheck.array(signature, { maxLength: 3 }).map((values) => ({ "upstash-signature": values })),
  FastCheck.tuple(signature, signature).map(([left, right]) => ({
    "upstash-signature": left,
    "UPSTASH-SIGNATURE": right
  }))
)

for (const [name, home] of allHomes) {
  describe(`junk on ${name}`, () => {
    it.effect(
      "gives a typed error, whatever it is: 10,000 requests",
      () =>
        Effect.gen(function* () {
          const receiver = yield* home.make(keys)
          const reasons = new Set<string>()
          for (const odd of FastCheck.sample(headers, { numRuns: 10_000, seed: 489 })) {
            const exit = yield* Effect.exit(receiver.verify({ ...delivery(), headers: odd }))
            assertTrue(Exit.isFailure(exit), `passed: ${JSON.stringify(odd)}`)
            const error = Cause.failureOption(exit.cause)
            assertTrue(Option.isSome(error), `died: ${Cause.pretty(exit.cause)}`)
            reasons.add(
              error.value instanceof SignatureMalformed ? error.value.part : error.value.constructor.name
            )
          }
          for (const reason of [
            "SignatureMissing",
            "SignatureInvalid",
            "SignatureExpired",
            "DeliveryTooLarge"
          ]) {
            assertTrue(reasons.delete(reason), `no junk led to ${reason}`)
          }
          for (const part of ["token", "header", "signature", "claims"]) {
            assertTrue(reasons.delete(part), `no junk had a malformed ${part}`)
          }
          strictEqual([...reasons].filter((reason) => reason !== "SignatureWrongIssuer").join(), "")
        }),
      60_000
    )
  })
}
