/** Tokens made by hand, with nothing of the code under test, and what QStash sends along with them. */
import { createHash, createHmac } from "node:crypto"

export const currentKey = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r"
export const nextKey = "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"

export const url = "https://api.example.com/jobs/nightly?tenant=7&dry=%2F"

/** Not UTF-8, so that whatever decodes it as text breaks the hash. */
export const body: Uint8Array = Uint8Array.from([0, 255, 254, 128, 104, 105, 10])

/** 2025-06-01T04:00:00Z, in seconds. */
export const issuedAt = 1_748_750_400

export const base64url = (text: string | Uint8Array): string => Buffer.from(text).toString("base64url")

export const bodyHash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64url")

export const claims = {
  iss: "Upstash",
  sub: url,
  exp: issuedAt + 300,
  nbf: 0,
  iat: issuedAt,
  jti: "jwt_67kxXD6UBAk7DqU6hzuHMDdXFXfP",
  body: `${bodyHash(body)}=`
}

export interface TokenOptions {
  readonly key?: string
  readonly header?: unknown
  readonly hash?: string
}

export const sign = (signed: string, key: string = currentKey, hash = "sha256"): string =>
  `${signed}.${createHmac(hash, key).update(signed).digest("base64url")}`

export const token = (payload: unknown = claims, options: TokenOptions = {}): string =>
  sign(
    `${base64url(JSON.stringify(options.header ?? { alg: "HS256", typ: "JWT" }))}.${base64url(JSON.stringify(payload))}`,
    options.key,
    options.hash
  )

export const delivery = (signature: string = token()) => ({
  headers: { "Upstash-Signature": signature } as Record<string, string | ReadonlyArray<string> | undefined>,
  url,
  body
})
