import type * as Effect from "effect/Effect"

/** Node takes 16 KiB of headers in all, so no longer token gets through to most workers. */
export const maxTokenLength = 16_384

/** What verification asks of a crypto library. */
export interface SignatureCrypto {
  /**
   * Prepares HMAC-SHA-256 with a key, which is never empty: tells whether a MAC, 43 characters of base64url, is that of a
   * text, compared in constant time. The text is ASCII and shorter than the longest token.
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
