import { hmac } from "@noble/hashes/hmac.js"
import { sha256 } from "@noble/hashes/sha2.js"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import { constVoid } from "effect/Function"
import { decode, own } from "./base64Url.ts"
import { isSameText } from "./sameText.ts"
import type { SignatureCrypto } from "./signatureCrypto.ts"

/** Up to here hashing in JavaScript is done before WebCrypto's threads have answered. */
const smallBody = 3072

/** Up to here a forger causes no more work than by sending that much, so hashing goes on beside the checks of the token. */
const mediumBody = 65_536

/** The hashes check with `instanceof`, which a `Buffer` from another realm fails. */
const inThisRealm = (bytes: Uint8Array): Uint8Array =>
  bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)

/**
 * What runs on Node, Deno, Bun, in browsers and at the edge: JavaScript for what is short, so that no thread has to be
 * woken up for it, and WebCrypto for the rest.
 */
export const webCrypto: SignatureCrypto = {
  hmac: (key) => {
    const keyed = hmac.create(sha256, key)
    const encoder = new TextEncoder()
    return (text, mac) =>
      isSameText(Encoding.encodeBase64Url(keyed.clone().update(encoder.encode(text)).digest()), mac)
  },
  decode,
  sha256: (bytes) => {
    if (bytes.byteLength <= smallBody) return () => Encoding.encodeBase64Url(sha256(inThisRealm(bytes)))
    if (bytes.byteLength > mediumBody) return () => awaitHash(() => digest(bytes))
    const started = digest(bytes)
    // Nobody awaits it where the token does not hold.
    started.catch(constVoid)
    return () => awaitHash(() => started)
  }
}

const digest = (bytes: Uint8Array): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", own(bytes))

const awaitHash = (hash: () => Promise<ArrayBuffer>): Effect.Effect<string> =>
  Effect.map(Effect.promise(hash), (bytes) => Encoding.encodeBase64Url(new Uint8Array(bytes)))
