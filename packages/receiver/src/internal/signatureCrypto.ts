import type * as Effect from "effect/Effect"

/** Whether a MAC, 43 characters of base64url, is that of a text, compared in constant time. The text is ASCII. */
type VerifyHmac = (text: string, mac: string) => Effect.Effect<boolean>

/** What verification asks of a crypto library. */
export interface SignatureCrypto {
  /** Prepares HMAC-SHA-256 with a key, which is never empty. */
  readonly hmac: (key: Uint8Array) => Effect.Effect<VerifyHmac>
  /** The UTF-8 text that a segment of a signed token stands for; what is not base64url gives any text or none. */
  readonly decode: (segment: string) => string | undefined
  /** The hash in base64url without padding. */
  readonly sha256: (bytes: Uint8Array) => Effect.Effect<string>
}
