import { MessageId } from "@effect-qstash/domain/MessageId"
import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import {
  issuer,
  joseHeaderSegment,
  JoseHeaderSegment,
  lifetimeSeconds,
  type SignatureClaims
} from "@effect-qstash/domain/wire/SignatureClaims"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Options } from "../ReceiverOptions.ts"
import type { Delivery, SignedPart, UnsignedPart, VerifiedDelivery } from "../VerifiedDelivery.ts"
import {
  DeliveryBodyMismatch,
  DeliveryMalformed,
  DeliveryTooLarge,
  QStashReceiverMisconfigured,
  SignatureExpired,
  SignatureInvalid,
  SignatureMalformed,
  SignatureMissing,
  SignatureNotYetValid,
  SignatureWrongIssuer,
  SignatureWrongSubject,
  type VerifyError
} from "../VerifyError.ts"
import { readClaims } from "./readClaims.ts"
import { isSameText } from "./sameText.ts"
import type { SignatureCrypto } from "./signatureCrypto.ts"

/** Node accepts 16 KiB of headers in all by default, so most workers never see a longer token. */
const maxTokenLength = 16_384

const defaultMaxBodyBytes = 64 * 1024 * 1024

/** As long as a token lives. With more, a recorded request would be accepted longer than QStash means it to be. */
const maxToleranceMillis = lifetimeSeconds * 1000

/**
 * Builds a receiver on top of one crypto library. The checks are one plain function: an effect per check would cost a
 * large part of a microsecond each, and the whole takes ten.
 */
export const makeWith = (crypto: SignatureCrypto) =>
  Effect.fnUntraced(function* (options: Options) {
    const current = crypto.hmac(yield* keyBytes("currentSigningKey", options))
    const next = crypto.hmac(yield* keyBytes("nextSigningKey", options))
    const expectedSubjects = yield* readSubject(options.subject ?? "url")
    const tolerance = yield* readTolerance(options.clockTolerance ?? Duration.zero)
    const maxBodyBytes = yield* readMaxBodyBytes(options.maxBodyBytes ?? defaultMaxBodyBytes)

    const verifyToken = (
      token: Token,
      url: string,
      nowMillis: number
    ): Either.Either<SignatureClaims, VerifyError> => {
      if (!current(token.signed, token.mac) && !next(token.signed, token.mac)) {
        return Either.left(new SignatureInvalid())
      }
      const claims = readClaims(crypto.decode(token.claims))
      if (claims === undefined) return Either.left(new SignatureMalformed({ part: "claims" }))
      if (claims.iss !== issuer) {
        return Either.left(new SignatureWrongIssuer({ issuer: cut(claims.iss) }))
      }
      if (nowMillis - tolerance >= claims.exp * 1000) {
        return Either.left(
          new SignatureExpired({ expiredAt: instant(claims.exp), now: DateTime.unsafeMake(nowMillis) })
        )
      }
      if (nowMillis + tolerance < claims.nbf * 1000) {
        return Either.left(
          new SignatureNotYetValid({ notBefore: instant(claims.nbf), now: DateTime.unsafeMake(nowMillis) })
        )
      }
      if (expectedSubjects !== undefined) {
        const expected = expectedSubjects(url)
        if (!expected.urls.some((one) => isSameUrl(claims.sub, one))) {
          return Either.left(
            new SignatureWrongSubject({
              subject: quotable(claims.sub),
              expected: quotable(expected.urls[0]),
              source: expected.source
            })
          )
        }
      }
      return Either.right(claims)
    }

    const verify = (delivery: Delivery): Effect.Effect<VerifiedDelivery, VerifyError> =>
      Effect.clockWith((clock): Effect.Effect<VerifiedDelivery, VerifyError> => {
        const wrongType = checkTypes(delivery)
        if (wrongType !== undefined) return Effect.fail(wrongType)
        const { body, url } = delivery
        if (body.byteLength > maxBodyBytes) {
          return Effect.fail(
            new DeliveryTooLarge({ part: "body", size: body.byteLength, limit: maxBodyBytes })
          )
        }
        const headers = readHeaders(delivery.headers)
        if (headers instanceof DeliveryMalformed) return Effect.fail(headers)
        const token = readToken(headers)
        if (Either.isLeft(token)) return Effect.fail(token.left)
        const hashOfBody = crypto.sha256(body)
        const claims = verifyToken(token.right, url, clock.unsafeCurrentTimeMillis())
        if (Either.isLeft(claims)) return Effect.fail(claims.left)
        const hash = hashOfBody()
        return typeof hash === "string"
          ? verifyBody(body, hash, claims.right, headers)
          : Effect.flatMap(hash, (awaited) => verifyBody(body, awaited, claims.right, headers))
      })

    return { verify }
  })

