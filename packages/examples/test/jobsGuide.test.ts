/** Runs the code of docs/jobs.md. */
import { QStashMessages } from "@effect-qstash/domain"
import { Jobs, Ledger } from "@effect-qstash/jobs"
import * as JobsTest from "@effect-qstash/jobs/JobsTest"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { Handlers } from "./docs/handlers.ts"
import { Export, jobs, NightlyReport } from "./docs/jobs.ts"
import { SendMail } from "./docs/payloads.ts"

const services = Layer.mergeAll(
  Ledger.layerMemory(),
  Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys)),
  Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" }))
)

describe("docs/jobs.md", () => {
  it.effect("runs its jobs and reports the outcome", () =>
    Effect.gen(function* () {
      yield* JobsTest.trigger(NightlyReport)
      yield* Export.publish({ exportId: "e1", rows: 10 })
      yield* QStashTest.advance("1 minute")
      const statuses = (yield* QStashTest.deliveries).map(({ outcome, url }) => [
        new URL(url).pathname,
        outcome !== undefined && "status" in outcome ? outcome.status : undefined
      ])
      deepStrictEqual(statuses, [
        ["/jobs/nightly-report", 204],
        ["/jobs/export", 200],
        ["/jobs/export/outcome", 204]
      ])
    }).pipe(
      Effect.provide(
        QStashTest.serve(jobs.httpApp).pipe(
          Layer.provideMerge(Layer.merge(services, Handlers)),
          Layer.provideMerge(QStashTest.layer)
        )
      )
    )
  )

  it.effect("accepts the payload of before the change as well", () => {
    const mails = Jobs.make("mails", SendMail)
    const sent: Array<unknown> = []
    return Effect.gen(function* () {
      yield* (yield* QStashMessages).publish({
        destination: "https://api.example.com/jobs/send-mail",
        body: `{"to":"ada@example.com"}`
      })
      yield* SendMail.publish({ v: 2, to: ["bob@example.com", "eve@example.com"] })
      yield* QStashTest.advance(0)
      deepStrictEqual(sent, [
        { v: 2, to: ["ada@example.com"] },
        { v: 2, to: ["bob@example.com", "eve@example.com"] }
      ])
    }).pipe(
      Effect.provide(
        QStashTest.serve(mails.httpApp).pipe(
          Layer.provideMerge(
            Layer.merge(
              services,
              mails.toLayer({ "send-mail": (mail) => Effect.sync(() => void sent.push(mail)) })
            )
          ),
          Layer.provideMerge(QStashTest.layer)
        )
      )
    )
  })
})
