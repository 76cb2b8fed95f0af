import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashReceiver as NodeQStashReceiver } from "@effect-qstash/receiver/node"
import { Effect, Redacted, TestClock } from "effect"
import { currentKey, issuedAt, nextKey } from "./token.ts"

/** Both entries, which keep the same laws. */
export const homes = [
  ["WebCrypto", QStashReceiver],
  ["node:crypto", NodeQStashReceiver]
] as const

export const keys = {
  currentSigningKey: Redacted.make(currentKey),
  nextSigningKey: Redacted.make(nextKey)
}

/** The instant at which the tokens of these tests are issued, or seconds after it. */
export const at = (seconds: number) => TestClock.setTime((issuedAt + seconds) * 1000)

/** Verifies with the options a second after the token was issued. */
export const verifyWith =
  (home: (typeof homes)[number][1], options: Partial<QStashReceiver.Options> = {}) =>
  (delivery: Parameters<QStashReceiver.QStashReceiver.Service["verify"]>[0]) =>
    Effect.gen(function* () {
      yield* at(1)
      const receiver = yield* Effect.orDie(home.make({ ...keys, ...options }))
      return yield* receiver.verify(delivery)
    })
