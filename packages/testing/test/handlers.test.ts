import { QStashSchedules, ScheduleId } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { HttpRouter } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Config,
  ConfigProvider,
  Context,
  DateTime,
  Effect,
  FiberRef,
  HashMap,
  Layer,
  Logger,
  LogLevel,
  Queue,
  Ref,
  Stream
} from "effect"

const nightly = ScheduleId.make("nightly-report")

/** A schedule that fires at 04:00, and is tried twice more when it fails. */
const createNightly = Effect.flatMap(QStashSchedules, (schedules) =>
  schedules.create({
    scheduleId: nightly,
    cron: "0 4 * * *",
    destination: "https://api.example.com/jobs/nightly",
    retries: 2
  })
)

const everyMinute = Effect.flatMap(QStashSchedules, (schedules) =>
  schedules.create({ cron: "* * * * *", destination: "https://api.example.com/jobs/minute" })
)

/** When each attempt was made, and what it was answered. */
const attempts = Effect.map(QStashTest.deliveries, (deliveries) =>
  deliveries.map(({ retried, status, time }) => [DateTime.formatIso(time).slice(11, 19), retried, status])
)

const lastState = Effect.flatMap(QStashSchedules, (schedules) =>
  Effect.map(schedules.get(nightly), (schedule) => Object.values(schedule.lastScheduleStates)[0])
)

