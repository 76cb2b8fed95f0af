import {
  FlowControlKey,
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QStashSchedules,
  QueueName,
  RedactedValue,
  ScheduleNotFound
} from "@effect-qstash/domain"
import * as Engine from "@effect-qstash/engine/Engine"
import { describe, it } from "@effect/vitest"
import {
  assertEquals,
  assertFalse,
  assertInstanceOf,
  deepStrictEqual,
  strictEqual
} from "@effect/vitest/utils"
import { DateTime, Duration, Effect } from "effect"
import { createHash } from "node:crypto"
import {
  advance,
  answered,
  answers,
  arrivalTimes,
  callerIp,
  destination,
  id,
  Log,
  start,
  virtual
} from "./harness.ts"

const utc = (instant: string): DateTime.Utc => DateTime.unsafeMake(instant)

const sha256 = (text: string): RedactedValue =>
  new RedactedValue({ sha256: createHash("sha256").update(text).digest("hex") })

const nightly = id("nightly")
const minimal = { scheduleId: nightly, cron: "0 4 * * *", destination }

const get = Effect.flatMap(QStashSchedules, (schedules) => schedules.get(nightly))

describe("create", () => {
  it.effect("stores QStash's defaults for what is left out", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      strictEqual(yield* schedules.create(minimal), nightly)
      deepStrictEqual(yield* get, {
        scheduleId: nightly,
        cron: "0 4 * * *",
        destination,
        createdAt: utc(start),
        method: "POST",
        isPaused: false,
        headers: {},
        retries: 3,
        labels: [],
        callerIp,
        nextScheduleTime: utc("2025-01-01T04:00:00Z"),
        lastScheduleStates: {}
      })
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("reads back every setting that it was given", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({
        ...minimal,
        cron: "  CRON_TZ=Europe/Berlin 0 4 * * * ",
        destination: "https://user:secret@api.example.com/a//b?x=1&y",
        method: "PUT",
        headers: { "content-type": "application/json", "x-many": ["1", "2"] },
        body: '{"tenant":7}',
        retries: 5,
        retryDelay: "1000 * retried",
        timeout: "90 seconds",
        delay: "10 minutes",
        callback: { url: "https://api.example.com/done", headers: { "x-done": "1" } },
        failureCallback: "https://api.example.com/failed?x=1",
        queueName: QueueName.make("mail"),
        flowControl: { key: FlowControlKey.make("api"), parallelism: 2, rate: 10, period: "1 minute" },
        labels: ["a", "b"]
      })
      deepStrictEqual(yield* get, {
        scheduleId: nightly,
        cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
        destination: "https://user:secret@api.example.com/a//b?x=1&y",
        createdAt: utc(start),
        method: "PUT",
        isPaused: false,
        headers: { "Content-Type": ["application/json"], "X-Many": ["1", "2"] },
        body: '{"tenant":7}',
        retries: 5,
        retryDelay: "1000 * retried",
        timeout: 90,
        delay: Duration.minutes(10),
        callback: "https://api.example.com/done",
        callbackHeaders: { "X-Done": ["1"] },
        failureCallback: "https://api.example.com/failed?x=1",
        queueName: QueueName.make("mail"),
        flowControlKey: FlowControlKey.make("api"),
        parallelism: 2,
        rate: 10,
        period: Duration.minutes(1),
        labels: ["a", "b"],
        callerIp,
        nextScheduleTime: utc("2025-01-01T03:00:00Z"),
        lastScheduleStates: {}
      })
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("mints an id where none is given, another one each time", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const { scheduleId: _, ...nameless } = minimal
      const first = yield* schedules.create(nameless)
      const second = yield* schedules.create(nameless)
      deepStrictEqual([first, second], [id("scd_1"), id("scd_2")])
      deepStrictEqual(
        (yield* schedules.list).map((schedule) => schedule.scheduleId),
        [first, second]
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("leaves the next time away where no time ever matches", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...minimal, cron: "0 0 31 2 *" })
      assertFalse("nextScheduleTime" in (yield* get))
      yield* advance("400 days")
      deepStrictEqual(yield* arrivalTimes, [])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("reads a body that is no text back as bytes", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const bytes = Uint8Array.of(0xff, 0x00, 0xfe)
      yield* schedules.create({ ...minimal, body: bytes })
      deepStrictEqual((yield* get).body, bytes)
      yield* schedules.create({ ...minimal, body: "" })
      assertFalse("body" in (yield* get))
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("refuses what breaks a rule, and stores nothing", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const error = yield* Effect.flip(schedules.create({ ...minimal, cron: "* * *" }))
      assertInstanceOf(error, QStashInvalidRequest)
      strictEqual(error.field, "cron")
      deepStrictEqual(yield* schedules.list, [])
    }).pipe(Effect.provide(virtual()))
  )
})

describe("overwrite", () => {
  it.effect("replaces every setting: what is left out returns to its default", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(minimal)
      const plain = yield* get
      yield* schedules.create({
        ...minimal,
        cron: "0 5 * * *",
        destination: "https://other.example.com",
        method: "GET",
        headers: { "X-Secret": "1" },
        body: "text",
        retries: 0,
        retryDelay: "5",
        timeout: 5_000,
        delay: 5_000,
        callback: "https://api.example.com/done",
        failureCallback: "https://api.example.com/failed",
        queueName: QueueName.make("mail"),
        flowControl: { key: FlowControlKey.make("api"), rate: 10 },
        labels: ["a"],
        redact: { body: true }
      })
      yield* schedules.create(minimal)
      deepStrictEqual(yield* get, plain)
      strictEqual((yield* schedules.list).length, 1)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("keeps the pause, the creation time and the last firing; the next time counts from now", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(minimal)
      yield* advance("1 day")
      yield* schedules.pause(nightly)
      yield* schedules.create({ ...minimal, cron: "30 * * * *" })
      const { createdAt, isPaused, lastScheduleStates, lastScheduleTime, nextScheduleTime } = yield* get
      deepStrictEqual(
        { createdAt, isPaused, lastScheduleStates, lastScheduleTime, nextScheduleTime },
        {
          createdAt: utc(start),
          isPaused: true,
          lastScheduleStates: { msg_1: "SUCCESS" },
          lastScheduleTime: utc("2025-01-01T04:00:00Z"),
          nextScheduleTime: utc("2025-01-02T00:30:00Z")
        }
      )
      yield* schedules.resume(nightly)
      yield* advance("2 hours")
      deepStrictEqual(yield* arrivalTimes, [
        "2025-01-01T04:00:00.000Z",
        "2025-01-02T00:30:00.000Z",
        "2025-01-02T01:30:00.000Z"
      ])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("does not touch the messages that are already made", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...minimal, body: "old", delay: "1 hour" })
      yield* advance("4 hours")
      yield* schedules.create({ ...minimal, body: "new" })
      yield* advance("1 hour")
      const { arrivals } = yield* Log
      deepStrictEqual(
        arrivals.map(({ at, request }) => [at, new TextDecoder().decode(request.body)]),
        [["2025-01-01T05:00:00.000Z", "old"]]
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("may delay its messages by a year and no longer", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...minimal, delay: "365 days" })
      assertEquals(
        yield* Effect.flip(schedules.create({ ...minimal, delay: "366 days" })),
        new QStashQuotaExceeded({
          status: 412,
          reason: "quota maxDelay exceeded, current limit: 31536000",
          scheduleId: nightly
        })
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("is free when the quota is full, and anything else is refused", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      const schedules = engine.schedules({ tenantId: "acme" })
      yield* schedules.create(minimal)
      yield* schedules.create({ ...minimal, scheduleId: id("second") })
      yield* schedules.create({ ...minimal, cron: "0 5 * * *" })
      assertEquals(
        yield* Effect.flip(schedules.create({ ...minimal, scheduleId: id("third") })),
        new QStashQuotaExceeded({
          status: 412,
          reason: "quota maxSchedules exceeded, current limit: 2",
          scheduleId: id("third")
        })
      )
      // The quota is each tenant's own.
      yield* engine.schedules({ tenantId: "other" }).create(minimal)
      yield* schedules.delete(nightly)
      yield* schedules.create({ ...minimal, scheduleId: id("third") })
      deepStrictEqual(
        (yield* schedules.list).map(({ scheduleId }) => scheduleId),
        [id("second"), id("third")]
      )
    }).pipe(Effect.provide(virtual(undefined, { maxSchedules: 2 })))
  )
})

describe("the last firing", () => {
  it.effect("is told with its message's state, until the next one replaces it", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...minimal, retries: 1, delay: "1 hour" })
      const lastOf = Effect.map(get, ({ lastScheduleStates, lastScheduleTime }) => ({
        lastScheduleStates,
        lastScheduleTime
      }))
      yield* advance("4 hours")
      deepStrictEqual(yield* lastOf, {
        lastScheduleStates: { msg_1: "IN_PROGRESS" },
        lastScheduleTime: utc("2025-01-01T04:00:00Z")
      })
      yield* advance("1 hour")
      deepStrictEqual((yield* lastOf).lastScheduleStates, { msg_1: "IN_PROGRESS" })
      yield* advance("12 seconds")
      deepStrictEqual((yield* lastOf).lastScheduleStates, { msg_1: "FAIL" })
      yield* advance("1 day")
      deepStrictEqual(yield* lastOf, {
        lastScheduleStates: { msg_2: "SUCCESS" },
        lastScheduleTime: utc("2025-01-02T04:00:00Z")
      })
    }).pipe(Effect.provide(virtual(answers(answered(500), answered(500), answered(200)))))
  )

  it.effect("does not hear of the messages before it", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...minimal, cron: "0 * * * *", delay: "90 minutes" })
      yield* advance("150 minutes")
      deepStrictEqual((yield* get).lastScheduleStates, { msg_2: "IN_PROGRESS" })
    }).pipe(Effect.provide(virtual()))
  )
})

