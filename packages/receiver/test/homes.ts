import {
  DeliveryBodyMismatch,
  DeliveryMalformed,
  DeliveryTooLarge,
  QStashReceiver,
  QStashReceiverMisconfigured,
  SignatureExpired,
  SignatureInvalid,
  SignatureMalformed,
  SignatureMissing,
  SignatureNotYetValid,
  SignatureWrongIssuer,
  SignatureWrongSubject,
  type VerifyError
} from "@effect-qstash/receiver"
import { QStashReceiver as NodeQStashReceiver } from "@effect-qstash/receiver/node"
import * as plain from "@effect-qstash/receiver/plain"
import { MessageId, ScheduleId, UrlGroupName } from "@effect-qstash/domain"
import { Clock, DateTime, Duration, Effect, Layer, Option, Redacted, TestClock } from "effect"
import { vi } from "vitest"
import { currentKey, issuedAt, nextKey } from "./token.ts"

/** The receivers for Effect, which keep the same laws. */
export const homes = [
  ["WebCrypto", QStashReceiver],
  ["node:crypto", NodeQStashReceiver]
] as const

const toVerifyError = (failure: plain.Failure): VerifyError => {
  switch (failure._tag) {
    case "SignatureMissing":
      return new SignatureMissing()
    case "SignatureMalformed":
      return new SignatureMalformed({ part: failure.part })
    case "SignatureInvalid":
      return new SignatureInvalid()
    case "SignatureExpired":
      return new SignatureExpired({
        expiredAt: DateTime.unsafeMake(failure.expiredAt),
        now: DateTime.unsafeMake(failure.now)
      })
    case "SignatureNotYetValid":
      return new SignatureNotYetValid({
        notBefore: DateTime.unsafeMake(failure.notBefore),
        now: DateTime.unsafeMake(failure.now)
      })
    case "SignatureWrongIssuer":
      return new SignatureWrongIssuer({ issuer: failure.issuer })
    case "SignatureWrongSubject":
      return new SignatureWrongSubject({
        subject: failure.subject,
        expected: failure.expected,
        source: failure.source
      })
    case "DeliveryBodyMismatch":
      return new DeliveryBodyMismatch()
    case "DeliveryTooLarge":
      return new DeliveryTooLarge({ part: failure.part, size: failure.size, limit: failure.limit })
    case "DeliveryMalformed":
      return new DeliveryMalformed({ part: failure.part, received: failure.received })
  }
}

/** What the receiver without Effect rejects with, if it says the same as the error of the others. */
const sameError = (error: unknown): VerifyError => {
  if (!(error instanceof plain.VerifyError)) throw error
  const same = toVerifyError(error.failure)
  if (same.message === error.message && same.status === error.status) return same
  throw new Error(`${error.status} ${error.message} is not ${same.status} ${same.message}`)
}

/** The receiver without Effect, in the form of the others. Its clock is that of JavaScript. */
const makePlain = (
  options: QStashReceiver.Options
): Effect.Effect<QStashReceiver.QStashReceiver.Service, QStashReceiverMisconfigured> =>
  Effect.try({
    try: () =>
      new plain.Receiver({
        ...options,
        currentSigningKey: Redacted.value(options.currentSigningKey),
        nextSigningKey: Redacted.value(options.nextSigningKey),
        clockToleranceSeconds: secondsOf(options.clockTolerance)
      }),
    catch: (error) => {
      if (!(error instanceof plain.ReceiverMisconfigured)) throw error
      const inSeconds = error.option === "clockToleranceSeconds"
      return new QStashReceiverMisconfigured(
        inSeconds ? { option: "clockTolerance", reason: "is not a time span from 0 to 5 minutes" } : error
      )
    }
  }).pipe(
    Effect.map((receiver) => ({
      verify: (delivery) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.tryPromise({
            try: () => {
              vi.setSystemTime(now)
              return receiver.verify(delivery)
            },
            catch: sameError
          })
        ).pipe(
          Effect.ensuring(Effect.sync(() => vi.useRealTimers())),
          Effect.map(({ signed, unsigned }) => ({
            signed: {
              ...signed,
              issuedAt: signed.issuedAt && DateTime.unsafeMake(signed.issuedAt),
              notBefore: DateTime.unsafeMake(signed.notBefore),
              expiresAt: DateTime.unsafeMake(signed.expiresAt)
            },
            unsigned: {
              ...unsigned,
              messageId: unsigned.messageId === undefined ? undefined : MessageId.make(unsigned.messageId),
              scheduleId:
                unsigned.scheduleId === undefined ? undefined : ScheduleId.make(unsigned.scheduleId),
              urlGroup: unsigned.urlGroup === undefined ? undefined : UrlGroupName.make(unsigned.urlGroup)
            }
          }))
        )
    }))
  )

/** What is no time span is no number here. */
const secondsOf = (input: Duration.DurationInput | undefined): number =>
  Option.match(Duration.decodeUnknown(input ?? 0), { onNone: () => Number.NaN, onSome: Duration.toSeconds })

/** Every receiver. */
export const allHomes = [
  ...homes,
  [
    "plain",
    {
      make: makePlain,
      layer: (options: QStashReceiver.Options) =>
        Layer.effect(QStashReceiver.QStashReceiver, makePlain(options))
    }
  ]
] as const

export const keys = {
  currentSigningKey: Redacted.make(currentKey),
  nextSigningKey: Redacted.make(nextKey)
}

/** The instant at which the tokens of these tests are issued, or seconds after it. */
export const at = (seconds: number) => TestClock.setTime((issuedAt + seconds) * 1000)

/** Verifies with the options a second after the token was issued. */
export const verifyWith =
  (home: (typeof allHomes)[number][1], options: Partial<QStashReceiver.Options> = {}) =>
  (delivery: Parameters<QStashReceiver.QStashReceiver.Service["verify"]>[0]) =>
    Effect.gen(function* () {
      yield* at(1)
      const receiver = yield* Effect.orDie(home.make({ ...keys, ...options }))
      return yield* receiver.verify(delivery)
    })