describe("a handler", () => {
  it.effect("that recovers on its third attempt is tried again as QStash does it", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond(({ retried }) => Effect.succeed(retried < 2 ? 503 : 200))
      yield* createNightly

      yield* QStashTest.advance("5 hours")

      assert.deepStrictEqual(yield* attempts, [
        ["04:00:00", 0, 503],
        ["04:00:12", 1, 503],
        ["04:02:40", 2, 200]
      ])
      assert.strictEqual(yield* lastState, "SUCCESS")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("that asks for a pause gets it", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond(({ retried }) =>
        Effect.succeed(retried === 0 ? { status: 429, headers: { "Retry-After": "90" } } : 200)
      )
      yield* createNightly

      yield* QStashTest.advance("5 hours")

      assert.deepStrictEqual(yield* attempts, [
        ["04:00:00", 0, 429],
        ["04:01:30", 1, 200]
      ])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("that fails, dies or throws is answered with 500", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond(({ retried }) => {
        if (retried === 2) throw new Error("a bug before there is an effect")
        return retried === 0 ? Effect.fail("no database") : Effect.die("a bug")
      })
      yield* createNightly

      yield* QStashTest.advance("5 hours")

      assert.deepStrictEqual(
        (yield* attempts).map(([, , status]) => status),
        [500, 500, 500]
      )
      assert.strictEqual(yield* lastState, "FAIL")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("that sleeps takes virtual time, and none of yours", () =>
    Effect.gen(function* () {
      const ended = yield* Ref.make("never")
      yield* QStashTest.respond(() =>
        Effect.gen(function* () {
          yield* Effect.sleep("5 minutes")
          yield* Ref.set(ended, DateTime.formatIso(yield* DateTime.now))
          return 200
        })
      )
      yield* createNightly

      yield* QStashTest.advanceTo("2025-01-01T04:03:00Z")
      assert.deepStrictEqual(yield* attempts, [["04:00:00", 0, undefined]])

      yield* QStashTest.advanceTo("2025-01-01T05:00:00Z")
      assert.deepStrictEqual(yield* attempts, [["04:00:00", 0, 200]])
      assert.strictEqual(yield* Ref.get(ended), "2025-01-01T04:05:00.000Z")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("that does real I/O is waited for while virtual time stands still", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond(() =>
        Effect.promise(() => new Promise<number>((resolve) => setTimeout(() => resolve(200), 20)))
      )
      yield* createNightly

      yield* QStashTest.advance("3 days")

      assert.deepStrictEqual(yield* attempts, [
        ["04:00:00", 0, 200],
        ["04:00:00", 0, 200],
        ["04:00:00", 0, 200]
      ])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("that never returns runs into its timeout, and the next night comes all the same", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* QStashTest.respond(() => Effect.never)
      yield* schedules.create({
        scheduleId: nightly,
        cron: "0 4 * * *",
        destination: "https://api.example.com/jobs/nightly",
        retries: 0,
        timeout: "15 minutes"
      })

      yield* QStashTest.advance("29 hours")

      const stalled = (yield* QStashTest.events).filter(({ state }) => state === "STALLED")
      assert.deepStrictEqual(
        stalled.map(({ messageId }) => messageId),
        ["msg_1", "msg_2"]
      )
      const failures = (yield* QStashTest.events).filter(({ state }) => state === "FAILED")
      assert.deepStrictEqual(
        failures.map(({ error, time }) => [DateTime.formatIso(time), error]),
        [
          ["2025-01-01T04:15:00.000Z", "no response within 15m"],
          ["2025-01-02T04:15:00.000Z", "no response within 15m"]
        ]
      )
    }).pipe(Effect.provide(QStashTest.layerWith({ settle: "50 millis" })))
  )

  it.effect("that fails says why in its answer, and a status that is none is such a failure", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond(({ retried }) =>
        retried === 2 ? Effect.fail("no database") : Effect.succeed(99)
      )
      yield* createNightly
      yield* QStashTest.advance("5 hours")
      const bodies = (yield* QStashTest.logs).flatMap(({ responseBody }) =>
        responseBody === undefined ? [] : [String(responseBody).split("\n")[0]]
      )
      assert.deepStrictEqual(bodies, [
        "RangeError: A response has a status from 100 to 599, not 99",
        "RangeError: A response has a status from 100 to 599, not 99",
        "Error: no database",
        "Error: no database"
      ])
      const refused = yield* Effect.flip(Effect.sandbox(QStashTest.respond(1000)))
      assert.include(Cause.pretty(refused), "A response has a status from 100 to 599, not 1000")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("that fails is warned of, with the cause, as is an app", () => {
    const told: Array<string> = []
    const logger = Logger.make(({ cause, logLevel, message }) => {
      told.push(`${logLevel.label} ${String(message)}: ${String(Cause.squash(cause))}`)
    })
    const broken = HttpRouter.empty.pipe(HttpRouter.post("/jobs/nightly", Effect.die("a bug in the app")))
    return Effect.gen(function* () {
      yield* createNightly
      yield* QStashTest.advance("4 hours")
      yield* QStashTest.respond(() => Effect.fail("no database"))
      yield* QStashTest.advance("12 seconds")
      yield* QStashTest.respondDefault
      yield* QStashTest.advance("1 hour")
      const failed = "failed, so its response is 500"
      assert.deepStrictEqual(told, [
        `WARN The handler of POST /jobs/nightly ${failed}: a bug in the app`,
        `WARN The handler of POST https://api.example.com/jobs/nightly ${failed}: no database`,
        `WARN The handler of POST /jobs/nightly ${failed}: a bug in the app`
      ])
    }).pipe(Effect.provide(Layer.provideMerge(QStashTest.layerApp(broken), Logger.add(logger))))
  })

  it.effect("finds the configuration, the loggers and the services that the test has when it says so", () => {
    const told: Array<string> = []
    const locale = FiberRef.unsafeMake("en")
    class Tenant extends Context.Tag("test/Tenant")<Tenant, string>() {}
    const seen = Effect.gen(function* () {
      const now = DateTime.formatIso(yield* DateTime.now)
      const language = yield* FiberRef.get(locale)
      yield* Effect.logDebug(`${yield* Tenant} in ${yield* Config.string("REGION")}, ${language}, at ${now}`)
      return 200
    })
    return Effect.gen(function* () {
      yield* QStashTest.respond(() => seen).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["REGION", "EU-CENTRAL-1"]]))),
        Effect.provideService(Tenant, "acme"),
        Effect.locally(locale, "de"),
        Effect.annotateLogs({ run: "first" }),
        Logger.withMinimumLogLevel(LogLevel.Debug),
        Effect.provide(
          Logger.add(
            Logger.make(({ annotations, message }) => {
              told.push(`${String(HashMap.unsafeGet(annotations, "run"))}: ${String(message)}`)
            })
          )
        )
      )
      yield* createNightly
      yield* QStashTest.advance("1 day")
      assert.deepStrictEqual(told, ["first: acme in EU-CENTRAL-1, de, at 2025-01-01T04:00:00.000Z"])
      yield* QStashTest.respond(() => Effect.zipRight(QStashTest.respondDefault, seen)).pipe(
        Effect.provideService(Tenant, "nobody")
      )
      yield* QStashTest.advance("1 day")
      assert.deepStrictEqual(
        (yield* attempts).map(([, , status]) => status),
        [200, 500, 200]
      )
    }).pipe(Effect.provide(QStashTest.layer))
  })

  it.effect("that forks has its fibers begin at its own instant", () =>
    Effect.gen(function* () {
      const woken: Array<string> = []
      yield* QStashTest.respond(() =>
        Effect.gen(function* () {
          yield* Effect.sleep("90 seconds").pipe(
            Effect.zipRight(DateTime.now),
            Effect.map((now) => woken.push(DateTime.formatIso(now).slice(11, 19))),
            Effect.forkDaemon,
            Effect.forkDaemon
          )
          return 200
        })
      )
      yield* everyMinute
      yield* QStashTest.advance("4 minutes")
      assert.deepStrictEqual(woken, ["00:02:30", "00:03:30"])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("that hands its work to a fiber of the test has it begun at its own instant", () =>
    Effect.gen(function* () {
      const jobs = yield* Queue.unbounded<string>()
      const done: Array<string> = []
      yield* Stream.fromQueue(jobs).pipe(
        Stream.mapEffect((id) =>
          Effect.zipRight(
            Effect.sleep("10 seconds"),
            Effect.map(DateTime.now, (now) => [id, now] as const)
          )
        ),
        Stream.runForEach(([id, now]) =>
          Effect.sync(() => done.push(`${id} ${DateTime.formatIso(now).slice(11, 19)}`))
        ),
        Effect.fork
      )
      yield* QStashTest.respond(({ messageId }) => Effect.as(Queue.offer(jobs, messageId), 202))
      yield* everyMinute
      yield* QStashTest.advance("3 minutes")
      assert.deepStrictEqual(done, ["msg_1 00:01:10", "msg_2 00:02:10"])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("is stalled when the advance has ended, and not only after the next one", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond(() => Effect.never)
      yield* createNightly
      yield* QStashTest.advance("4 hours")
      assert.deepStrictEqual(
        (yield* QStashTest.events).map(({ state }) => state),
        ["CREATED", "ACTIVE", "STALLED"]
      )
    }).pipe(Effect.provide(QStashTest.layerWith({ settle: "50 millis" })))
  )
})