/** JavaScript callers and casts can pass anything. Without this check, the failures would be hard to understand. */
function checkTypes(delivery: unknown): DeliveryMalformed | undefined {
  const { body, headers, url } = Predicate.isRecord(delivery) ? delivery : {}
  // `Map` and Fetch's `Headers` have no own properties, so they would look like a request without a signature.
  if (!Predicate.isRecord(headers) || Symbol.iterator in headers) return malformed("headers", headers)
  if (typeof url !== "string") return malformed("url", url)
  return isBytes(body) ? undefined : malformed("body", body)
}

/** `instanceof` alone would reject bytes from another realm, such as a `Buffer` under Jest. */
function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array || (ArrayBuffer.isView(value) && typeName(value) === "Uint8Array")
}

function malformed(part: DeliveryMalformed["part"], value: unknown): DeliveryMalformed {
  return new DeliveryMalformed({ part, received: typeName(value) })
}

/** `String`, `Null`, `Map`, `ArrayBuffer`, ... */
function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1)
}

function verifyBody(
  body: Uint8Array,
  hash: string,
  claims: SignatureClaims,
  headers: HeaderValues
): Effect.Effect<VerifiedDelivery, DeliveryBodyMismatch> {
  return isSameText(hash, claims.body)
    ? Effect.succeed({ signed: signedPart(claims, body), unsigned: unsignedPart(headers) })
    : Effect.fail(new DeliveryBodyMismatch())
}

