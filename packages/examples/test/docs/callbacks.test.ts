import { QStashMessages } from "@effect-qstash/domain"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { callbacks } from "./callbacks.ts"

const app = callbacks.pipe(HttpRouter.post("/charge", HttpServerResponse.empty({ status: 503 })))

it.effect("calls back once when a charge has failed permanently", () =>
  Effect.gen(function* () {
    const messages = yield* QStashMessages
    const { messageId } = yield* messages.publish({
      destination: "https://payments.example.com/charge",
      body: "order 7",
      failureCallback: "https://api.example.com/callbacks/not-charged",
      retries: 2
    })
    yield* QStashTest.advance("1 hour")
    const events = (yield* QStashTest.events).filter(({ callbackOf }) => callbackOf === messageId)
    assert.deepStrictEqual(
      events.map(({ state }) => state),
      ["CREATED", "ACTIVE", "DELIVERED"]
    )
  }).pipe(
    Effect.provide(
      QStashTest.layerApp(app).pipe(
        Layer.provide(
          QStashReceiver.layer({
            ...QStashTest.signingKeys,
            subject: { publicUrl: "https://api.example.com" }
          })
        )
      )
    )
  )
)
