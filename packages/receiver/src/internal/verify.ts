import { MessageId } from "@effect-qstash/domain/MessageId"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { Delivery } from "../Delivery.ts"
import type { Options } from "../ReceiverOptions.ts"
import type { SignedPart, UnsignedPart, VerifiedDelivery } from "../VerifiedDelivery.ts"
import {
  DeliveryBodyMismatch,
  QStashReceiverMisconfigured,
  SignatureInvalid,
  type VerifyError
} from "../VerifyError.ts"
import type { Claims } from "./claims.ts"
import { isSameText } from "./sameText.ts"
import { isTolerance, Misconfigured, readSettings } from "./settings.ts"
import type { SignatureCrypto } from "./signatureCrypto.ts"
import { toVerifyError } from "./toVerifyError.ts"
import { checkClaims, open, type Opened, unsignedPart } from "./verification.ts"

/**
 * Builds a receiver on top of one crypto library. The checks are one plain function: an effect per check would cost a
 * large part of a microsecond each, and the whole takes ten.
 */
export const makeWith = (crypto: SignatureCrypto) => (options: Options) =>
  Effect.map(settingsOf(options), (settings) => {
    const current = crypto.hmac(settings.currentKey)
    const next = crypto.hmac(settings.nextKey)

    const verify = (delivery: Delivery): Effect.Effect<VerifiedDelivery, VerifyError> =>
      Effect.clockWith((clock): Effect.Effect<VerifiedDelivery, VerifyError> => {
        const opened = open(delivery, settings, crypto.decode)
        if ("_tag" in opened) return Effect.fail(toVerifyError(opened))
        const { mac, signed } = opened.token
        const { body, url } = delivery
        const hashOfBody = crypto.sha256(body)
        if (!current(signed, mac) && !next(signed, mac)) return Effect.fail(new SignatureInvalid())
        const now = clock.unsafeCurrentTimeMillis()
        const claims = checkClaims(opened.token, url, now, settings, crypto.decode)
        if ("_tag" in claims) return Effect.fail(toVerifyError(claims))
        const hash = hashOfBody()
        return typeof hash === "string"
          ? verifyBody(body, hash, claims, opened)
          : Effect.flatMap(hash, (awaited) => verifyBody(body, awaited, claims, opened))
      })

    return { verify }
  })

const verifyBody = (
  body: Uint8Array,
  hash: string,
  claims: Claims,
  { headers }: Opened
): Effect.Effect<VerifiedDelivery, DeliveryBodyMismatch> =>
  isSameText(hash, claims.body)
    ? Effect.succeed({ signed: signedPart(claims, body), unsigned: branded(unsignedPart(headers)) })
    : Effect.fail(new DeliveryBodyMismatch())

const settingsOf = (options: Options) =>
  Effect.suspend(() => {
    try {
      const currentSigningKey = unredacted("currentSigningKey", options)
      const nextSigningKey = unredacted("nextSigningKey", options)
      const { maxBodyBytes, subject } = options
      const toleranceMillis = readTolerance(options.clockTolerance)
      return Effect.succeed(
        readSettings({ currentSigningKey, nextSigningKey, subject, toleranceMillis, maxBodyBytes })
      )
    } catch (error) {
      if (!(error instanceof Misconfigured)) throw error
      return Effect.fail(new QStashReceiverMisconfigured({ option: error.option, reason: error.reason }))
    }
  })

const unredacted = (option: "currentSigningKey" | "nextSigningKey", options: unknown): unknown => {
  const redacted = Predicate.hasProperty(options, option) ? options[option] : undefined
  if (Redacted.isRedacted(redacted)) return Redacted.value(redacted)
  throw new Misconfigured(option, "is not redacted: use Redacted.make(key)")
}

const readTolerance = (input: unknown): number => {
  const millis = Option.map(DurationInput.parse(input ?? Duration.zero), Duration.toMillis)
  if (Option.isSome(millis) && isTolerance(millis.value)) return millis.value
  throw new Misconfigured("clockTolerance", "is not a time span from 0 to 5 minutes")
}

const signedPart = (claims: Claims, body: Uint8Array): SignedPart => ({
  subject: claims.sub,
  tokenId: claims.jti,
  issuedAt: claims.iat === undefined ? undefined : instant(claims.iat),
  notBefore: instant(claims.nbf),
  expiresAt: instant(claims.exp),
  body
})

const epoch = DateTime.unsafeMake(0)

// Two thirds of the time of making one from a number, which goes through a Date.
const instant = (seconds: number): DateTime.Utc =>
  seconds === 0 ? epoch : DateTime.mapEpochMillis(epoch, () => seconds * 1000)

/** Any text from QStash but the empty one is taken for an id or a name. */
const branded = ({
  messageId,
  scheduleId,
  urlGroup,
  ...others
}: ReturnType<typeof unsignedPart>): UnsignedPart => ({
  messageId: messageId === undefined ? undefined : MessageId.make(messageId, unchecked),
  scheduleId: scheduleId === undefined ? undefined : ScheduleId.make(scheduleId, unchecked),
  urlGroup: urlGroup === undefined ? undefined : UrlGroupName.make(urlGroup, unchecked),
  ...others
})

const unchecked = { disableValidation: true }
