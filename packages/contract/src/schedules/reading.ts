import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import {
  advanceTo,
  create,
  fireOne,
  get,
  headerOf,
  hour,
  iso,
  minute,
  nextMinute,
  only,
  plain,
  rarely,
  second
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"

export const reading = chapter("reading", ({ law, timed }) => {
  law("every setting of a schedule reads back unchanged", () =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(
        create({
          method: "PUT",
          destination: "https://example.com/jobs?region=eu",
          headers: { "content-type": "application/json", "X-Trace": "a b" },
          body: '{"report":"sales"}',
          retries: 7,
          retryDelay: "1000 * (1 + retried)",
          timeout: "90 seconds",
          delay: "1 hour",
          labels: ["sales", "nightly run"]
        }),
        get
      )
      strictEqual(schedule.cron, rarely)
      strictEqual(schedule.method, "PUT")
      strictEqual(schedule.destination, "https://example.com/jobs?region=eu")
      deepStrictEqual<unknown>(schedule.headers, {
        "Content-Type": ["application/json"],
        "X-Trace": ["a b"]
      })
      strictEqual(schedule.body, '{"report":"sales"}')
      strictEqual(schedule.retries, 7)
      strictEqual(schedule.retryDelay, "1000 * (1 + retried)")
      strictEqual(schedule.timeout, 90)
      strictEqual(Duration.toMillis(schedule.delay ?? 0), hour)
      deepStrictEqual(schedule.labels, ["sales", "nightly run"])
    })
  )

  law("a cron reads back verbatim, without the spaces around it", () =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(create({ cron: "  CRON_TZ=Europe/Berlin 5 4 29 FEB ? " }), get)
      strictEqual(schedule.cron, "CRON_TZ=Europe/Berlin 5 4 29 FEB ?")
    })
  )

  law("a destination reads back byte for byte", () =>
    Effect.forEach(
      [
        "https://example.com",
        "https://example.com/",
        "http://example.com:8443/a%2Fb//c/?x=1&y=%2F+z&y=&z",
        "https://example.com/?to=https://example.org/a?b=c",
        "https://EXAMPLE.com/%7euser;v=1"
      ],
      (destination) =>
        Effect.gen(function* () {
          strictEqual((yield* Effect.flatMap(create({ destination }), get)).destination, destination)
        }),
      { discard: true }
    )
  )

  law("a schedule's body reads back as text if it is UTF-8, else as bytes", () =>
    Effect.gen(function* () {
      const text = "Grüße, 世界 👋\r\n\u0000"
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      strictEqual((yield* Effect.flatMap(create({ body: text }), get)).body, text)
      deepStrictEqual((yield* Effect.flatMap(create({ body: bytes }), get)).body, bytes)
    })
  )

  law("headers read back with Go's canonical names and all their values", () =>
    Effect.gen(function* () {
      const { headers } = yield* Effect.flatMap(
        create({ headers: { "x-UPPER-lower": "s\xe9cret; q=0.5", "X-Several": ["one", "two"] } }),
        get
      )
      deepStrictEqual(Object.keys(headers).toSorted(), ["X-Several", "X-Upper-Lower"])
      deepStrictEqual(headers["X-Upper-Lower"], ["s\xe9cret; q=0.5"])
      // HTTP lets a proxy join the values of a header.
      strictEqual(headers["X-Several"]?.join(", "), "one, two")
    })
  )

  law("the list contains what get returns, and other schedules too", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const ids = [
        yield* create({ body: "first", delay: "10 seconds", headers: { "X-Number": "1" }, labels: ["one"] }),
        yield* create({ body: Uint8Array.of(0xff, 0xfe), method: "GET", timeout: "5 seconds" })
      ]
      const all = yield* schedules.list
      for (const scheduleId of ids) {
        const listed = only(all.filter((schedule) => schedule.scheduleId === scheduleId))
        deepStrictEqual(plain(listed), plain(yield* get(scheduleId)))
      }
    })
  )

  law("a schedule that has never fired has no last firing", () =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(create(), get)
      strictEqual(schedule.lastScheduleTime, undefined)
      deepStrictEqual(schedule.lastScheduleStates, {})
    })
  )

  law("a cron that never matches makes a schedule without a next firing [assumed]", () =>
    Effect.gen(function* () {
      strictEqual((yield* Effect.flatMap(create({ cron: "0 0 31 2 *" }), get)).nextScheduleTime, undefined)
    })
  )

  timed("the next firing is the first match after now, and advances with each firing", (time) =>
    Effect.gen(function* () {
      const first = nextMinute(yield* time.now)
      const endpoint = yield* time.endpoint
      const scheduleId = yield* create({ cron: "* * * * *", destination: endpoint.url })
      strictEqual(iso((yield* get(scheduleId)).nextScheduleTime), iso(first))
      yield* advanceTo(time, first)
      strictEqual(iso((yield* get(scheduleId)).nextScheduleTime), iso(first + minute))
      yield* advanceTo(time, first + 5 * minute - second)
      strictEqual(iso((yield* get(scheduleId)).nextScheduleTime), iso(first + 5 * minute))
    })
  )

  timed("the last firing shows its time and whether its message is in progress or delivered", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* endpoint.respond(500, 200)
      const { firedAt, scheduleId } = yield* fireOne(time, { destination: endpoint.url })
      const messageId = headerOf(only(yield* endpoint.deliveries), "Upstash-Message-Id") ?? ""
      const between = yield* get(scheduleId)
      strictEqual(iso(between.lastScheduleTime), iso(firedAt))
      deepStrictEqual(between.lastScheduleStates, { [messageId]: "IN_PROGRESS" })
      yield* time.advance("1 minute")
      const after = yield* get(scheduleId)
      strictEqual(iso(after.lastScheduleTime), iso(firedAt))
      deepStrictEqual(after.lastScheduleStates, { [messageId]: "SUCCESS" })
    })
  )

  timed("the last firing shows a message that failed for good as failed", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* endpoint.respond(500)
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url, retries: 0 })
      deepStrictEqual(Object.values((yield* get(scheduleId)).lastScheduleStates), ["FAIL"])
    })
  )

  timed("the last firing replaces the previous one [assumed]", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const scheduleId = yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* time.advance("3 minutes")
      const last = (yield* endpoint.deliveries).at(-1)
      assertTrue(last !== undefined)
      deepStrictEqual((yield* get(scheduleId)).lastScheduleStates, {
        [headerOf(last, "Upstash-Message-Id") ?? ""]: "SUCCESS"
      })
    })
  )
})
