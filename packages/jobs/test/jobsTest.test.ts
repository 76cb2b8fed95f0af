import { Jobs, Ledger } from "@effect-qstash/jobs"
import * as JobsTest from "@effect-qstash/jobs/JobsTest"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Effect, Layer } from "effect"
import { Digest, jobs, NightlyReport, TenantId } from "./billing.ts"

const t1 = { tenantId: TenantId.make("t1") }

const testing = (sent: Array<string>, ledger: Layer.Layer<Ledger.Ledger>) =>
  Layer.orDie(QStashTest.serve(jobs.httpApp)).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        jobs.toLayer({
          "nightly-report": () => Effect.void,
          digest: ({ tenantId }) => Effect.sync(() => void sent.push(tenantId)),
          export: () => Effect.succeed({ fileUrl: "" }),
          "export/outcome": () => Effect.void
        }),
        ledger,
        Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys)),
        Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" }))
      )
    ),
    Layer.provideMerge(QStashTest.layer)
  )

describe("JobsTest", () => {
  it.effect("triggers a schedule and shows its deliveries, decoded", () =>
    Effect.gen(function* () {
      const { messageId } = yield* JobsTest.trigger(NightlyReport)
      deepStrictEqual(
        (yield* JobsTest.deliveries(NightlyReport)).map(({ attempt, messageId: id, payload, status }) => ({
          payload,
          messageId: id,
          attempt,
          status
        })),
        [{ payload: { region: "eu", lookback: Duration.days(1) }, messageId, attempt: 1, status: 204 }]
      )
    }).pipe(Effect.provide(testing([], Ledger.layerMemory())))
  )

  it.effect("finds a handler that must not run twice, unless a ledger stands in front of it", () =>
    Effect.gen(function* () {
      const sent: Array<string> = []
      const check = JobsTest.assertIdempotent(
        Digest,
        t1,
        Effect.sync(() => [...sent])
      )
      const error = yield* Effect.flip(Effect.provide(check, testing(sent, Ledger.layerNone)))
      strictEqual(error.message, "A second delivery of one message to digest changed what the test observes")
      yield* Effect.provide(check, testing(sent, Ledger.layerMemory()))
    })
  )
})
