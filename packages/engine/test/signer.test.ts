import { SignatureClaimsSegment } from "@effect-qstash/domain/wire/SignatureClaims"
import { joseHeaderSegment } from "@effect-qstash/domain/wire/SignatureFormat"
import * as Signer from "@effect-qstash/engine/Signer"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { FastCheck, Redacted, Schema } from "effect"
import { createHash, createHmac } from "node:crypto"

const keys = {
  current: Redacted.make("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r"),
  next: Redacted.make("sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs")
}
const signer = Signer.make(keys)

const attempt: Signer.Attempt = {
  url: "https://api.example.com/jobs/nightly?tenant=7",
  body: new TextEncoder().encode('{"tenant":7}'),
  jti: "jwt_67kxXD6UBAk7DqU6hzuHMDdXFXfP",
  nowMillis: 1_748_750_400_999
}

const payloadOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"))

describe("Signer", () => {
  it("claims what QStash claims, for five minutes from the second that has begun", () => {
    deepStrictEqual(payloadOf(signer.sign(attempt)), {
      iss: "Upstash",
      sub: "https://api.example.com/jobs/nightly?tenant=7",
      exp: 1_748_750_700,
      nbf: 0,
      iat: 1_748_750_400,
      jti: "jwt_67kxXD6UBAk7DqU6hzuHMDdXFXfP",
      body: `${createHash("sha256").update('{"tenant":7}').digest("base64url")}=`
    })
  })

  it("uses HS256 with the bytes of the whole current key", () => {
    const [header, payload, signature] = signer.sign(attempt).split(".")
    strictEqual(header, joseHeaderSegment)
    const hmac = createHmac("sha256", Buffer.from("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "utf8"))
    strictEqual(signature, hmac.update(`${header}.${payload}`).digest("base64url"))
  })

  it("hashes an empty body as the empty string", () => {
    const token = signer.sign({ ...attempt, body: new Uint8Array(0) })
    const claims = Schema.decodeSync(SignatureClaimsSegment)(token.split(".")[1] ?? "")
    strictEqual(claims.body, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
  })

  it("gives another token for whatever differs, and the same for the same", () => {
    const tokens = [
      signer.sign(attempt),
      signer.sign({ ...attempt, url: `${attempt.url}&more` }),
      signer.sign({ ...attempt, body: new Uint8Array(1) }),
      signer.sign({ ...attempt, jti: "jwt_other" }),
      signer.sign({ ...attempt, nowMillis: attempt.nowMillis + 1 }),
      Signer.make({ current: keys.next }).sign(attempt)
    ]
    strictEqual(new Set(tokens).size, tokens.length)
    strictEqual(signer.sign({ ...attempt, body: attempt.body.slice() }), tokens[0])
  })

  it.prop(
    "writes exactly the codec's segment, for any text and bytes",
    {
      url: FastCheck.string({ unit: "binary" }),
      jti: FastCheck.string(),
      body: FastCheck.uint8Array(),
      nowMillis: FastCheck.nat(8_000_000_000_000)
    },
    (any) => {
      const segment = signer.sign(any).split(".")[1] ?? ""
      const claims = Schema.decodeSync(SignatureClaimsSegment)(segment)
      strictEqual(Schema.encodeSync(SignatureClaimsSegment)(claims), segment)
      strictEqual(claims.sub, any.url)
      strictEqual(claims.jti, any.jti)
      strictEqual(claims.iat, Math.floor(any.nowMillis / 1000))
    }
  )

  it("never shows its key", () => {
    assertTrue(!JSON.stringify(signer).includes("sig_"))
    assertTrue(!signer.sign(attempt).includes("sig_"))
  })
})
