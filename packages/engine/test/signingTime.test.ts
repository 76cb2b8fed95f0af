import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { QStashSchedules } from "@effect-qstash/domain"
import { Clock, Effect } from "effect"
import { advance, destination, Log, ok, virtual } from "./harness.ts"

/** The instants for which deliveries were signed, in seconds. */
const signedAt = Effect.map(Log, ({ arrivals }) =>
  arrivals.map(({ request }) => {
    const token = request.headers.find(([name]) => name === "Upstash-Signature")?.[1] ?? ""
    const claims: { readonly iat: number; readonly exp: number } = JSON.parse(
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString()
    )
    strictEqual(claims.exp, claims.iat + 300)
    return claims.iat
  })
)

const daily = Effect.gen(function* () {
  const schedules = yield* QStashSchedules
  yield* schedules.create({ cron: "@daily", destination })
  yield* advance("1 day")
  return yield* signedAt
})

const realSeconds = Effect.map(Clock.make().currentTimeMillis, (millis) => Math.floor(millis / 1000))

describe("the instant that a token is signed for", () => {
  it.effect("is virtual where destinations live in virtual time", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* daily, [Math.floor(new Date("2025-01-02T00:00:00Z").getTime() / 1000)])
    }).pipe(Effect.provide(virtual(ok)))
  )

  it.effect("is never past where they live in real time, though virtual time lags years behind", () =>
    Effect.gen(function* () {
      const before = yield* realSeconds
      const [signed = 0] = yield* daily
      assertTrue(signed >= before && signed <= (yield* realSeconds))
    }).pipe(Effect.provide(virtual(ok, { destinations: "real" })))
  )

  it.effect("is virtual all the same when virtual time is ahead", () =>
    Effect.gen(function* () {
      const ahead = new Date("2999-01-02T00:00:00Z").getTime() / 1000
      deepStrictEqual(yield* daily, [ahead])
    }).pipe(Effect.provide(virtual(ok, { destinations: "real", start: "2999-01-01T00:00:00Z" })))
  )
})
