import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashReceiver as NodeReceiver } from "@effect-qstash/receiver/node"
import { describe } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createHash, createHmac } from "node:crypto"
import { fill, growsLinearly, items, type Work } from "./growth.ts"

const key = "sig_current"
const keys = { currentSigningKey: Redacted.make(key), nextSigningKey: Redacted.make("sig_next") }

const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A token for a URL and an empty body that never expires. */
const tokenFor = (sub: string): string => {
  const signed = `${segment({ alg: "HS256", typ: "JWT" })}.${segment({
    iss: "Upstash",
    sub,
    exp: 8_640_000_000,
    nbf: 0,
    body: createHash("sha256").digest("base64url")
  })}`
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`
}

const body = new Uint8Array()

const makers = { web: QStashReceiver.make, node: NodeReceiver.make }

const cases = (make: typeof QStashReceiver.make): Readonly<Record<string, Work>> => {
  const receiver = Effect.runSync(make(keys))
  const behind = Effect.runSync(make({ ...keys, subject: { publicUrl: "https://example.com" } }))
  const verify = (
    deliveryOf: (size: number) => Parameters<QStashReceiver.QStashReceiver.Service["verify"]>[0],
    by = receiver
  ): Work => {
    return (size) => {
      const delivery = deliveryOf(size)
      return () => Effect.runSyncExit(by.verify(delivery))
    }
  }
  const signed = { "Upstash-Signature": tokenFor("https://example.com/") }
  return {
    "a signature": verify((size) => ({
      headers: { "Upstash-Signature": fill("a.", size) },
      url: "https://example.com/",
      body
    })),
    "many spellings of one header": verify((size) => ({
      headers: Object.fromEntries(
        items(size, 30, (index) => [
          `upstash-${Array.from({ length: 15 }, (_, bit) => ((index >> bit) & 1 ? "A" : "a")).join("")}`,
          "v"
        ])
      ),
      url: "https://example.com/",
      body
    })),
    "many headers": verify((size) => ({
      headers: { ...signed, ...Object.fromEntries(items(size, 20, (index) => [`X-${index}`, "v"])) },
      url: "https://example.com/",
      body
    })),
    "the headers that are read": verify((size) => ({
      headers: { ...signed, "Upstash-Retried": fill("1", size), "Upstash-Schedule-Id": fill("a", size) },
      url: "https://example.com/",
      body
    })),
    "the URL that was called": verify((size) => ({
      headers: signed,
      url: `https://${fill("a@", size)}?${fill("/", size)}`,
      body
    })),
    "the path that was called": verify(
      (size) => ({ headers: signed, url: `${fill("/", size)}\n`, body }),
      behind
    ),
    "the URL of the receiver": (size) => {
      const publicUrl = `https://a${fill("/", size)}b`
      return () => Effect.runSyncExit(make({ ...keys, subject: { publicUrl } }))
    }
  }
}

for (const [name, make] of Object.entries(makers)) {
  describe(`the work of receiver (${name}) grows with its input`, () => {
    growsLinearly(cases(make))
  })
}
