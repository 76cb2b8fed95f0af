/**
 * The receiver for an application without Effect: promises, strings and `Error`s. It runs wherever Fetch and WebCrypto
 * do, and checks the same as `QStashReceiver`, with the same code.
 *
 * @since 0.1.0
 */
import type { Delivery } from "./Delivery.ts"
import { type Failure, messageOf, statuses } from "./internal/failure.ts"
import { isSameText } from "./internal/sameText.ts"
import { isTolerance, Misconfigured, readSettings, type Settings } from "./internal/settings.ts"
import { base64Url, bytesOf, decode, own } from "./internal/base64Url.ts"
import { checkClaims, open, tooLarge, type Token, unsignedPart } from "./internal/verification.ts"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Delivery
} from "./Delivery.ts"
export type {
  /**
   * Why a request is rejected. Instants are milliseconds since 1970.
   *
   * @since 0.1.0
   * @category errors
   */
  Failure
} from "./internal/failure.ts"
export {
  /**
   * The options do not make a receiver: it would accept what it must reject, or reject everything.
   *
   * @since 0.1.0
   * @category errors
   */
  Misconfigured as ReceiverMisconfigured
} from "./internal/settings.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The key that QStash signs with now, `sig_` included. */
  readonly currentSigningKey: string
  /** The key that QStash signs with after the next rotation. It is tried if the current key does not match. */
  readonly nextSigningKey: string
  /**
   * Which URL a delivery must be signed for.
   * - `"url"`: the URL of the request, as text.
   * - `{ publicUrl }`: this URL followed by the path and query of the request, for an application behind a proxy.
   * - `"any"`: any endpoint of the account. Check `signed.subject` yourself.
   *
   * @default "url"
   */
  readonly subject?: "url" | "any" | { readonly publicUrl: string } | undefined
  /**
   * How far the local clock may be off, in seconds, from 0 to 300.
   *
   * @default 0
   */
  readonly clockToleranceSeconds?: number | undefined
  /**
   * The largest body that is accepted, in bytes. Of a `Request`, no more than this is read.
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxBodyBytes?: number | undefined
}

/**
 * A delivery whose signature holds. Decide what the sender may do by `signed` alone.
 *
 * @since 0.1.0
 * @category models
 */
export interface VerifiedDelivery {
  readonly signed: {
    /** The URL that QStash called, with its query. */
    readonly subject: string
    /** New for each attempt, `jwt_…`. If it comes twice, somebody sent a recorded request again. */
    readonly tokenId: string | undefined
    readonly issuedAt: Date | undefined
    readonly notBefore: Date
    readonly expiresAt: Date
    /** The raw bytes: `new TextDecoder().decode(body)` makes text of them. */
    readonly body: Uint8Array
  }
  /** Headers that the signature does not cover: whoever sees a delivery can send it again with other values. */
  readonly unsigned: {
    /** The same for all attempts of a message. */
    readonly messageId: string | undefined
    readonly scheduleId: string | undefined
    readonly urlGroup: string | undefined
    /** How many attempts failed before this one. */
    readonly retried: number | undefined
    readonly callerIp: string | undefined
    readonly region: string | undefined
    readonly contentType: string | undefined
  }
}

/**
 * What `verify` rejects with. `failure._tag` is the name of the reason, as of the errors of `QStashReceiver`. Safe to
 * log: it contains neither the body, a key, the token nor a query.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerifyError extends Error {
  override readonly name = "VerifyError"
  /** The HTTP status to respond with, so that QStash tries again. */
  readonly status: (typeof statuses)[Failure["_tag"]]
  constructor(readonly failure: Failure) {
    super(messageOf(failure))
    this.status = statuses[failure._tag]
  }
}

/**
 * Verifies deliveries of QStash.
 *
 * @since 0.1.0
 * @category constructors
 */
export class Receiver {
  readonly #settings: Settings
  #keys: Promise<ReadonlyArray<CryptoKey>> | undefined

