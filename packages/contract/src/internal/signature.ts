import { strictEqual } from "@effect/vitest/utils"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash, createHmac } from "node:crypto"
import type { Delivery } from "../Harness.ts"
import { headerOf } from "./given.ts"

const Claims = Schema.parseJson(
  Schema.Struct({
    iss: Schema.String,
    sub: Schema.String,
    exp: Schema.Number,
    nbf: Schema.Number,
    iat: Schema.Number,
    jti: Schema.String,
    body: Schema.String
  })
)

const decodeClaims = Schema.decodeSync(Claims)

/** Verifies a delivery's token as a receiver does, by hand from QStash's documentation, and returns its claims. */
export const checkSignature = (delivery: Delivery, key: Redacted.Redacted): typeof Claims.Type => {
  const token = headerOf(delivery, "Upstash-Signature") ?? ""
  const [header = "", payload = "", signature = "", ...rest] = token.split(".")
  strictEqual(rest.length, 0)
  strictEqual(Buffer.from(header, "base64url").toString(), '{"alg":"HS256","typ":"JWT"}')
  strictEqual(
    signature,
    createHmac("sha256", Redacted.value(key)).update(`${header}.${payload}`).digest("base64url"),
    "the signature is not made with the key of the account"
  )
  const claims = decodeClaims(Buffer.from(payload, "base64url").toString())
  strictEqual(claims.iss, "Upstash")
  strictEqual(claims.sub, delivery.url)
  strictEqual(claims.iat, Math.floor(delivery.at / 1000))
  strictEqual(claims.exp, claims.iat + 300)
  strictEqual(claims.nbf <= claims.iat, true)
  strictEqual(claims.body.replace(/=+$/, ""), createHash("sha256").update(delivery.body).digest("base64url"))
  return claims
}
