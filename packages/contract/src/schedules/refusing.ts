import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { type QStashError, QStashQuotaExceeded, ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { assertEquals, assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  create,
  freshId,
  get,
  overwrite,
  plain,
  quotaExceeded,
  rarely,
  somewhere
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { refuseMisnamed } from "../internal/misnamed.ts"

/** Expects a create to be rejected as invalid and to create nothing. */
const refused = (settings: Partial<CreateSchedule.Input>) =>
  Effect.gen(function* () {
    const scheduleId = yield* freshId
    const error: QStashQuotaExceeded | QStashError = yield* Effect.flip(overwrite(scheduleId, settings))
    strictEqual(error._tag, "QStashInvalidRequest")
    strictEqual(error.isRetryable, false)
    assertEquals(yield* Effect.flip(get(scheduleId)), new ScheduleNotFound({ scheduleId }))
    return error
  })

export const refusing = chapter("refusing", ({ given, law }) => {
  law("rejects a schedule id that is empty or would hit another route, before sending anything", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* refuseMisnamed("scheduleId", ScheduleId, (id) => [
        schedules.get(id),
        schedules.delete(id),
        schedules.pause(id),
        schedules.resume(id)
      ])
    })
  )

  law("create rejects an unknown option and names it", () =>
    Effect.gen(function* () {
      const typo = { cron: rarely, notBefore: "2999-01-01T00:00:00Z" }
      assertInclude((yield* refused(typo)).message, "notBefore: is not an option of a schedule")
    })
  )

  law("get names the schedule it cannot find", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* freshId
      const error = yield* Effect.flip(schedules.get(scheduleId))
      assertEquals(error, new ScheduleNotFound({ scheduleId }))
      strictEqual(error.isRetryable, false)
      assertInclude(error.message, scheduleId)
    })
  )

  law("pause names the schedule it cannot find [assumed]", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* freshId
      assertEquals(yield* Effect.flip(schedules.pause(scheduleId)), new ScheduleNotFound({ scheduleId }))
      assertEquals(yield* Effect.flip(schedules.get(scheduleId)), new ScheduleNotFound({ scheduleId }))
    })
  )

  law("resume names the schedule it cannot find [assumed]", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* freshId
      assertEquals(yield* Effect.flip(schedules.resume(scheduleId)), new ScheduleNotFound({ scheduleId }))
    })
  )

  law("delete names the schedule it cannot find, including one that is already deleted [assumed]", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const absent = yield* freshId
      assertEquals(yield* Effect.flip(schedules.delete(absent)), new ScheduleNotFound({ scheduleId: absent }))
      const scheduleId = yield* create()
      yield* schedules.delete(scheduleId)
      assertEquals(yield* Effect.flip(schedules.delete(scheduleId)), new ScheduleNotFound({ scheduleId }))
    })
  )

  law("rejects an invalid cron expression and says why", () =>
    Effect.gen(function* () {
      for (const [cron, reason] of [
        ["", "empty spec string"],
        ["* * * *", "expected exactly 5 fields, found 4"],
        ["60 * * * *", "above maximum (59)"],
        ["0 0 * * 7", "above maximum (6)"],
        ["* * * * * *", "expected exactly 5 fields, found 6"],
        ["@every 1m", "unrecognized descriptor"],
        ["CRON_TZ=Mars/Olympus * * * * *", "provided bad location"]
      ] as const) {
        assertInclude((yield* refused({ cron })).message, reason)
      }
    })
  )

  law("create rejects a destination that is not an http URL", () =>
    Effect.forEach(
      ["", "example.com", "ftp://example.com/", "mailto:a@example.com", "https://"],
      (destination) => refused({ destination }),
      { discard: true }
    )
  )

  law("create normalises a destination with dot segments", () =>
    Effect.gen(function* () {
      const destination = "https://example.com/../../../../keys/rotate"
      const schedule = yield* Effect.flatMap(create({ destination }), get)
      strictEqual(schedule.destination, "https://example.com/keys/rotate")
    })
  )

  law("create rejects an invalid number or duration", () =>
    Effect.gen(function* () {
      yield* refused({ retries: -1 })
      yield* refused({ retries: 1.5 })
      yield* refused({ delay: "1500 millis" })
      yield* refused({ timeout: 0 })
      yield* refused({ retryDelay: "process.exit()" })
    })
  )

  law("create rejects an invalid header", () =>
    Effect.forEach(
      [{ "X-Split": "a\r\nX-Other: b" }, { "X-Wide": "世界" }, { "X Blank": "a" }, { "X-Null": "\u0000" }],
      (headers) => refused({ headers }),
      { discard: true }
    )
  )

  law("the error of a create names its schedule", () =>
    Effect.gen(function* () {
      const scheduleIds = yield* Effect.replicateEffect(freshId, 3)
      const error = yield* Effect.flip(
        Effect.forEach(scheduleIds, (scheduleId, index) => overwrite(scheduleId, { retries: 1 - index }))
      )
      strictEqual(error._tag, "QStashInvalidRequest")
      strictEqual(error.scheduleId, scheduleIds[2])
      assertInclude(error.message, `(schedule "${scheduleIds[2]}")`)
      // The year of delay is a quota, which the account checks.
      const [first = ""] = scheduleIds
      const quota = yield* Effect.flip(overwrite(ScheduleId.make(first), { delay: "10000 days" }))
      strictEqual(quota._tag, "QStashQuotaExceeded")
      strictEqual(quota.scheduleId, first)
      assertInclude(quota.message, `(schedule "${first}")`)
    })
  )

  law("a rejected overwrite leaves the schedule as it was", () =>
    Effect.gen(function* () {
      const scheduleId = yield* create({ body: "before" })
      const before = yield* get(scheduleId)
      yield* Effect.flip(overwrite(scheduleId, { body: "after", cron: "nonsense" }))
      deepStrictEqual(plain(yield* get(scheduleId)), plain(before))
    })
  )

  law("the error of a rejected create shows no body, no header and no secret part of a URL", () =>
    Effect.gen(function* () {
      const secrets = {
        body: "swordfish-1",
        headers: { Authorization: "swordfish-2", "X-Secret": "swordfish-3" },
        destination: "https://user:swordfish-4@example.com/?key=swordfish-5"
      }
      for (const fault of [
        { cron: "nonsense" },
        { retries: -1 },
        { headers: { ...secrets.headers, "X-Split": "swordfish-6\n" } },
        { destination: "ftp://user:swordfish-7@example.com/?key=swordfish-8" }
      ]) {
        const error = yield* refused({ ...secrets, ...fault })
        strictEqual(`${error.message}${String(error)}${JSON.stringify(error)}`.includes("swordfish"), false)
      }
    })
  )

  given(["quotas"], "create rejects more retries than the quota allows", ({ quotas }) =>
    Effect.gen(function* () {
      const scheduleId = yield* freshId
      const retries = quotas.maxRetries + 1
      for (const settings of [{ retries }, { callback: { url: somewhere, retries } }]) {
        const error = yield* Effect.flip(overwrite(scheduleId, settings))
        const { reason, status } = quotaExceeded("maxRetries", quotas.maxRetries)
        assertEquals(error, new QStashQuotaExceeded({ status, reason, scheduleId }))
      }
      yield* overwrite(scheduleId, { retries: quotas.maxRetries })
    })
  )

  given(
    ["quotas"],
    "one schedule more than the quota allows is rejected, but existing ones can be overwritten",
    ({ quotas }) =>
      Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        const room = quotas.maxSchedules - (yield* schedules.list).length
        const ids = yield* Effect.replicateEffect(create(), room)
        const [first] = ids
        if (first === undefined) return yield* Effect.dieMessage("the account was full")
        const error = yield* Effect.flip(create())
        strictEqual(error._tag, "QStashQuotaExceeded")
        strictEqual(error.isRetryable, false)
        yield* overwrite(first, { body: "after" })
        yield* schedules.delete(first)
        yield* create()
      })
  )
})
