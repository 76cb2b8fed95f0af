import { ApiLive, jobs, Welcome } from "@effect-qstash/examples/httpApi"
import { Jobs, Ledger } from "@effect-qstash/jobs"
import * as JobsTest from "@effect-qstash/jobs/JobsTest"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { HttpApiBuilder, HttpServer, HttpServerRequest } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"

const register = (email: string) =>
  Effect.flatten(HttpApiBuilder.httpApp).pipe(
    Effect.provideService(
      HttpServerRequest.HttpServerRequest,
      HttpServerRequest.fromWeb(
        new Request("https://api.example.com/users", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ email })
        })
      )
    ),
    Effect.map(({ status }) => status)
  )

describe("jobs in an HttpApi", () => {
  it.scoped("are published by one endpoint and run by another", () => {
    const welcomed: Array<string> = []
    return Effect.gen(function* () {
      strictEqual(yield* register("ada@example.com"), 204)
      yield* QStashTest.advance(0)
      deepStrictEqual(welcomed, ["ada@example.com"])
      const statuses = (yield* JobsTest.deliveries(Welcome)).map(({ status }) => status)
      deepStrictEqual(statuses, [204])
    }).pipe(
      Effect.provide(
        Layer.unwrapEffect(Effect.map(HttpApiBuilder.httpApp, QStashTest.serve)).pipe(
          Layer.provideMerge(ApiLive),
          Layer.provideMerge(
            jobs.toLayer({ welcome: ({ email }) => Effect.sync(() => void welcomed.push(email)) })
          ),
          Layer.provideMerge(
            Layer.mergeAll(
              Ledger.layerMemory(),
              Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys)),
              Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" })),
              HttpApiBuilder.Router.Live,
              HttpApiBuilder.Middleware.layer,
              HttpServer.layerContext
            )
          ),
          Layer.provideMerge(QStashTest.layer)
        )
      )
    )
  })
})
