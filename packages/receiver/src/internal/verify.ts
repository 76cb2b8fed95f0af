import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import {
  issuer,
  joseHeaderSegment,
  JoseHeaderSegment,
  Sha256Text,
  SignatureClaims
} from "@effect-qstash/domain/wire/SignatureClaims"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Options, QStashReceiver } from "../QStashReceiver.ts"
import type { Delivery, SignedPart, UnsignedPart } from "../VerifiedDelivery.ts"
import {
  DeliveryBodyMismatch,
  DeliveryTooLarge,
  QStashReceiverMisconfigured,
  SignatureExpired,
  SignatureInvalid,
  SignatureMalformed,
  SignatureMissing,
  SignatureNotYetValid,
  SignatureWrongIssuer,
  SignatureWrongSubject
} from "../VerifyError.ts"
import type { SignatureCrypto } from "./signatureCrypto.ts"

/** Node takes 16 KiB of headers in all, so no longer token gets through to most workers. */
const maxTokenLength = 16_384

const defaultMaxBodyBytes = 64 * 1024 * 1024

/** Builds a receiver on top of one crypto library. */
export const makeWith = (crypto: SignatureCrypto) =>
  Effect.fnUntraced(function* (options: Options) {
    const current = yield* crypto.hmac(yield* keyBytes("currentSigningKey", options))
    const next = yield* crypto.hmac(yield* keyBytes("nextSigningKey", options))
    const expectedSubject = yield* readSubject(options.subject ?? "url")
    const tolerance = yield* readTolerance(options.clockTolerance ?? Duration.zero)
    const maxBodyBytes = yield* readMaxBodyBytes(options.maxBodyBytes ?? defaultMaxBodyBytes)

    const verify = Effect.fnUntraced(function* (delivery: Delivery) {
      if (delivery.body.byteLength > maxBodyBytes) {
        return yield* new DeliveryTooLarge({
          part: "body",
          size: delivery.body.byteLength,
          limit: maxBodyBytes
        })
      }
      const headers = readHeaders(delivery.headers)
      const token = yield* readToken(headers)
      const text = `${token.header}.${token.claims}`
      if (!(yield* current(text, token.mac)) && !(yield* next(text, token.mac))) {
        return yield* new SignatureInvalid()
      }

      const claims = yield* readClaims(crypto.decode(token.claims))
      if (claims.iss !== issuer) {
        return yield* new SignatureWrongIssuer({ issuer: cut(claims.iss) })
      }
      const nowMillis = yield* Clock.currentTimeMillis
      if (nowMillis - tolerance >= claims.exp * 1000) {
        return yield* new SignatureExpired({
          expiredAt: instant(claims.exp),
          now: DateTime.unsafeMake(nowMillis)
        })
      }
      if (nowMillis + tolerance < claims.nbf * 1000) {
        return yield* new SignatureNotYetValid({
          notBefore: instant(claims.nbf),
          now: DateTime.unsafeMake(nowMillis)
        })
      }
      if (expectedSubject !== undefined) {
        const expected = expectedSubject(delivery.url)
        if (expected === undefined || withPath(claims.sub) !== withPath(expected)) {
          return yield* new SignatureWrongSubject({
            subject: quotable(claims.sub),
            expected: quotable(expected ?? delivery.url)
          })
        }
      }
      if (!sameText(yield* crypto.sha256(delivery.body), claims.body)) {
        return yield* new DeliveryBodyMismatch()
      }
      return { signed: signedPart(claims, delivery.body), unsigned: unsignedPart(headers) }
    })

    return { verify } satisfies QStashReceiver.Service
  })

function keyBytes(option: "currentSigningKey" | "nextSigningKey", options: Options) {
  const key = new TextEncoder().encode(Redacted.value(options[option]))
  return key.byteLength === 0 ? misconfigured(option, "is empty, so anyone could sign") : Effect.succeed(key)
}

// Not `URL.canParse`, which on Node 20 comes to refuse Latin-1 text once it has been compiled.
const parseUrl = Option.liftThrowable((text: string) => new URL(text))

