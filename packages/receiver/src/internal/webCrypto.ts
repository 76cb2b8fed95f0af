import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import type { SignatureCrypto } from "./signatureCrypto.ts"

const algorithm = { name: "HMAC", hash: "SHA-256" }

const isOwn = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> => bytes.buffer instanceof ArrayBuffer

/** WebCrypto takes no shared memory, which a `Uint8Array` may be a view of: that is copied. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => (isOwn(bytes) ? bytes : new Uint8Array(bytes))

const bytesOf = (base64url: string): Uint8Array =>
  Either.getOrElse(Encoding.decodeBase64Url(base64url), () => new Uint8Array())

/** WebCrypto: Node, Deno, Bun, browsers and the runtimes at the edge. */
export const webCrypto: SignatureCrypto = {
  hmac: (key) =>
    Effect.promise(() => crypto.subtle.importKey("raw", own(key), algorithm, false, ["verify"])).pipe(
      Effect.map(
        (imported) => (text, mac) =>
          Effect.promise(() =>
            crypto.subtle.verify(algorithm, imported, own(bytesOf(mac)), new TextEncoder().encode(text))
          )
      )
    ),
  decode: (segment) => Either.getOrUndefined(Encoding.decodeBase64UrlString(segment)),
  sha256: (bytes) =>
    Effect.map(
      Effect.promise(() => crypto.subtle.digest("SHA-256", own(bytes))),
      (digest) => Encoding.encodeBase64Url(new Uint8Array(digest))
    )
}
