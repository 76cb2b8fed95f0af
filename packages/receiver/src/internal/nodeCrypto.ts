import * as Effect from "effect/Effect"
import { createHash, createHmac, createSecretKey, timingSafeEqual } from "node:crypto"
import type { SignatureCrypto } from "./signatureCrypto.ts"

/** The same on the calling thread: no promise for a hash that takes microseconds. */
export const nodeCrypto: SignatureCrypto = {
  hmac: (key) =>
    Effect.sync(() => {
      const secret = createSecretKey(key)
      return (text, mac) =>
        Effect.sync(() => {
          const expected = Buffer.from(createHmac("sha256", secret).update(text).digest("base64url"))
          const given = Buffer.from(mac)
          return expected.length === given.length && timingSafeEqual(expected, given)
        })
    }),
  decode: (segment) => Buffer.from(segment, "base64url").toString(),
  sha256: (bytes) => Effect.sync(() => createHash("sha256").update(bytes).digest("base64url"))
}
