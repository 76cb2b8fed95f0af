import * as Signer from "@effect-qstash/engine/Signer"
import { QStashReceiver, type QStashReceiverMisconfigured } from "@effect-qstash/receiver"
import { QStashReceiver as NodeQStashReceiver } from "@effect-qstash/receiver/node"
import { Receiver } from "@upstash/qstash"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import {
  byTurns,
  micros,
  microsEach,
  microsEachAsync,
  microsEachEffect,
  ratioOf,
  type Row,
  type Turns
} from "./measure.ts"

const url = "https://api.example.com/jobs/nightly"
const currentSigningKey = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r"
const nextSigningKey = "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"

/**
 * Verifying a delivery, one after the other, each side as a worker does it: ours in the fiber that handles the request, the
 * official one in an async function.
 */
export const receiver = (scale: number): Effect.Effect<ReadonlyArray<Row>, QStashReceiverMisconfigured> =>
  Effect.gen(function* () {
    const keys = {
      currentSigningKey: Redacted.make(currentSigningKey),
      nextSigningKey: Redacted.make(nextSigningKey)
    }
    const web = yield* QStashReceiver.make(keys)
    const node = yield* NodeQStashReceiver.make(keys)
    const official = new Receiver({ currentSigningKey, nextSigningKey })
    const signer = Signer.make({ current: keys.currentSigningKey })
    const rows: Array<Row> = []
    for (const [size, bytes, count, least] of [
      ["100 B", 100, 1200, 5],
      ["10 kB", 10_000, 900, 4],
      ["1 MB", 1_000_000, 30, 2.5]
    ] as const) {
      const text = "x".repeat(bytes)
      const body = new TextEncoder().encode(text)
      // Signed again for each size: a signature is valid for five minutes.
      const nowMillis = yield* Clock.currentTimeMillis
      const signature = signer.sign({ url, body, jti: "jwt_1", nowMillis })
      const delivery = { headers: headersOf(signature, bytes), url, body }
      const calls = Math.max(1, Math.round(count * scale))
      const sides = {
        node: () => microsEachEffect(calls, node.verify(delivery)),
        web: () => microsEachEffect(calls, web.verify(delivery)),
        official: () => microsEachAsync(calls, () => official.verify({ signature, body: text, url })),
        hash: () => microsEach(calls, () => createHash("sha256").update(body).digest())
      }
      // Turns that do not count, so that all are compiled alike when the others begin.
      yield* Effect.promise(() => byTurns(3, sides))
      const measured = yield* Effect.promise(() => byTurns(25, sides))
      const row = (what: string, ours: Turns, wanted?: Row["wanted"], label?: string): Row => ({
        what,
        ours: micros(ours),
        theirs: `@upstash/qstash ${micros(measured.official)}`,
        ratio: ratioOf(measured.official, ours),
        meaning: "times as fast",
        ...(wanted === undefined ? {} : { wanted }),
        ...(label === undefined
          ? {}
          : {
              headline: `verify a delivery of ${size}, ${label}`,
              bar: { chart: "others", group: `verifying ${size}`, label: "@upstash/qstash" }
            })
      })
      rows.push(
        row(`verifying a delivery of ${size}, \`receiver/node\``, measured.node, { least }, "on Node"),
        row(`verifying a delivery of ${size}, \`receiver\` on WebCrypto`, measured.web, { least: 1 }),
        row(`the SHA-256 of ${size} alone, without which there is no verifying`, measured.hash)
      )
    }
    return rows
  })

/** What a worker sees of a delivery. Ours looks through it; the official receiver is handed the signature alone. */
export const headersOf = (signature: string, bytes: number): Readonly<Record<string, string>> => ({
  host: "api.example.com",
  "user-agent": "Upstash-QStash",
  "content-length": String(bytes),
  "accept-encoding": "gzip",
  "content-type": "application/json",
  "upstash-caller-ip": "203.0.113.7",
  "upstash-message-id": "msg_26hZCxZCuWyyTWPmSVBrNC1RADwpgWxPcak2rQD51EMjFMuzcW7qYXpPiDyw8Gd",
  "upstash-region": "EU-CENTRAL-1",
  "upstash-retried": "0",
  "upstash-schedule-id": "nightly",
  "upstash-signature": signature,
  "x-forwarded-for": "203.0.113.9",
  "x-forwarded-host": "api.example.com",
  "x-forwarded-proto": "https"
})
