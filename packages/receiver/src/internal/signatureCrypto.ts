import type * as Effect from "effect/Effect"

/** What verification asks of a crypto library. */
export interface SignatureCrypto {
  /**
   * Prepares HMAC-SHA-256 with a non-empty key. The function it returns tells whether a MAC (43 characters of base64url)
   * belongs to a text, which is ASCII, and compares in constant time.
   */
  readonly hmac: (key: Uint8Array) => (text: string, mac: string) => boolean
  /**
   * Decodes a segment of a signed token, which is base64url. Keeps a byte order mark, which JSON does not allow, and
   * returns `undefined` where the bytes are not UTF-8.
   */
  readonly decode: (segment: string) => string | undefined
  /**
   * Announces a body whose hash the answer will be asked for if the token holds: in base64url without padding, an effect
   * where other threads hash. These may begin at once, but only with a body so short that a forger gains nothing by it.
   */
  readonly sha256: (bytes: Uint8Array) => () => string | Effect.Effect<string>
}
