import type * as Effect from "effect/Effect"
import type { Decode } from "./verification.ts"

/** What verification asks of a crypto library. */
export interface SignatureCrypto {
  /**
   * Prepares HMAC-SHA-256 with a non-empty key. The function it returns tells whether a MAC (43 characters of base64url)
   * belongs to a text, which is ASCII, and compares in constant time.
   */
  readonly hmac: (key: Uint8Array) => (text: string, mac: string) => boolean
  readonly decode: Decode
  /**
   * Announces a body whose hash the answer will be asked for if the token holds: in base64url without padding, an effect
   * where other threads hash. These may begin at once, but only with a body so short that a forger gains nothing by it.
   */
  readonly sha256: (bytes: Uint8Array) => () => string | Effect.Effect<string>
}
