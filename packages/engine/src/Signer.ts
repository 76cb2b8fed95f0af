/**
 * @since 0.1.0
 */
import type { SignatureClaims } from "@effect-qstash/domain/wire/SignatureClaims"
import { issuer, joseHeaderSegment, lifetimeSeconds } from "@effect-qstash/domain/wire/SignatureFormat"
import * as Redacted from "effect/Redacted"
import { createHash, createHmac, createSecretKey } from "node:crypto"

/**
 * What one delivery attempt gives to its signature.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  /** The URL that is called, with its query, exactly as it is called: receivers compare it as text. */
  readonly url: string
  /** The bytes that are sent. Their hash is remembered for as long as the array lives, so they must never change. */
  readonly body: Uint8Array
  /** The token's own id, `jwt_…`, another one for each attempt. */
  readonly jti: string
  /** Milliseconds since 1970; the token says whole seconds, rounded down. */
  readonly nowMillis: number
}

/**
 * Makes the value of `Upstash-Signature`. Synchronous, and the same attempt always gives the same token.
 *
 * @since 0.1.0
 * @category models
 */
export interface Signer {
  readonly sign: (attempt: Attempt) => string
}

/**
 * Signs with the current key alone, as QStash does; after a rotation make a new one.
 *
 * `nbf` is 0, as the service has sent since 2024 so that a slow clock at the receiver does no harm, and the body's hash
 * is padded as in its samples.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (signingKeys: { readonly current: Redacted.Redacted }): Signer => {
  const key = createSecretKey(Redacted.value(signingKeys.current), "utf8")
  const bodyHashes = new WeakMap<Uint8Array, string>()

  const bodyHash = (body: Uint8Array): string => {
    const known = bodyHashes.get(body)
    if (known !== undefined) return known
    const hash = `${createHash("sha256").update(body).digest("base64url")}=`
    bodyHashes.set(body, hash)
    return hash
  }

  return {
    sign: ({ body, jti, nowMillis, url }) => {
      const iat = Math.floor(nowMillis / 1000)
      const claims: typeof SignatureClaims.Encoded = {
        iss: issuer,
        sub: url,
        exp: iat + lifetimeSeconds,
        nbf: 0,
        iat,
        jti,
        body: bodyHash(body)
      }
      const signed = `${joseHeaderSegment}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`
      return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`
    }
  }
}
