import { QStashMessages, QStashSigningKeys } from "@effect-qstash/domain"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Report } from "./schedule.ts"
import { worker } from "./worker.ts"

it.effect("the worker survives one rotation, but not a second", () =>
  Effect.gen(function* () {
    const keys = yield* QStashSigningKeys
    const deliver = QStashMessages.publishJson(Report, {
      destination: "https://api.example.com/jobs/nightly-report",
      body: { tenant: "acme" },
      retries: 0
    }).pipe(Effect.zipRight(QStashTest.advance(0)))

    yield* deliver
    yield* keys.rotate
    yield* deliver
    yield* keys.rotate
    yield* deliver

    const statuses = (yield* QStashTest.deliveries).map(({ status }) => status)
    assert.deepStrictEqual(statuses, [200, 200, 401])
  }).pipe(
    Effect.provide(
      QStashTest.layerApp(worker).pipe(
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
