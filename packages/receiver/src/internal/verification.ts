/**
 * What both receivers decide alike: all of verification but the hashes, which one computes at once and the other waits
 * for. Plain functions without Effect.
 */
import { issuer, joseHeaderSegment } from "@effect-qstash/domain/wire/SignatureFormat"
import type { Delivery } from "../Delivery.ts"
import { type Claims, isHs256, isRecord, readClaims } from "./claims.ts"
import type { Failure } from "./failure.ts"
import type { Settings } from "./settings.ts"

/** Node accepts 16 KiB of headers in all by default, so most workers never see a longer token. */
const maxTokenLength = 16_384

export interface Token {
  /** What the MAC is of: header and claims, as they came in. */
  readonly signed: string
  readonly claims: string
  readonly mac: string
}

/**
 * Decodes a segment of a token, which is base64url. Keeps a byte order mark, which JSON does not allow, and returns
 * `undefined` where the bytes are not UTF-8.
 */
export type Decode = (segment: string) => string | undefined

/** The request with the headers that verification reads and its token, which was checked as far as that needs no key. */
export interface Opened {
  readonly headers: HeaderValues
  readonly token: Token
}

export const open = (delivery: Delivery, { maxBodyBytes }: Settings, decode: Decode): Opened | Failure => {
  const wrongType = checkTypes(delivery)
  if (wrongType !== undefined) return wrongType
  const { byteLength } = delivery.body
  if (byteLength > maxBodyBytes) return tooLarge("body", byteLength, maxBodyBytes)
  const headers = readHeaders(delivery.headers)
  if ("_tag" in headers) return headers
  const token = readToken(headers, decode)
  return "_tag" in token ? token : { headers, token }
}

/** JavaScript callers and casts can pass anything. Without this check, the failures would be hard to understand. */
const checkTypes = (delivery: unknown): Failure | undefined => {
  const { body, headers, url } = isRecord(delivery) ? delivery : {}
  // `Map` and Fetch's `Headers` have no own properties, so they would look like a request without a signature.
  if (!isRecord(headers) || Symbol.iterator in headers) return malformed("headers", headers)
  if (typeof url !== "string") return malformed("url", url)
  return isBytes(body) ? undefined : malformed("body", body)
}

/** `instanceof` alone would reject bytes from another realm, such as a `Buffer` under Jest. */
const isBytes = (value: unknown): boolean =>
  value instanceof Uint8Array || (ArrayBuffer.isView(value) && typeName(value) === "Uint8Array")

const malformed = (part: "headers" | "url" | "body", value: unknown): Failure => ({
  _tag: "DeliveryMalformed",
  part,
  received: typeName(value)
})

/** `String`, `Null`, `Map`, `ArrayBuffer`, ... */
const typeName = (value: unknown): string =>
  Object.prototype.toString.call(value).slice("[object ".length, -1)

export const tooLarge = (part: "body" | "signature", size: number, limit: number): Failure => ({
  _tag: "DeliveryTooLarge",
  part,
  size,
  limit
})

// Same check as the schema Sha256Text, ten times as fast.
const isMac = (text: string): boolean => /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text)

/** Checks a token's form. The claims are not read before the HMAC is known to be right. */
const readToken = (headers: HeaderValues, decode: Decode): Token | Failure => {
  const [token, ...others] = headers.get("upstash-signature") ?? []
  if (token === undefined || (token === "" && others.length === 0)) return { _tag: "SignatureMissing" }
  if (others.length > 0) return malformedToken("token")
  if (token.length > maxTokenLength) return tooLarge("signature", token.length, maxTokenLength)
  const [, signed, header, claims, mac] = /^(([\w-]+)\.([\w-]+))\.([\w-]*)$/.exec(token) ?? []
  if (signed === undefined || header === undefined || claims === undefined || mac === undefined) {
    return malformedToken("token")
  }
  // QStash always sends this same header, so it need not be decoded.
  if (header !== joseHeaderSegment && !isHs256(decode(header))) return malformedToken("header")
  return isMac(mac) ? { signed, claims, mac } : malformedToken("signature")
}

