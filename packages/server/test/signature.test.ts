import * as Signer from "@effect-qstash/engine/Signer"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashReceiver as NodeQStashReceiver } from "@effect-qstash/receiver/node"
import { describe, it } from "@effect/vitest"
import { assertTrue, strictEqual } from "@effect/vitest/utils"
import { Receiver } from "@upstash/qstash"
import { Clock, Effect, Either, FastCheck, Redacted } from "effect"

const current = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r"
const next = "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"

const keys = { currentSigningKey: Redacted.make(current), nextSigningKey: Redacted.make(next) }
const official = new Receiver({ currentSigningKey: current, nextSigningKey: next })
const accepts = (signature: string, body: string, url: string) =>
  Effect.tryPromise(() => official.verify({ signature, body, url }))

const signers = [
  ["current", Signer.make({ current: keys.currentSigningKey })],
  ["next", Signer.make({ current: keys.nextSigningKey })]
] as const

describe("a signature of the engine", () => {
  for (const [key, signer] of signers) {
    it.live(`passes the official receiver, signed with the ${key} key`, () =>
      Effect.gen(function* () {
        const nowMillis = yield* Clock.currentTimeMillis
        const texts = FastCheck.tuple(FastCheck.webUrl({ withQueryParameters: true }), FastCheck.string())
        for (const [url, text] of FastCheck.sample(texts, { numRuns: 200, seed: 300 })) {
          const body = new TextEncoder().encode(text)
          const signature = signer.sign({ url, body, jti: "jwt_1", nowMillis })
          assertTrue(yield* accepts(signature, text, url))
          assertTrue(Either.isLeft(yield* Effect.either(accepts(signature, `${text} `, url))))
          assertTrue(Either.isLeft(yield* Effect.either(accepts(signature, text, `${url}#`))))
        }
      })
    )

    for (const [name, home] of [
      ["WebCrypto", QStashReceiver],
      ["node:crypto", NodeQStashReceiver]
    ] as const) {
      it.effect(`passes this receiver on ${name}, signed with the ${key} key`, () =>
        Effect.gen(function* () {
          const receiver = yield* home.make(keys)
          const nowMillis = yield* Clock.currentTimeMillis
          const deliveries = FastCheck.tuple(
            FastCheck.webUrl({ withQueryParameters: true }),
            FastCheck.uint8Array()
          )
          for (const [url, body] of FastCheck.sample(deliveries, { numRuns: 200, seed: 300 })) {
            const signature = signer.sign({ url, body, jti: "jwt_1", nowMillis })
            const { signed } = yield* receiver.verify({
              headers: { "Upstash-Signature": signature },
              url,
              body
            })
            strictEqual(signed.subject, url)
            strictEqual(signed.tokenId, "jwt_1")
          }
        })
      )
    }
  }
})