/** A key with quotes or whitespace around it would reject every delivery without saying why. Never shows the key. */
function keyBytes(option: "currentSigningKey" | "nextSigningKey", options: unknown) {
  const redacted = Predicate.hasProperty(options, option) ? options[option] : undefined
  if (!Redacted.isRedacted(redacted)) return misconfigured(option, "is not redacted: use Redacted.make(key)")
  // TypeScript cannot see that an environment variable is not set.
  const key = Redacted.value(redacted)
  if (typeof key !== "string" || key === "") return misconfigured(option, "is empty, so anyone could sign")
  if (/^(["']).*\1$/s.test(key)) return misconfigured(option, "is in quotes, which are not part of a key")
  return /^[\x21-\x7e]+$/.test(key)
    ? Effect.succeed(new TextEncoder().encode(key))
    : misconfigured(option, "contains whitespace or another character that is not allowed in a key")
}

// Not `URL.canParse`: on Node 20, once V8 has optimised it, it rejects valid URLs with Latin-1 text.
const parseUrl = Option.liftThrowable((text: string) => new URL(text))

interface ExpectedSubjects {
  readonly urls: readonly [string, ...ReadonlyArray<string>]
  readonly source: SignatureWrongSubject["source"]
}

/** Maps the URL passed to `verify` to the subjects that a token may have. `undefined` accepts any subject. */
function readSubject(
  subject: unknown
): Effect.Effect<((url: string) => ExpectedSubjects) | undefined, QStashReceiverMisconfigured> {
  if (subject === "any") return Effect.succeed(undefined)
  if (subject === "url") return Effect.succeed((url) => ({ urls: [url], source: "url" }))
  if (!Predicate.hasProperty(subject, "publicUrl")) {
    return misconfigured("subject", 'is not "url", "any" or { publicUrl }')
  }
  const { publicUrl } = subject
  if (
    typeof publicUrl !== "string" ||
    !/^https?:\/\/[^\s?#]+$/i.test(publicUrl) ||
    Option.isNone(parseUrl(publicUrl))
  ) {
    return misconfigured("subject.publicUrl", "is not an http or https URL without query and fragment")
  }
  let end = publicUrl.length
  while (publicUrl[end - 1] === "/") end--
  const base = publicUrl.slice(0, end)
  return Effect.succeed((url) => {
    const target = /^(?:https?:\/\/[^/?#\\]+)?([/?].*)?$/is.exec(url)
    if (target === null) return { urls: [url], source: "url" }
    const inside = target[1] ?? ""
    return {
      // Where an application is mounted, its root may have been called with or without a slash at the end.
      urls: /^\/(?:\?|$)/.test(inside) ? [base + inside, base + inside.slice(1)] : [base + inside],
      source: "publicUrl"
    }
  })
}

function isSameUrl(signed: string, called: string): boolean {
  return signed === called || withPath(signed) === withPath(called)
}

/** A URL without a path is called as `/`: there is no other way to write it in a request. */
function withPath(url: string): string {
  return url.replace(/^(https?:\/\/[^/?#\\]+)(?=\?|$)/i, "$1/")
}

function readTolerance(input: unknown) {
  const tolerance = Option.map(DurationInput.parse(input), Duration.toMillis)
  return Option.isSome(tolerance) && tolerance.value <= maxToleranceMillis
    ? Effect.succeed(tolerance.value)
    : misconfigured("clockTolerance", "is not a time span from 0 to 5 minutes")
}

function readMaxBodyBytes(limit: unknown) {
  return typeof limit === "number" && limit >= 0
    ? Effect.succeed(limit)
    : misconfigured("maxBodyBytes", "is not a number of at least 0")
}

function misconfigured(option: string, reason: string) {
  return Effect.fail(new QStashReceiverMisconfigured({ option, reason }))
}

interface Token {
  /** What the MAC is of: header and claims, as they came in. */
  readonly signed: string
  readonly claims: string
  readonly mac: string
}

const decodeHeader = Schema.decodeEither(JoseHeaderSegment)

// Same check as the schema Sha256Text, ten times as fast.
const isMac = (text: string): boolean => /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text)

/** Checks a token's form. The claims are not read before the HMAC is known to be right. */
function readToken(
  headers: HeaderValues
): Either.Either<Token, SignatureMissing | SignatureMalformed | DeliveryTooLarge> {
  const [token, ...others] = headers.get("upstash-signature") ?? []
  if (token === undefined || (token === "" && others.length === 0)) {
    return Either.left(new SignatureMissing())
  }
  if (others.length > 0) {
    return Either.left(new SignatureMalformed({ part: "token" }))
  }
  if (token.length > maxTokenLength) {
    return Either.left(new DeliveryTooLarge({ part: "signature", size: token.length, limit: maxTokenLength }))
  }
  const [, signed, header, claims, mac] = /^(([\w-]+)\.([\w-]+))\.([\w-]*)$/.exec(token) ?? []
  if (signed === undefined || header === undefined || claims === undefined || mac === undefined) {
    return Either.left(new SignatureMalformed({ part: "token" }))
  }
  // QStash always sends this same header, so it need not be decoded.
  if (header !== joseHeaderSegment && Either.isLeft(decodeHeader(header))) {
    return Either.left(new SignatureMalformed({ part: "header" }))
  }
  return isMac(mac)
    ? Either.right({ signed, claims, mac })
    : Either.left(new SignatureMalformed({ part: "signature" }))
}

function signedPart(claims: SignatureClaims, body: Uint8Array): SignedPart {
  return {
    subject: claims.sub,
    tokenId: claims.jti,
    issuedAt: claims.iat === undefined ? undefined : instant(claims.iat),
    notBefore: instant(claims.nbf),
    expiresAt: instant(claims.exp),
    body
  }
}

const isScheduleId = Schema.is(ScheduleIdFromAnswer)
const isUrlGroup = Schema.is(UrlGroupNameFromAnswer)

function unsignedPart(headers: HeaderValues): UnsignedPart {
  const header = (name: string): string | undefined => {
    const values = headers.get(name)
    return values === undefined || values.length > 1 || values[0] === "" ? undefined : values[0]
  }
  const messageId = header("upstash-message-id")
  const scheduleId = header("upstash-schedule-id")
  const urlGroup = header("upstash-topic-name")
  const retried = header("upstash-retried")
  return {
    // Any text but the empty one is the id of a message.
    messageId: messageId === undefined ? undefined : MessageId.make(messageId, { disableValidation: true }),
    scheduleId: scheduleId !== undefined && isScheduleId(scheduleId) ? scheduleId : undefined,
    urlGroup: urlGroup !== undefined && isUrlGroup(urlGroup) ? urlGroup : undefined,
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
function readHeaders(headers: Delivery["headers"]): HeaderValues | DeliveryMalformed {
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
  Array.isArray(value) && value.every(Predicate.isString)

const epoch = DateTime.unsafeMake(0)

// Two thirds of the time of making one from a number, which goes through a Date.
function instant(seconds: number): DateTime.Utc {
  return seconds === 0 ? epoch : DateTime.mapEpochMillis(epoch, () => seconds * 1000)
}

/** A URL or path as written, without credentials and query. Never shows any other text. */
function quotable(url: string): string {
  const [, scheme = "", authority = "", path = ""] =
    /^(?:(https?:\/\/)([^\s/\\?#]+)|(?=\/(?![/\\])))([^\s?#]*)/i.exec(url) ?? []
  const shown = `${scheme}${authority.slice(authority.lastIndexOf("@") + 1)}${path}`
  return shown === "" ? "text that is not a URL" : cut(shown)
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
