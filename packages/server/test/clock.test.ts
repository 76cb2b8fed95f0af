import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Fiber } from "effect"
import {
  advance,
  call,
  create,
  field,
  headerOf,
  publish,
  quiet,
  refusalOf,
  serve,
  worker
} from "./support.ts"

const nowOf = (json: unknown): DateTime.Utc => DateTime.unsafeMake(String(field(json, "now")))
const move = (port: number, body: string) => call(port, "POST", "/dev/clock/advance", { body })

describe("virtual time", () => {
  it.scopedLive("begins at the real now and stands still until it is moved", () =>
    Effect.gen(function* () {
      const before = yield* DateTime.now
      const { port } = yield* serve({ time: "virtual" })
      const { json, status } = yield* call(port, "GET", "/dev/clock")
      strictEqual(status, 200)
      const begin = nowOf(json)
      assertTrue(DateTime.between(begin, { minimum: before, maximum: yield* DateTime.now }))
      yield* Effect.sleep("20 millis")
      deepStrictEqual((yield* call(port, "GET", "/dev/clock")).json, json)

      const moved = yield* move(port, '{"duration":"90 minutes"}')
      strictEqual(moved.status, 200)
      strictEqual(DateTime.distance(begin, nowOf(moved.json)), 90 * 60_000)
      strictEqual(
        DateTime.distance(begin, nowOf((yield* move(port, '{"duration":"1d2h"}')).json)),
        27.5 * 3_600_000
      )
      const to = yield* move(port, '{"to":"2999-12-31T23:59:59Z"}')
      deepStrictEqual(to.json, { now: "2999-12-31T23:59:59.000Z" })
      strictEqual((yield* move(port, '{"duration":"0 seconds"}')).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("answers when all that fell due is delivered, each at its own instant", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker((response, one) => {
        // The first attempt of each message fails.
        response.writeHead(headerOf(one, "Upstash-Retried") === "0" ? 503 : 200).end()
      })
      yield* move(port, '{"to":"2999-01-01T03:00:00Z"}')
      yield* create(port, `http://127.0.0.1:${there}/`, {
        "Upstash-Cron": "0 4 * * *",
        "Upstash-Schedule-Id": "nightly"
      })
      yield* advance(port, "7 days")
      strictEqual(received.length, 14)
      const record = Effect.map(call(port, "GET", "/v2/schedules/nightly"), ({ json }) => json)
      const schedule = yield* record
      strictEqual(field(schedule, "lastScheduleTime"), Date.UTC(2999, 0, 7, 4))
      strictEqual(field(schedule, "nextScheduleTime"), Date.UTC(2999, 0, 8, 4))

      yield* call(port, "POST", "/v2/schedules/nightly/pause")
      yield* advance(port, "7 days")
      strictEqual(received.length, 14)
      strictEqual(field(yield* record, "nextScheduleTime"), Date.UTC(2999, 0, 15, 4))
      yield* call(port, "POST", "/v2/schedules/nightly/resume")
      yield* advance(port, "1 days")
      strictEqual(received.length, 16)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("never goes back, and says what is wrong with a wrong request", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { json: begin } = yield* call(port, "GET", "/dev/clock")
      for (const [body, text] of [
        ["", "duration"],
        ["{}", "duration"],
        ["7 days", "duration"],
        ["[]", "duration"],
        ["null", "duration"],
        ['{"duration":7}', "duration"],
        ['{"duration":"7 days","to":"2999-01-01T00:00:00Z"}', "either"],
        ['{"duration":"soon"}', 'duration: expected a span such as "7 days" or "1d12h", got "soon"'],
        ['{"duration":"-1 days"}', '"-1 days"'],
        ['{"duration":"1.5 nanos"}', '"1.5 nanos"'],
        ['{"duration":"Infinity"}', '"Infinity"'],
        ['{"duration":"9000000 days"}', "9999"],
        [`{"duration":"${"9".repeat(400)} days"}`, "9999"],
        ['{"to":"hello 45"}', 'to: expected an instant such as "2027-01-01T00:00:00Z", got "hello 45"'],
        ['{"to":"2050-02-30"}', "to: expected an instant"],
        ['{"to":"+012027-01-01T00:00:00Z"}', "to: "],
        ['{"to":"2001-01-01T00:00:00Z"}', "cannot go back to 2001-01-01T00:00:00.000Z"]
      ] as const) {
        const { json, status } = yield* move(port, body)
        strictEqual(status, 400, body)
        const error = String(field(json, "error"))
        assertInclude(error, text)
        assertTrue(error.length < 250)
      }
      deepStrictEqual((yield* call(port, "GET", "/dev/clock")).json, begin)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("refuses a move that another one puts beyond the year 9999 while it waits", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there } = yield* worker((response) => setTimeout(() => response.end(), 200))
      yield* publish(port, `http://127.0.0.1:${there}/`)
      const far = '{"duration":"1800000 days"}'
      const answers = yield* Effect.all([move(port, far), move(port, far)], { concurrency: "unbounded" })
      deepStrictEqual(answers.filter(({ status }) => status !== 200).map(refusalOf), [
        [400, 'duration: "1800000 days" goes beyond the year 9999']
      ])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("stops on its way when the client that moves it leaves", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      yield* create(port, `http://127.0.0.1:${there}/`)
      const leaving = yield* Effect.fork(advance(port, "300000 days"))
      yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => received.length > 0 })
      yield* Fiber.interrupt(leaving)
      const { json } = yield* advance(port, "0 seconds")
      assertTrue(DateTime.lessThan(nowOf(json), DateTime.unsafeMake("2500-01-01")))
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is one for all users", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const headers = {
        Authorization: "Bearer eyJVc2VySUQiOiJ0ZXN0VXNlcjEiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9"
      }
      yield* advance(port, "1 days")
      const mine = yield* call(port, "GET", "/dev/clock")
      deepStrictEqual((yield* call(port, "GET", "/dev/clock", { headers })).json, mine.json)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is not moved by a web page", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { status } = yield* call(port, "POST", "/dev/clock/advance", {
        headers: { Origin: "https://attacker.example" },
        body: '{"duration":"1 days"}'
      })
      strictEqual(status, 403)
    }).pipe(Effect.provide(quiet))
  )
})
