import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  advanceTo,
  create,
  fireOne,
  freshId,
  get,
  headerOf,
  hour,
  instants,
  iso,
  minute,
  nextMinute,
  only,
  overwrite,
  plain,
  rarely,
  somewhere,
  yearlyAt
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"

export const overwriting = chapter("overwriting", ({ law, timed }) => {
  law("an overwrite replaces every setting and resets those it leaves out", () =>
    Effect.gen(function* () {
      const scheduleId = yield* create({
        cron: "0 5 29 2 *",
        destination: "https://example.com/before",
        method: "PUT",
        headers: { "X-Before": "yes" },
        body: "before",
        retries: 7,
        retryDelay: "1000",
        timeout: "90 seconds",
        delay: "1 hour",
        labels: ["before"],
        redact: { body: true }
      })
      yield* overwrite(scheduleId, { body: "after" })
      const fresh = yield* Effect.flatMap(create({ body: "after" }), get)
      const { createdAt, ...schedule } = yield* get(scheduleId)
      const { createdAt: _, ...expected } = fresh
      deepStrictEqual(plain({ ...schedule, createdAt }), plain({ ...expected, scheduleId, createdAt }))
    })
  )

  law("an overwrite keeps the pause [assumed]", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create({ body: "before" })
      yield* schedules.pause(scheduleId)
      yield* overwrite(scheduleId, { body: "after" })
      const schedule = yield* get(scheduleId)
      strictEqual(schedule.isPaused, true)
      strictEqual(schedule.body, "after")
    })
  )

  timed("overwriting a paused schedule does not make it fire [assumed]", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      const scheduleId = yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* schedules.pause(scheduleId)
      yield* overwrite(scheduleId, { cron: "* * * * *", destination: endpoint.url })
      yield* time.advance("5 minutes")
      deepStrictEqual(yield* endpoint.deliveries, [])
    })
  )

  timed("an overwrite keeps the creation time and the last firing [assumed]", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url })
      const before = yield* get(scheduleId)
      yield* time.advance("1 hour")
      yield* overwrite(scheduleId)
      const after = yield* get(scheduleId)
      strictEqual(iso(after.createdAt), iso(before.createdAt))
      strictEqual(iso(after.lastScheduleTime), iso(before.lastScheduleTime))
      deepStrictEqual(after.lastScheduleStates, before.lastScheduleStates)
    })
  )

  timed("an overwritten schedule fires only by its new cron", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      const scheduleId = yield* create({ cron: yearlyAt(first + minute), destination: endpoint.url })
      yield* overwrite(scheduleId, { cron: yearlyAt(first + 2 * minute), destination: endpoint.url })
      strictEqual(iso((yield* get(scheduleId)).nextScheduleTime), iso(first + 2 * minute))
      yield* advanceTo(time, first + 5 * minute)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(first + 2 * minute)])
    })
  )

  timed("an overwrite can make the next firing earlier", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      const scheduleId = yield* create({ destination: endpoint.url })
      yield* overwrite(scheduleId, { cron: yearlyAt(first), destination: endpoint.url })
      yield* advanceTo(time, first)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(first)])
    })
  )

  timed("a message created before an overwrite is delivered with its old settings", (time) =>
    Effect.gen(function* () {
      const before = yield* time.endpoint
      const after = yield* time.endpoint
      const { firedAt, scheduleId } = yield* fireOne(time, {
        destination: before.url,
        body: "before",
        headers: { "X-Made": "before" },
        delay: "1 hour"
      })
      yield* overwrite(scheduleId, { destination: after.url, body: "after", headers: { "X-Made": "after" } })
      yield* time.advance("2 hours")
      const delivery = only(yield* before.deliveries)
      strictEqual(iso(delivery.at), iso(firedAt + hour))
      strictEqual(new TextDecoder().decode(delivery.body), "before")
      strictEqual(headerOf(delivery, "X-Made"), "before")
      deepStrictEqual(yield* after.deliveries, [])
    })
  )

  law("an upsert creates an active schedule, or replaces every setting and keeps the pause", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* freshId
      const schedule = { scheduleId, cron: rarely, destination: somewhere }
      const read = Effect.map(get(scheduleId), ({ body, isPaused, retries }) => ({
        body,
        isPaused,
        retries
      }))
      yield* QStashSchedules.upsert({ ...schedule, body: "1", retries: 7 })
      deepStrictEqual(yield* read, { body: "1", isPaused: false, retries: 7 })
      yield* schedules.pause(scheduleId)
      yield* QStashSchedules.upsert({ ...schedule, body: "2" })
      deepStrictEqual(yield* read, { body: "2", isPaused: true, retries: 3 })
      yield* QStashSchedules.upsert({ ...schedule, body: "3", isPaused: false })
      deepStrictEqual(yield* read, { body: "3", isPaused: false, retries: 3 })
      yield* QStashSchedules.upsert({ ...schedule, body: "4", isPaused: true })
      yield* QStashSchedules.upsert({ ...schedule, body: "4", isPaused: true })
      deepStrictEqual(yield* read, { body: "4", isPaused: true, retries: 3 })
    })
  )

  law("upsertJson stores the value as its schema encodes it, with the JSON content type and the pause", () =>
    Effect.gen(function* () {
      const scheduleId = yield* freshId
      const Report = Schema.Struct({ kind: Schema.Literal("daily", "weekly"), since: Schema.Date })
      const upsert = (kind: "daily" | "weekly", isPaused?: boolean) =>
        QStashSchedules.upsertJson(Report, {
          scheduleId,
          cron: rarely,
          destination: somewhere,
          body: { kind, since: new Date(0) },
          isPaused
        })
      yield* upsert("daily", true)
      yield* upsert("weekly")
      const schedule = yield* get(scheduleId)
      strictEqual(schedule.body, '{"kind":"weekly","since":"1970-01-01T00:00:00.000Z"}')
      deepStrictEqual(schedule.headers, { "Content-Type": ["application/json"] })
      strictEqual(schedule.isPaused, true)
    })
  )
})
