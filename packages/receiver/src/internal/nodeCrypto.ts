import { isUtf8 } from "node:buffer"
import { createHmac, createSecretKey, hash, timingSafeEqual } from "node:crypto"
import type { SignatureCrypto } from "./signatureCrypto.ts"

const digestLength = 32

/** Everything runs on the calling thread: a hash takes microseconds, less than a promise would add. */
export const nodeCrypto: SignatureCrypto = {
  hmac: (key) => {
    const secret = createSecretKey(key)
    return (text, mac) => {
      const received = Buffer.from(mac, "base64url")
      return (
        received.length === digestLength &&
        timingSafeEqual(createHmac("sha256", secret).update(text).digest(), received)
      )
    }
  },
  decode: (segment) => {
    // No number of bytes has this length. Node would drop the last character.
    if (segment.length % 4 === 1) return undefined
    const bytes = Buffer.from(segment, "base64url")
    return isUtf8(bytes) ? bytes.toString() : undefined
  },
  sha256: (bytes) => () => hash("sha256", bytes, "base64url")
}