/** Tells from the URL that was called what the token must be for; without a function, a token for any URL will do. */
function readSubject(
  subject: NonNullable<Options["subject"]>
): Effect.Effect<((url: string) => string | undefined) | undefined, QStashReceiverMisconfigured> {
  if (subject === "any") return Effect.succeed(undefined)
  if (subject === "url") return Effect.succeed((url) => url)
  if (!/^https?:\/\/[^\s?#]+$/i.test(subject.publicUrl) || Option.isNone(parseUrl(subject.publicUrl))) {
    return misconfigured("subject.publicUrl", "is not an http or https URL without query and fragment")
  }
  const base = subject.publicUrl.replace(/\/+$/, "")
  return Effect.succeed((url) => {
    const target = /^(?:https?:\/\/[^/?#\\]+)?([/?].*)?$/is.exec(url)
    return target === null ? undefined : `${base}${target[1] ?? ""}`
  })
}

/** A URL without a path is called as `/`: there is no other way to write it in a request. */
function withPath(url: string): string {
  return url.replace(/^(https?:\/\/[^/?#\\]+)(?=\?|$)/i, "$1/")
}

function readTolerance(input: Duration.DurationInput) {
  const tolerance = Duration.toMillis(input)
  return Number.isFinite(tolerance)
    ? Effect.succeed(tolerance)
    : misconfigured("clockTolerance", "is infinite, so no signature would ever expire")
}

function readMaxBodyBytes(limit: number) {
  return limit >= 0 ? Effect.succeed(limit) : misconfigured("maxBodyBytes", "is not a number from 0 up")
}

function misconfigured(option: string, reason: string) {
  return Effect.fail(new QStashReceiverMisconfigured({ option, reason }))
}

const decodeHeader = Schema.decodeEither(JoseHeaderSegment)
const isMac = Schema.is(Sha256Text)
const decodeClaims = Schema.decodeUnknownEither(Schema.parseJson(SignatureClaims))

/** Checks all of a token that can be checked without a key; its claims are left alone until the HMAC holds. */
const readToken = Effect.fnUntraced(function* (headers: HeaderValues) {
  const [token, ...others] = headers.get("upstash-signature") ?? []
  if (token === undefined || (token === "" && others.length === 0)) {
    return yield* new SignatureMissing()
  }
  if (others.length > 0) {
    return yield* new SignatureMalformed({ part: "token" })
  }
  if (token.length > maxTokenLength) {
    return yield* new DeliveryTooLarge({ part: "signature", size: token.length, limit: maxTokenLength })
  }
  const [, header, claims, signature] = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/.exec(token) ?? []
  if (header === undefined || claims === undefined || signature === undefined) {
    return yield* new SignatureMalformed({ part: "token" })
  }
  // QStash writes one and the same header, which needs no reading.
  if (header !== joseHeaderSegment && Either.isLeft(decodeHeader(header))) {
    return yield* new SignatureMalformed({ part: "header" })
  }
  if (!isMac(signature)) return yield* new SignatureMalformed({ part: "signature" })
  return { header, claims, mac: signature }
})

function readClaims(text: string | undefined) {
  return Either.mapLeft(decodeClaims(text), () => new SignatureMalformed({ part: "claims" }))
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

const decodeScheduleId = Schema.decodeUnknownOption(ScheduleIdFromAnswer)
const decodeUrlGroup = Schema.decodeUnknownOption(UrlGroupNameFromAnswer)

function unsignedPart(headers: HeaderValues): UnsignedPart {
  const header = (name: string): string | undefined => {
    const values = headers.get(name)
    return values === undefined || values.length > 1 || values[0] === "" ? undefined : values[0]
  }
  const optional = <A>(text: string | undefined, decode: (text: string) => Option.Option<A>): A | undefined =>
    text === undefined ? undefined : Option.getOrUndefined(decode(text))
  const retried = header("upstash-retried")
  return {
    messageId: header("upstash-message-id"),
    scheduleId: optional(header("upstash-schedule-id"), decodeScheduleId),
    urlGroup: optional(header("upstash-topic-name"), decodeUrlGroup),
    retried: retried !== undefined && /^\d{1,15}$/.test(retried) ? Number(retried) : undefined,
    callerIp: header("upstash-caller-ip"),
    region: header("upstash-region"),
    contentType: header("content-type")
  }
}

type HeaderValues = ReadonlyMap<string, ReadonlyArray<string>>

/** All values of each header under its name in lower case; two spellings of a name are one header. */
function readHeaders(headers: Delivery["headers"]): HeaderValues {
  const values = new Map<string, ReadonlyArray<string>>()
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    const lower = name.toLowerCase()
    const given = typeof value === "string" ? [value] : value
    const before = values.get(lower)
    values.set(lower, before === undefined ? given : [...before, ...given])
  }
  return values
}

function instant(seconds: number): DateTime.Utc {
  return DateTime.unsafeMake(seconds * 1000)
}

/** Compares all characters whatever they are, so that the time taken does not tell how many were right. */
function sameText(left: string, right: string): boolean {
  let difference = left.length ^ right.length
  for (let index = 0; index < left.length; index++) {
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index)
  }
  return difference === 0
}

/** A URL or path as it is written, less credentials and query. Of any other text nothing is shown. */
function quotable(url: string): string {
  const [, scheme = "", authority = "", path = ""] =
    /^(?:(https?:\/\/)([^\s/\\?#]+)|(?=\/(?![/\\])))([^\s?#]*)/i.exec(url) ?? []
  const shown = `${scheme}${authority.slice(authority.lastIndexOf("@") + 1)}${path}`
  return shown === "" ? "a text that is no URL" : cut(shown)
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