describe("get, list and delete", () => {
  it.effect("name the id that they could not find", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const expected = new ScheduleNotFound({ scheduleId: nightly })
      assertEquals(yield* Effect.flip(schedules.get(nightly)), expected)
      assertEquals(yield* Effect.flip(schedules.delete(nightly)), expected)
      yield* schedules.create(minimal)
      yield* schedules.delete(nightly)
      assertEquals(yield* Effect.flip(schedules.get(nightly)), expected)
      assertEquals(yield* Effect.flip(schedules.delete(nightly)), expected)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("list the schedules as get has them, the oldest first", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      deepStrictEqual(yield* schedules.list, [])
      for (const name of ["c", "a", "b"]) yield* schedules.create({ ...minimal, scheduleId: id(name) })
      yield* schedules.create({ ...minimal, scheduleId: id("c"), cron: "@hourly" })
      deepStrictEqual(
        yield* schedules.list,
        yield* Effect.forEach(["c", "a", "b"], (name) => schedules.get(id(name)))
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("a deleted schedule fires no more, but the messages that it has made are delivered", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...minimal, cron: "0 * * * *", delay: "10 minutes" })
      yield* advance("1 hour")
      yield* schedules.delete(nightly)
      yield* advance("1 day")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T01:10:00.000Z"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("a schedule created anew under an old id knows nothing of the old one", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...minimal, cron: "0 * * * *", delay: "10 minutes" })
      yield* advance("1 hour")
      yield* schedules.pause(nightly)
      yield* schedules.delete(nightly)
      yield* schedules.create(minimal)
      yield* advance("1 hour")
      const { createdAt, isPaused, lastScheduleStates } = yield* get
      deepStrictEqual(
        { createdAt, isPaused, lastScheduleStates },
        { createdAt: utc("2025-01-01T01:00:00Z"), isPaused: false, lastScheduleStates: {} }
      )
    }).pipe(Effect.provide(virtual()))
  )
})

