import { Mails, NightlyReport, worker } from "@effect-qstash/examples/worker"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { HttpApp } from "@effect/platform"
import { Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { createHash, createHmac } from "node:crypto"

const key = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r"
const publicUrl = "https://api.example.com"
const path = "/jobs/nightly-report"

const base64url = (text: string) => Buffer.from(text).toString("base64url")

const tokenFor = (body: string, subject: string) => {
  const claims = {
    iss: "Upstash",
    sub: subject,
    exp: 4_102_444_800,
    nbf: 0,
    iat: 0,
    jti: "jwt_1",
    body: createHash("sha256").update(body).digest("base64url")
  }
  const signed = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}`
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`
}

/** Calls the worker from inside, at another host than the public one, as a proxy does. */
const call = (body: string, headers: Record<string, string>, handled: Array<string> = []) =>
  Effect.gen(function* () {
    const report = Layer.succeed(NightlyReport, {
      run: ({ signed }) =>
        Effect.sync(() => {
          handled.push(new TextDecoder().decode(signed.body))
        })
    })
    const mails = Layer.succeed(Mails, { send: () => Effect.void, failed: () => Effect.void })
    const receiver = QStashReceiver.layer({
      currentSigningKey: Redacted.make(key),
      nextSigningKey: Redacted.make("sig_next"),
      subject: { publicUrl }
    })
    const { dispose, handler } = HttpApp.toWebHandlerLayer(
      worker,
      Layer.mergeAll(report, mails, receiver, Logger.minimumLogLevel(LogLevel.None))
    )
    yield* Effect.addFinalizer(() => Effect.promise(() => dispose()))
    return yield* Effect.promise(() =>
      handler(new Request(`http://10.0.0.7:3000${path}`, { method: "POST", body, headers }))
    )
  }).pipe(Effect.scoped)

describe("the worker", () => {
  it.effect("takes what QStash signed for its public URL", () =>
    Effect.gen(function* () {
      const handled: Array<string> = []
      const signature = tokenFor("{}", publicUrl + path)
      strictEqual((yield* call("{}", { "upstash-signature": signature }, handled)).status, 200)
      deepStrictEqual(handled, ["{}"])
    })
  )

  it.effect("refuses what QStash did not sign, or signed for something else, and does nothing", () =>
    Effect.gen(function* () {
      const handled: Array<string> = []
      strictEqual((yield* call("{}", {}, handled)).status, 401)
      const other = tokenFor("{}", `${publicUrl}/jobs/other`)
      strictEqual((yield* call("{}", { "upstash-signature": other }, handled)).status, 403)
      const altered = tokenFor('{"a":1}', publicUrl + path)
      strictEqual((yield* call("{}", { "upstash-signature": altered }, handled)).status, 400)
      deepStrictEqual(handled, [])
    })
  )
})