const malformedToken = (part: "token" | "header" | "signature" | "claims"): Failure => ({
  _tag: "SignatureMalformed",
  part
})

/** The claims of a token that a signing key made, if they are for this URL and moment. */
export const checkClaims = (
  token: Token,
  url: string,
  nowMillis: number,
  { expectedSubjects, toleranceMillis }: Settings,
  decode: Decode
): Claims | Failure => {
  const claims = readClaims(decode(token.claims))
  if (claims === undefined) return malformedToken("claims")
  if (claims.iss !== issuer) return { _tag: "SignatureWrongIssuer", issuer: cut(claims.iss) }
  const expiredAt = claims.exp * 1000
  if (nowMillis - toleranceMillis >= expiredAt) return { _tag: "SignatureExpired", expiredAt, now: nowMillis }
  const notBefore = claims.nbf * 1000
  if (nowMillis + toleranceMillis < notBefore)
    return { _tag: "SignatureNotYetValid", notBefore, now: nowMillis }
  const expected = expectedSubjects?.(url)
  return expected === undefined || expected.urls.some((one) => isSameUrl(claims.sub, one))
    ? claims
    : {
        _tag: "SignatureWrongSubject",
        subject: quotable(claims.sub),
        expected: quotable(expected.urls[0]),
        source: expected.source
      }
}

const isSameUrl = (signed: string, called: string): boolean =>
  signed === called || withPath(signed) === withPath(called)

/** A URL without a path is called as `/`: there is no other way to write it in a request. */
const withPath = (url: string): string => url.replace(/^(https?:\/\/[^/?#\\]+)(?=\?|$)/i, "$1/")

/** A URL or path as written, without credentials and query. Never shows any other text. */
const quotable = (url: string): string => {
  const [, scheme = "", authority = "", path = ""] =
    /^(?:(https?:\/\/)([^\s/\\?#]+)|(?=\/(?![/\\])))([^\s?#]*)/i.exec(url) ?? []
  const shown = `${scheme}${authority.slice(authority.lastIndexOf("@") + 1)}${path}`
  return shown === "" ? "text that is not a URL" : cut(shown)
}

const cut = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)

/** The headers that the signature does not cover. One that is absent, empty, repeated or not readable is `undefined`. */
export const unsignedPart = (headers: HeaderValues) => {
  const header = (name: string): string | undefined => {
    const values = headers.get(name)
    return values === undefined || values.length > 1 || values[0] === "" ? undefined : values[0]
  }
  const retried = header("upstash-retried")
  return {
    messageId: header("upstash-message-id"),
    scheduleId: header("upstash-schedule-id"),
    urlGroup: header("upstash-topic-name"),
    retried: retried !== undefined && /^\d{1,15}$/.test(retried) ? Number(retried) : undefined,
    callerIp: header("upstash-caller-ip"),
    region: header("upstash-region"),
    contentType: header("content-type")
  }
}

type HeaderValues = ReadonlyMap<string, ReadonlyArray<string>>

/**
 * All values of each header under its name in lower case; two spellings of a name are one header. Keeps only the headers
 * that verification reads.
 */
const readHeaders = (headers: Delivery["headers"]): HeaderValues | Failure => {
  const values = new Map<string, Array<string>>()
  for (const name of Object.keys(headers)) {
    const value: unknown = headers[name]
    // `null` is what `get` of Fetch's `Headers` returns for an absent header.
    if (value === undefined || value === null) continue
    const lower = name.toLowerCase()
    if (lower !== "content-type" && !lower.startsWith("upstash-")) continue
    const given = typeof value === "string" ? [value] : value
    if (!isTexts(given)) return malformed("headers", value)
    const found = values.get(lower) ?? []
    for (const text of given) found.push(text)
    values.set(lower, found)
  }
  return values
}

const isTexts = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((item) => typeof item === "string")