describe("tenants", () => {
  it.effect("keep schedules of one id apart, and their deliveries", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      const mine = engine.schedules({ tenantId: "mine" })
      const yours = engine.schedules({ tenantId: "yours", callerIp: "198.51.100.1" })
      yield* mine.create({ ...minimal, body: "mine" })
      assertEquals(yield* Effect.flip(yours.get(nightly)), new ScheduleNotFound({ scheduleId: nightly }))
      assertEquals(yield* Effect.flip(yours.pause(nightly)), new ScheduleNotFound({ scheduleId: nightly }))
      assertEquals(yield* Effect.flip(yours.delete(nightly)), new ScheduleNotFound({ scheduleId: nightly }))
      deepStrictEqual(yield* yours.list, [])
      yield* yours.create({ ...minimal, body: "yours", cron: "0 5 * * *" })
      yield* mine.pause(nightly)
      const own = yield* mine.get(nightly)
      deepStrictEqual([own.isPaused, own.body, own.callerIp], [true, "mine", undefined])
      const other = yield* yours.get(nightly)
      deepStrictEqual([other.isPaused, other.body, other.callerIp], [false, "yours", "198.51.100.1"])
      yield* advance("1 day")
      const { arrivals, events } = yield* Log
      deepStrictEqual(
        arrivals.map(({ at }) => at),
        ["2025-01-01T05:00:00.000Z"]
      )
      deepStrictEqual(new Set(events.map(({ message }) => message.tenantId)), new Set(["yours"]))
      yield* yours.delete(nightly)
      strictEqual((yield* mine.list).length, 1)
    }).pipe(Effect.provide(virtual()))
  )
})

