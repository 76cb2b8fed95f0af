import {
  JoseHeaderSegment,
  Sha256Text,
  SignatureClaims,
  SignatureClaimsSegment
} from "@effect-qstash/domain/wire/SignatureClaims"
import { issuer, joseHeaderSegment, lifetimeSeconds } from "@effect-qstash/domain/wire/SignatureFormat"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Either, Encoding, FastCheck, Schema } from "effect"
import { createHash } from "node:crypto"

const decode = Schema.decodeUnknownEither(SignatureClaimsSegment)
const decodeClaims = (claims: unknown) => decode(Buffer.from(JSON.stringify(claims)).toString("base64url"))

const decodeHeader = (header: unknown) =>
  Schema.decodeUnknownEither(JoseHeaderSegment)(Encoding.encodeBase64Url(JSON.stringify(header)))

/** The shape of the token in QStash's documentation, with the hash padded. */
const sample = {
  iss: "Upstash",
  sub: "https://qstash-remote.requestcatcher.com/test",
  exp: 1_656_580_612,
  nbf: 1_656_580_312,
  iat: 1_656_580_312,
  jti: "jwt_67kxXD6UBAk7DqU6hzuHMDdXFXfP",
  body: "qK78N0k3pNKI8zN62Fq2Gm-_LtWkJk1z9ykio3zZvY4="
}

describe("SignatureClaims", () => {
  it.prop("survive the way to a segment and back", { claims: SignatureClaims }, ({ claims }) => {
    deepStrictEqual(decode(Schema.encodeSync(SignatureClaimsSegment)(claims)), Either.right(claims))
  })

  it("decode without padding what comes with or without it, and encode with it", () => {
    const claims = { ...sample, body: sample.body.slice(0, -1) }
    deepStrictEqual(decodeClaims(sample), Either.right(claims))
    deepStrictEqual(decodeClaims(claims), Either.right(claims))
    deepStrictEqual(Schema.encodeSync(SignatureClaims)(claims), sample)
  })

  it("do without iat and jti, and drop what they do not know", () => {
    const { iat: _iat, jti: _jti, ...required } = sample
    const decoded = { ...required, body: sample.body.slice(0, -1) }
    deepStrictEqual(decodeClaims({ ...required, aud: "", extra: { a: 1 } }), Either.right(decoded))
  })

  it.each([
    ["no claim", {}],
    ["a missing issuer", { ...sample, iss: undefined }],
    ["a missing subject", { ...sample, sub: undefined }],
    ["a missing end", { ...sample, exp: undefined }],
    ["a missing start", { ...sample, nbf: undefined }],
    ["a missing hash", { ...sample, body: undefined }],
    ["a time as text", { ...sample, exp: "1656580612" }],
    ["a fraction", { ...sample, nbf: 0.5 }],
    ["a time before 1970", { ...sample, iat: -1 }],
    ["a time that no date holds", { ...sample, exp: 8_640_000_000_001 }],
    ["an id that is no text", { ...sample, jti: 1 }],
    ["a hash padded twice", { ...sample, body: `${sample.body}=` }],
    ["a hash in standard base64", { ...sample, body: sample.body.replace("-", "+") }],
    ["a hash that is too short", { ...sample, body: sample.body.slice(1) }],
    ["a hash with spare bits set", { ...sample, body: sample.body.replace("4=", "5=") }],
    ["no object", null]
  ])("refuse %s", (_, claims) => {
    assertTrue(Either.isLeft(decodeClaims(claims)))
  })

  it.prop("refuse junk without a defect", { junk: FastCheck.string({ unit: "binary" }) }, ({ junk }) => {
    assertTrue(Either.isLeft(decode(junk)))
    assertTrue(Either.isLeft(decode(Encoding.encodeBase64Url(junk))))
  })

  it.each([
    ["a byte order mark", Buffer.from(`\ufeff${JSON.stringify(sample)}`)],
    ["invalid UTF-8", Buffer.from(JSON.stringify({ ...sample, jti: "\u00ff" }), "latin1")]
  ])("reject %s", (_, bytes) => {
    assertTrue(Either.isLeft(decode(bytes.toString("base64url"))))
  })

  it("live five minutes and are issued by Upstash", () => {
    strictEqual(lifetimeSeconds, 300)
    strictEqual(issuer, "Upstash")
  })
})

describe("Sha256Text", () => {
  it.prop("spells every digest, and each in one way", { bytes: FastCheck.uint8Array() }, ({ bytes }) => {
    const text = createHash("sha256").update(bytes).digest("base64url")
    assertTrue(Schema.is(Sha256Text)(text))
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    const last = alphabet.indexOf(text.slice(-1))
    for (const spare of [1, 2, 3]) {
      const other = text.slice(0, -1) + alphabet.charAt(last + spare)
      deepStrictEqual(Buffer.from(other, "base64url"), Buffer.from(text, "base64url"))
      assertFalse(Schema.is(Sha256Text)(other))
    }
  })
})

describe("JoseHeader", () => {
  it("is what the constant segment says", () => {
    deepStrictEqual(
      Schema.decodeUnknownEither(JoseHeaderSegment)(joseHeaderSegment),
      Either.right({ alg: "HS256", typ: "JWT" } as const)
    )
    strictEqual(Schema.encodeSync(JoseHeaderSegment)({ alg: "HS256", typ: "JWT" }), joseHeaderSegment)
  })

  it.prop("survives the way to a segment and back", { typ: FastCheck.string() }, ({ typ }) => {
    const header = { alg: "HS256", typ } as const
    const segment = Schema.encodeSync(JoseHeaderSegment)(header)
    deepStrictEqual(Schema.decodeEither(JoseHeaderSegment)(segment), Either.right(header))
  })

  it.each([
    [{ alg: "none" }],
    [{ alg: "HS384" }],
    [{ alg: "RS256" }],
    [{ typ: "JWT" }],
    [{ alg: "HS256", crit: [] }],
    [{ alg: "HS256", crit: null }],
    [null]
  ])("is not %o", (header) => {
    assertTrue(Either.isLeft(decodeHeader(header)))
  })
})