  /** Throws a `ReceiverMisconfigured`. */
  constructor(options: Options) {
    const { clockToleranceSeconds = 0, currentSigningKey, maxBodyBytes, nextSigningKey, subject } = options
    const toleranceMillis = clockToleranceSeconds * 1000
    if (!isTolerance(toleranceMillis)) {
      throw new Misconfigured("clockToleranceSeconds", "is not a number from 0 to 300")
    }
    this.#settings = readSettings({
      currentSigningKey,
      nextSigningKey,
      subject,
      toleranceMillis,
      maxBodyBytes
    })
  }

  /**
   * Checks that a request is a delivery of QStash to this URL with this body. It reads the body of a `Request`, and only
   * if the token holds. A server without `Request` passes headers, URL and raw body.
   *
   * Rejects with a `VerifyError`, or with the error of a body that ended early.
   */
  async verify(request: Request | Delivery): Promise<VerifiedDelivery> {
    const settings = this.#settings
    const fetched = isRequest(request) ? request : undefined
    const delivery = isRequest(request) ? headOf(request, settings) : request
    const { headers, token } = accept(open(delivery, settings, decode))
    if (!(await this.#isSigned(token))) throw new VerifyError({ _tag: "SignatureInvalid" })
    const claims = accept(checkClaims(token, delivery.url, Date.now(), settings, decode))
    const body = fetched === undefined ? delivery.body : await readBody(fetched, settings)
    const hash = base64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", own(body))))
    if (!isSameText(hash, claims.body)) throw new VerifyError({ _tag: "DeliveryBodyMismatch" })
    return {
      signed: {
        subject: claims.sub,
        tokenId: claims.jti,
        issuedAt: claims.iat === undefined ? undefined : new Date(claims.iat * 1000),
        notBefore: new Date(claims.nbf * 1000),
        expiresAt: new Date(claims.exp * 1000),
        body
      },
      unsigned: unsignedPart(headers)
    }
  }

  async #isSigned({ mac, signed }: Token): Promise<boolean> {
    const bytes = bytesOf(mac)
    const text = new TextEncoder().encode(signed)
    // Not earlier: some edge runtimes allow no cryptography while a module is loaded.
    this.#keys ??= Promise.all([this.#settings.currentKey, this.#settings.nextKey].map(hmacKey))
    for (const key of await this.#keys) {
      if (await crypto.subtle.verify("HMAC", key, bytes, text)) return true
    }
    return false
  }
}

const hmacKey = (key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["verify"])

const accept = <A extends object>(result: A | Failure): A => {
  if ("_tag" in result) throw new VerifyError(result)
  return result
}

/** Not by `instanceof`, which a `Request` of another realm or of a polyfill fails. */
const isRequest = (input: Request | Delivery): input is Request =>
  typeof input === "object" && input !== null && "arrayBuffer" in input

/** A request without its body. One that says that it is too long is not looked at any further. */
const headOf = (request: Request, { maxBodyBytes }: Settings): Delivery => {
  const length = Number(request.headers.get("content-length"))
  if (length > maxBodyBytes) throw new VerifyError(tooLarge("body", length, maxBodyBytes))
  return { headers: Object.fromEntries(request.headers), url: request.url, body: new Uint8Array() }
}

const readBody = async (request: Request, { maxBodyBytes }: Settings): Promise<Uint8Array> => {
  if (request.bodyUsed) {
    throw new VerifyError({ _tag: "DeliveryMalformed", part: "body", received: "one that was read before" })
  }
  const chunks: Array<Uint8Array> = []
  let size = 0
  const reader = request.body?.getReader()
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    chunks.push(next.value)
    size += next.value.byteLength
    if (size > maxBodyBytes) {
      await reader?.cancel()
      throw new VerifyError(tooLarge("body", size, maxBodyBytes))
    }
  }
  const body = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.byteLength
  }
  return body
}