describe("redaction", () => {
  const secretive = {
    ...minimal,
    cron: "* * * * *",
    headers: { Authorization: "Bearer secret", "X-Trace": ["1", "2"] },
    body: "secret text"
  }

  it.effect.each([
    [{ body: true }, sha256("secret text"), { Authorization: ["Bearer secret"], "X-Trace": ["1", "2"] }],
    [
      { headers: true },
      "secret text",
      { Authorization: [sha256("Bearer secret")], "X-Trace": [sha256("1"), sha256("2")] }
    ],
    [
      { body: true, headers: ["authorization", "absent"] },
      sha256("secret text"),
      { Authorization: [sha256("Bearer secret")], "X-Trace": ["1", "2"] }
    ]
  ] as const)("hides %j in get and list; the delivery carries the originals", ([redact, body, headers]) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...secretive, redact })
      const record = yield* get
      deepStrictEqual(record.body, body)
      deepStrictEqual(record.headers, headers)
      deepStrictEqual(yield* schedules.list, [record])
      yield* advance("1 minute")
      const { arrivals } = yield* Log
      deepStrictEqual(
        arrivals.map(({ request }) => [
          new TextDecoder().decode(request.body),
          request.headers.filter(([name]) => name === "Authorization" || name === "X-Trace")
        ]),
        [
          [
            "secret text",
            [
              ["Authorization", "Bearer secret"],
              ["X-Trace", "1"],
              ["X-Trace", "2"]
            ]
          ]
        ]
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("is shown as `REDACTED:` and the SHA-256 of the original", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...secretive, redact: { body: true } })
      const digest = createHash("sha256").update("secret text").digest("hex")
      strictEqual(String((yield* get).body), `REDACTED:${digest}`)
    }).pipe(Effect.provide(virtual()))
  )
})

describe("what the caller holds", () => {
  it.effect("can be changed after the create without changing the schedule", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const body = new TextEncoder().encode("before")
      const values = ["before"]
      const headers = { "X-Many": values }
      const labels = ["before"]
      const hidden = ["X-Other"]
      yield* schedules.create({ ...minimal, body, headers, labels, redact: { headers: hidden } })
      body.fill(0)
      values.push("after")
      Object.assign(headers, { "X-New": "after" })
      labels.push("after")
      hidden.push("X-Many")
      const record = yield* get
      deepStrictEqual(
        [record.body, record.headers, record.labels],
        ["before", { "X-Many": ["before"] }, ["before"]]
      )
      yield* advance("4 hours")
      const [arrival] = (yield* Log).arrivals
      strictEqual(new TextDecoder().decode(arrival?.request.body), "before")
      deepStrictEqual(
        arrival?.request.headers.filter(([name]) => name.startsWith("X-")),
        [["X-Many", "before"]]
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("is a copy: a record that is scribbled on does not reach the schedule", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({
        ...minimal,
        cron: "0 * * * *",
        body: Uint8Array.of(0xff),
        headers: { "X-Many": ["1"] },
        labels: ["a"]
      })
      yield* advance("1 hour")
      for (const record of [yield* get, ...(yield* schedules.list)]) scribble(record)
      const { body, headers, labels, lastScheduleStates } = yield* get
      deepStrictEqual(
        { body, headers, labels, lastScheduleStates },
        {
          body: Uint8Array.of(0xff),
          headers: { "X-Many": ["1"] },
          labels: ["a"],
          lastScheduleStates: { msg_1: "SUCCESS" }
        }
      )
      yield* advance("1 hour")
      const last = (yield* Log).arrivals.at(-1)
      deepStrictEqual(last?.request.body, Uint8Array.of(0xff))
      deepStrictEqual(
        last?.request.headers.filter(([name]) => name.startsWith("X-")),
        [["X-Many", "1"]]
      )
    }).pipe(Effect.provide(virtual()))
  )
})

/** Overwrites every array and plain object that a record is made of. */
const scribble = (value: unknown): void => {
  if (value instanceof Uint8Array) value.fill(0)
  else if (Array.isArray(value)) value.push("scribbled")
  else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    for (const part of Object.values(value)) scribble(part)
    Object.assign(value, { scribbled: "scribbled" })
  }
}
