import { type CreateSchedule, QStashMessages, QStashSchedules } from "@effect-qstash/domain"
import { Store } from "@effect-qstash/engine/Store"
import { VirtualClock, VirtualTimePassed } from "@effect-qstash/engine/VirtualClock"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import {
  Cause,
  Chunk,
  Clock,
  DateTime,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  Schedule,
  TestClock
} from "effect"
import {
  advance,
  type Answer,
  answered,
  arrivalTimes,
  destination,
  id,
  io,
  iso,
  Log,
  megabyte,
  ok,
  shortGrace,
  slots,
  start,
  story,
  told,
  usedBytes,
  virtual,
  memoryStore
} from "./harness.ts"

const schedule = { scheduleId: id("job"), cron: "0 0 * * *", destination }
const fired = "2025-01-02T00:00:00.000Z"

const delivered = answered(200)

const create = (settings: Partial<CreateSchedule.Input> = {}) =>
  Effect.flatMap(QStashSchedules, (schedules) => schedules.create({ ...schedule, ...settings }))

const now = Effect.map(
  Effect.flatMap(VirtualClock, (clock) => clock.now),
  DateTime.formatIso
)

/** What is logged, beside the other loggers. */
const listening = () => {
  const warnings: Array<string> = []
  return { warnings, layer: Logger.add(Logger.make(({ message }) => void warnings.push(String(message)))) }
}

/** What became of a firing at midnight within the given time after it. */
const after = (duration: Duration.DurationInput) =>
  Effect.gen(function* () {
    yield* create({ retries: 0 })
    yield* advance("1 day")
    yield* advance(duration)
    return (yield* story).slice(2)
  })

/** So long after the firing. */
const past = (offset: string) => `2025-01-02T00:${offset}Z`

describe("a handler that is suspended while time moves", () => {
  it.effect("in a sleep: is delivered when it wakes", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:05.000")} DELIVERED msg_1#0`])
    }).pipe(Effect.provide(virtual(() => Effect.as(Effect.sleep("5 seconds"), delivered))))
  )

  it.effect("in a sleep that outlasts the advance: goes on with the next one", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("3 seconds"), [])
      strictEqual(yield* now, past("00:03.000"))
      yield* advance("1 second")
      deepStrictEqual(yield* told("DELIVERED"), [])
      yield* advance("1 second")
      deepStrictEqual((yield* story).slice(2), [`${past("00:05.000")} DELIVERED msg_1#0`])
      strictEqual(yield* now, past("00:05.000"))
    }).pipe(Effect.provide(virtual(() => Effect.as(Effect.sleep("5 seconds"), delivered))))
  )

  it.effect("in a sleep of 20 minutes with a timeout of 15: fails at the deadline, and is retried", () =>
    Effect.gen(function* () {
      yield* create({ timeout: "15 minutes" })
      yield* advance("1 day")
      yield* advance("1 hour")
      deepStrictEqual((yield* story).slice(2), [
        `${past("15:00.000")} ERROR msg_1#0`,
        `${past("15:00.000")} RETRY msg_1#0`,
        `${past("15:12.000")} ACTIVE msg_1#1`,
        `${past("15:12.000")} DELIVERED msg_1#1`
      ])
    }).pipe(
      Effect.provide(
        virtual((_request, count) =>
          Effect.as(count === 0 ? Effect.sleep("20 minutes") : Effect.void, delivered)
        )
      )
    )
  )

  it.effect("in real work: no time passes meanwhile", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:00.000")} DELIVERED msg_1#0`])
    }).pipe(Effect.provide(virtual(() => Effect.as(io(50), delivered))))
  )

  it.effect("in real work and sleep by turns: only the sleep takes time", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:10.000")} DELIVERED msg_1#0`])
    }).pipe(
      Effect.provide(
        virtual(() =>
          io(20).pipe(
            Effect.zipRight(Effect.sleep("5 seconds")),
            Effect.repeatN(1),
            Effect.zipRight(io(20)),
            Effect.as(delivered)
          )
        )
      )
    )
  )

  it.effect("in real work under a timeout of its own: is in time", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:00.000")} DELIVERED msg_1#0`])
    }).pipe(
      Effect.provide(
        virtual(() => Effect.as(io(50), delivered).pipe(Effect.timeout("5 seconds"), Effect.orDie))
      )
    )
  )

  it.effect("in real work that is fed through a Deferred, under a timeout of its own: is in time", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:00.000")} DELIVERED msg_1#0`])
    }).pipe(
      Effect.provide(
        virtual(() =>
          Effect.gen(function* () {
            const done = yield* Deferred.make<void>()
            // A callback of the world, in no fiber of the delivery.
            setTimeout(() => Deferred.unsafeDone(done, Effect.void), 50)
            return yield* Effect.as(Deferred.await(done), delivered).pipe(
              Effect.timeout("5 seconds"),
              Effect.orDie
            )
          })
        )
      )
    )
  )

  it.effect("in nothing, under a timeout of its own: times out after one grace", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [
        `${past("00:00.000")} STALLED msg_1#0`,
        `${past("00:05.000")} ERROR msg_1#0`,
        `${past("00:05.000")} FAILED msg_1#0`
      ])
      deepStrictEqual(
        (yield* told("FAILED")).map((event) => event.responseStatus),
        [504]
      )
    }).pipe(
      Effect.provide(
        virtual(
          () =>
            Effect.never.pipe(
              Effect.timeoutTo({
                duration: "5 seconds",
                onSuccess: () => delivered,
                onTimeout: () => answered(504)
              })
            ),
          shortGrace
        )
      )
    )
  )

  it.effect("in nothing at all: is overtaken by its deadline after one grace", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("3 hours"), [
        `${past("00:00.000")} STALLED msg_1#0`,
        "2025-01-02T02:00:00.000Z ERROR msg_1#0",
        "2025-01-02T02:00:00.000Z FAILED msg_1#0"
      ])
    }).pipe(Effect.provide(virtual(() => Effect.never, shortGrace)))
  )

  it.effect("in retries of its own: their waits take time", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:07.000")} DELIVERED msg_1#0`])
    }).pipe(
      Effect.provide(
        virtual(() => {
          let calls = 0
          return Effect.suspend(() => (++calls < 4 ? Effect.fail("busy") : Effect.succeed(delivered))).pipe(
            Effect.retry(Schedule.exponential("1 second")),
            Effect.orDie
          )
        })
      )
    )
  )

  it.effect(
    "in a fiber that it has started and waits for: is asleep when that one is, and no grace is spent",
    () => {
      const { layer, warnings } = listening()
      return Effect.gen(function* () {
        deepStrictEqual(yield* after("1 hour"), [`${past("00:30.000")} DELIVERED msg_1#0`])
        deepStrictEqual(warnings, [])
      }).pipe(
        Effect.provide(
          Layer.merge(
            layer,
            virtual(() =>
              Effect.gen(function* () {
                const inner = yield* Effect.fork(Effect.sleep("20 seconds"))
                const outer = yield* Effect.fork(
                  Effect.zipRight(Fiber.join(inner), Effect.sleep("10 seconds"))
                )
                yield* Fiber.join(outer).pipe(Effect.timeout("1 minute"), Effect.orDie)
                return delivered
              })
            )
          )
        )
      )
    }
  )

  it.effect("in concurrent sleeps: wakes with the last of them", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:30.000")} DELIVERED msg_1#0`])
    }).pipe(
      Effect.provide(
        virtual(() =>
          Effect.forEach([10, 30, 20], (seconds) => Effect.sleep(Duration.seconds(seconds)), {
            concurrency: "unbounded"
          }).pipe(Effect.as(delivered))
        )
      )
    )
  )

  it.effect("in concurrent sleeps, some at a time and within each other, under a timeout", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:45.000")} DELIVERED msg_1#0`])
    }).pipe(
      Effect.provide(
        virtual(() =>
          Effect.all(
            [
              Effect.forEach([10, 30, 35, 5], (seconds) => Effect.sleep(Duration.seconds(seconds)), {
                ...slots(2)
              }),
              Effect.timeoutOption(Effect.sleep("1 hour"), "5 seconds")
            ],
            { concurrency: "unbounded" }
          ).pipe(Effect.timeout("1 minute"), Effect.orDie, Effect.as(delivered))
        )
      )
    )
  )

  it.effect("in concurrent sleeps and real work: no time passes until the work is done", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [`${past("00:10.000")} DELIVERED msg_1#0`])
    }).pipe(
      Effect.provide(
        virtual(() =>
          Effect.all(
            [Effect.sleep("10 seconds"), Effect.zipRight(io(50), Effect.sleep("10 seconds")), io(100)],
            {
              concurrency: "unbounded"
            }
          ).pipe(Effect.as(delivered))
        )
      )
    )
  )

  it.effect("in a death: has failed at once", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* after("1 hour"), [
        `${past("00:00.000")} ERROR msg_1#0`,
        `${past("00:00.000")} FAILED msg_1#0`
      ])
    }).pipe(Effect.provide(virtual(() => Effect.die("bug"))))
  )

  it.effect("for 14 minutes does not hold up the job of each minute", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({
        ...schedule,
        scheduleId: id("slow"),
        cron: "0 * * * *",
        destination: `${destination}/slow`
      })
      yield* schedules.create({ ...schedule, scheduleId: id("quick"), cron: "* * * * *" })
      yield* advance("75 minutes")
      const done = (yield* told("DELIVERED")).map(({ message, time }) => `${iso(time)} ${message.scheduleId}`)
      const minute = (count: number) => iso(Date.parse(start) + count * 60_000)
      const quick = Array.from({ length: 75 }, (_, index) => `${minute(index + 1)} quick`)
      deepStrictEqual(done, [...quick.slice(0, 73), `${minute(74)} slow`, ...quick.slice(73)].toSorted())
    }).pipe(
      Effect.provide(
        virtual(({ url }) =>
          Effect.as(url.endsWith("/slow") ? Effect.sleep("14 minutes") : Effect.void, delivered)
        )
      )
    )
  )

  it.effect("is warned of, by name, when its grace is over", () => {
    const { layer, warnings } = listening()
    return Effect.gen(function* () {
      yield* after("3 hours")
      strictEqual(warnings.length, 1)
      assertInclude(warnings[0], "Delivery msg_1 of schedule job has not ended in 100ms of real time")
      yield* (yield* QStashMessages).publish({ destination })
      yield* advance("1 second")
      assertInclude(warnings[1], "Delivery msg_2 has not ended in 100ms of real time")
    }).pipe(
      Effect.provide(
        Layer.merge(
          layer,
          virtual(() => Effect.never, shortGrace)
        )
      )
    )
  })
})

describe("a handler that acts on the schedules", () => {
  it.effect("is seen at once, even when it does so after real work and then sleeps", () => {
    const act: { create: Effect.Effect<unknown, unknown> } = { create: Effect.void }
    const handler: Answer = (request, count) =>
      count === 0
        ? io(10).pipe(
            Effect.zipRight(Effect.orDie(act.create)),
            Effect.zipRight(Effect.sleep("30 minutes")),
            Effect.as(delivered)
          )
        : ok(request, count)
    return Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* create()
      act.create = schedules.create({ ...schedule, scheduleId: id("born"), cron: "*/10 * * * *" })
      yield* advance(Duration.sum("1 day", "30 minutes"))
      deepStrictEqual(yield* arrivalTimes, [fired, past("10:00.000"), past("20:00.000"), past("30:00.000")])
    }).pipe(Effect.provide(virtual(handler)))
  })

  it.effect("can move time no further while an advance is under way: its own waits its turn", () => {
    const act: { advance: Effect.Effect<unknown> } = { advance: Effect.void }
    return Effect.gen(function* () {
      const clock = yield* VirtualClock
      act.advance = clock.advance("1 hour")
      yield* create({ timeout: "1 minute", retries: 0 })
      yield* advance("1 day")
      yield* advance("2 minutes")
      strictEqual(yield* now, past("02:00.000"))
      deepStrictEqual((yield* story).slice(2), [
        `${past("00:00.000")} STALLED msg_1#0`,
        `${past("01:00.000")} ERROR msg_1#0`,
        `${past("01:00.000")} FAILED msg_1#0`
      ])
    }).pipe(Effect.provide(virtual(() => Effect.as(act.advance, delivered), shortGrace)))
  })
})

describe("fibers of the test on the virtual clock", () => {
  it.effect("wake between the engine's own events, each at its instant", () =>
    Effect.gen(function* () {
      const { clock } = yield* VirtualClock
      const { arrivals } = yield* Log
      yield* create({ cron: "*/10 * * * *" })
      const seen: Array<string> = []
      yield* Effect.gen(function* () {
        yield* Effect.sleep("25 minutes")
        const woken = yield* Clock.currentTimeMillis
        seen.push(`${iso(woken)} after ${arrivals.length} deliveries`)
        yield* Effect.sleep("5 minutes")
        seen.push(`${iso(yield* Clock.currentTimeMillis)} after ${arrivals.length} deliveries`)
      }).pipe(Effect.withClock(clock), Effect.forkScoped)
      yield* Effect.yieldNow()
      yield* advance("1 hour")
      // At one instant the engine's own work comes first.
      deepStrictEqual(seen, [
        "2025-01-01T00:25:00.000Z after 2 deliveries",
        "2025-01-01T00:30:00.000Z after 3 deliveries"
      ])
    }).pipe(Effect.scoped, Effect.provide(virtual()))
  )

  it.effect("wake in the order of their times, and of their start where they share one", () =>
    Effect.gen(function* () {
      const { clock } = yield* VirtualClock
      const woken: Array<string> = []
      const sleeper = (name: string, duration: Duration.DurationInput) =>
        Effect.sleep(duration).pipe(
          Effect.zipRight(Effect.sync(() => void woken.push(name))),
          Effect.withClock(clock),
          Effect.forkScoped
        )
      yield* sleeper("late", "3 hours")
      yield* sleeper("first", "1 hour")
      yield* sleeper("second", "1 hour")
      yield* sleeper("third", "1 hour")
      yield* Effect.yieldNow()
      yield* advance("2 hours")
      deepStrictEqual(woken, ["first", "second", "third"])
    }).pipe(Effect.scoped, Effect.provide(virtual()))
  )

  it.effect("sleep whole milliseconds, and not at all for no time", () =>
    Effect.gen(function* () {
      const { clock } = yield* VirtualClock
      yield* Effect.withClock(Effect.sleep(0), clock)
      const sleeper = yield* Effect.fork(Effect.withClock(Effect.sleep("1500 micros"), clock))
      yield* Effect.yieldNow()
      yield* advance("1 millis")
      assertTrue(Option.isNone(yield* Fiber.poll(sleeper)))
      yield* advance("500 micros")
      yield* Fiber.join(sleeper)
      strictEqual(yield* clock.currentTimeNanos, BigInt(Date.parse(start) + 2) * 1_000_000n)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("that are interrupted leave nothing behind", () =>
    Effect.gen(function* () {
      const { clock } = yield* VirtualClock
      const keeper = yield* Effect.fork(Effect.withClock(Effect.sleep("1 hour"), clock))
      const before = yield* usedBytes
      for (let round = 0; round < 5_000; round++) {
        const sleeper = yield* Effect.fork(Effect.withClock(Effect.sleep(Duration.minutes(round + 1)), clock))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(sleeper)
      }
      assertTrue((yield* usedBytes) - before < megabyte)
      deepStrictEqual(Chunk.toReadonlyArray(yield* clock.sleeps), [Date.parse(start) + 3_600_000])
      yield* advance("1 hour")
      yield* Fiber.join(keeper)
      deepStrictEqual(Chunk.toReadonlyArray(yield* clock.sleeps), [])
    }).pipe(Effect.provide(virtual()))
  )
})

describe("the clock as a TestClock", () => {
  it.effect("moves the engine's time by `TestClock.adjust`", () =>
    Effect.gen(function* () {
      const { clock } = yield* VirtualClock
      yield* create()
      yield* Effect.gen(function* () {
        const sleeper = yield* Effect.fork(Effect.zipRight(Effect.sleep("1 hour"), Clock.currentTimeMillis))
        yield* TestClock.adjust("30 days")
        strictEqual(yield* Fiber.join(sleeper), Date.parse(start) + 3_600_000)
        strictEqual(yield* Clock.currentTimeMillis, Date.parse("2025-01-31T00:00:00Z"))
      }).pipe(Effect.withClock(clock))
      strictEqual((yield* arrivalTimes).length, 30)
      strictEqual(yield* now, "2025-01-31T00:00:00.000Z")
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("sets the time, tells the sleeps, and runs an effect beside a step", () =>
    Effect.gen(function* () {
      const { clock } = yield* VirtualClock
      yield* create()
      yield* Effect.gen(function* () {
        yield* TestClock.setTime(Date.parse("2025-01-03T12:00:00Z"))
        yield* Effect.fork(Effect.sleep("1 hour"))
        yield* Effect.yieldNow()
        deepStrictEqual(Chunk.toReadonlyArray(yield* TestClock.sleeps()), [
          Date.parse("2025-01-03T13:00:00Z")
        ])
        strictEqual(
          yield* Effect.as(Effect.sleep("1 day"), "awake").pipe(TestClock.adjustWith("1 day")),
          "awake"
        )
      }).pipe(Effect.withClock(clock))
      deepStrictEqual(yield* arrivalTimes, [fired, "2025-01-03T00:00:00.000Z", "2025-01-04T00:00:00.000Z"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("sets the time to a whole millisecond, no earlier than asked", () =>
    Effect.gen(function* () {
      const { clock } = yield* VirtualClock
      yield* clock.setTime(Date.parse(start) + 1500.25)
      strictEqual(yield* clock.currentTimeMillis, Date.parse(start) + 1501)
      strictEqual(yield* clock.currentTimeNanos, BigInt(Date.parse(start) + 1501) * 1_000_000n)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("restores a saved time only where that is not a way back", () =>
    Effect.gen(function* () {
      const { clock } = yield* VirtualClock
      const restore = yield* clock.save
      yield* restore
      const back = clock.setTime(Date.parse(start))
      yield* advance("1 minute")
      for (const effect of [restore, back]) {
        const exit = yield* Effect.exit(effect)
        assertEquals(
          Option.flatMap(Exit.causeOption(exit), Cause.dieOption),
          Option.some(
            new VirtualTimePassed({
              now: DateTime.unsafeMake("2025-01-01T00:01:00Z"),
              requested: DateTime.unsafeMake(start)
            })
          )
        )
      }
      strictEqual(yield* now, "2025-01-01T00:01:00.000Z")
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("leaves the environment's own clock as it is", () =>
    Effect.gen(function* () {
      yield* advance("1 day")
      strictEqual(yield* Clock.currentTimeMillis, 0)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("begins where the environment's clock stands, unless told otherwise", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.parse("2030-06-01T00:00:00Z"))
      strictEqual(yield* Effect.provide(now, virtual(ok, { start: undefined })), "2030-06-01T00:00:00.000Z")
      strictEqual(yield* Effect.provide(now, virtual()), start)
    })
  )
})

describe("advance", () => {
  it.effect("fires what falls on its very end, and nothing after it", () =>
    Effect.gen(function* () {
      yield* create({ cron: "* * * * *" })
      yield* advance("59999 millis")
      deepStrictEqual(yield* arrivalTimes, [])
      yield* advance("1 millis")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T00:01:00.000Z"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("moves time where there is nothing to do", () =>
    Effect.gen(function* () {
      yield* advance("1 day")
      yield* advance(0)
      strictEqual(yield* now, "2025-01-02T00:00:00.000Z")
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("cannot go beyond the year 9999", () =>
    Effect.gen(function* () {
      const { advanceTo } = yield* VirtualClock
      yield* create()
      const beyond = [
        advance(Duration.infinity),
        advance(1e18),
        advance("3000000 days"),
        advanceTo(8.64e15),
        advanceTo("+010000-01-01T00:00:00Z")
      ]
      for (const move of beyond) {
        const exit = yield* Effect.exit(move)
        assertTrue(Exit.isFailure(exit))
        assertInclude(
          Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
          "virtual time cannot go beyond 9999-12-31T23:59:59.999Z"
        )
      }
      yield* advance("1 day")
      deepStrictEqual(yield* arrivalTimes, [fired])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("to an instant that has passed is an error, and time stands", () =>
    Effect.gen(function* () {
      const clock = yield* VirtualClock
      yield* clock.advanceTo("2025-01-05T00:00:00Z")
      yield* clock.advanceTo("2025-01-05T00:00:00Z")
      const error = yield* Effect.flip(clock.advanceTo("2025-01-04T00:00:00Z"))
      assertEquals(
        error,
        new VirtualTimePassed({
          now: DateTime.unsafeMake("2025-01-05T00:00:00Z"),
          requested: DateTime.unsafeMake("2025-01-04T00:00:00Z")
        })
      )
      strictEqual(
        error.message,
        "The virtual clock stands at 2025-01-05T00:00:00.000Z and cannot go back to 2025-01-04T00:00:00.000Z"
      )
      strictEqual(yield* now, "2025-01-05T00:00:00.000Z")
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("queues up behind another one", () =>
    Effect.gen(function* () {
      const clock = yield* VirtualClock
      yield* create()
      yield* Effect.all([clock.advance("1 day"), clock.advance("1 day"), clock.advance("1 day")], {
        concurrency: "unbounded"
      })
      strictEqual(yield* now, "2025-01-04T00:00:00.000Z")
      deepStrictEqual(yield* arrivalTimes, [fired, "2025-01-03T00:00:00.000Z", "2025-01-04T00:00:00.000Z"])
    }).pipe(Effect.provide(virtual(() => Effect.as(io(2), delivered))))
  )

  it.effect("to an instant that passes while it queues is an error too", () =>
    Effect.gen(function* () {
      const clock = yield* VirtualClock
      yield* create()
      const [, to] = yield* Effect.all(
        [clock.advance("2 days"), Effect.flip(clock.advanceTo("2025-01-02T00:00:00Z"))],
        { concurrency: "unbounded" }
      )
      strictEqual(to._tag, "VirtualTimePassed")
      strictEqual(yield* now, "2025-01-03T00:00:00.000Z")
    }).pipe(Effect.provide(virtual(() => Effect.as(io(2), delivered))))
  )

  it.effect("can be interrupted anywhere and goes on as if nothing had been", () => {
    // A Store that has done its work some time before it answers, as one over a wire does.
    const slowly = <A>(effect: Effect.Effect<A>) => Effect.zipLeft(effect, io(1))
    const store = Effect.map(memoryStore, (memory): Store["Type"] => ({
      ...memory,
      claimDueSchedules: (request) => slowly(memory.claimDueSchedules(request)),
      claimDueMessages: (request) => slowly(memory.claimDueMessages(request)),
      settle: (request) => slowly(memory.settle(request))
    }))
    const journey = (interruptions: number) =>
      Effect.gen(function* () {
        const clock = yield* VirtualClock
        yield* create({ cron: "* * * * *" })
        for (let count = 0; count < interruptions; count++) {
          const fiber = yield* Effect.fork(clock.advance("1 hour"))
          yield* io(count / 4)
          yield* Fiber.interrupt(fiber)
        }
        yield* clock.advanceTo("2025-01-01T01:00:00Z")
        return yield* story
      })
    return Effect.gen(function* () {
      const straight = yield* Effect.provide(journey(0), virtual())
      strictEqual(straight.length, 60 * 3)
      deepStrictEqual(
        yield* Effect.provide(journey(25), virtual(ok, {}, Layer.effect(Store, store))),
        straight
      )
    })
  })

  it.effect("of a long time lets the world have its turns", () =>
    Effect.gen(function* () {
      const clock = yield* VirtualClock
      yield* create({ cron: "* * * * *" })
      const year = yield* Effect.fork(clock.advance("365 days"))
      yield* io(20)
      yield* Fiber.interrupt(year)
      const { events } = yield* Log
      assertTrue(events.length < 365 * 1440 * 3)
      // Does what the interruption left over at the instant where time came to stand.
      yield* clock.advance(0)
      const reached = yield* clock.now
      strictEqual(
        events.length,
        Math.floor((DateTime.toEpochMillis(reached) - Date.parse(start)) / 60_000) * 3
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("that dies of a port leaves an engine that goes on", () => {
    let isBroken = false
    const breaking = Layer.effect(
      Store,
      Effect.map(memoryStore, (store) => ({
        ...store,
        nextWake: Effect.suspend(() => {
          if (!isBroken) return store.nextWake
          isBroken = false
          return Effect.die("bug")
        })
      }))
    )
    return Effect.gen(function* () {
      yield* create()
      isBroken = true
      assertTrue(Exit.isFailure(yield* Effect.exit(advance("1 day"))))
      yield* advance("2 days")
      deepStrictEqual(yield* arrivalTimes, [fired, "2025-01-03T00:00:00.000Z"])
    }).pipe(Effect.provide(virtual(ok, {}, breaking)))
  })

  it.effect("has the Store forget what is too old, though nobody asks", () => {
    let prunings = 0
    const counting = Layer.effect(
      Store,
      Effect.map(memoryStore, (store) => ({
        ...store,
        prune: (request: Parameters<typeof store.prune>[0]) =>
          Effect.suspend(() => {
            prunings += 1
            return store.prune(request)
          })
      }))
    )
    return Effect.gen(function* () {
      yield* create({ cron: "0 * * * *" })
      yield* advance("1 day")
      assertTrue(prunings >= 24)
    }).pipe(Effect.provide(virtual(ok, {}, counting)))
  })

  it.effect("is not stopped by a listener that throws", () =>
    Effect.gen(function* () {
      yield* create()
      yield* advance("2 days")
      deepStrictEqual(yield* arrivalTimes, [fired, "2025-01-03T00:00:00.000Z"])
    }).pipe(
      Effect.provide(
        virtual(ok, {
          onEvents: () => {
            throw new Error("bug")
          }
        })
      )
    )
  )

  it.effect("reports what a listener causes once the listener has returned", () => {
    const states: Array<string> = []
    const act: { alert: Effect.Effect<unknown> } = { alert: Effect.void }
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      act.alert = Effect.orDie(messages.publish({ destination: "https://example.com/alert" }))
      yield* messages.publish({ destination: "https://example.com/job", retries: 0 })
      yield* advance("1 minute")
      deepStrictEqual(states, [
        "CREATED",
        "ACTIVE",
        "ERROR",
        "FAILED",
        "end",
        "CREATED",
        "ACTIVE",
        "DELIVERED"
      ])
    }).pipe(
      Effect.provide(
        virtual((request) => Effect.succeed(request.url.endsWith("/alert") ? delivered : answered(500)), {
          onEvents: (events) => {
            for (const { state } of events) states.push(state)
            if (events.every(({ state }) => state !== "FAILED")) return
            Effect.runFork(act.alert)
            states.push("end")
          }
        })
      )
    )
  })
})

describe("the order of things", () => {
  it.effect("is one and the same however long real work takes, slots or no slots", () => {
    const names = Array.from({ length: 40 }, (_, index) => `job-${index}`)
    // Some answer at once, some after real work, some after a virtual sleep, some fail first.
    const run = (delays: ReadonlyArray<number>) =>
      Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        for (const name of names) {
          yield* schedules.create({
            ...schedule,
            scheduleId: id(name),
            cron: "*/10 * * * *",
            retryDelay: "30000"
          })
        }
        yield* advance("25 minutes")
        const { arrivals, events } = yield* Log
        return {
          events,
          arrivals: arrivals.map(({ at, request }) => [at, request.headers])
        }
      }).pipe(
        Effect.provide(
          virtual((_request, count) => {
            const outcome = Effect.succeed(answered(count % 5 === 0 ? 500 : 200))
            if (count % 3 === 0) return outcome
            if (count % 7 === 0) return Effect.zipRight(Effect.sleep("5 seconds"), outcome)
            return Effect.zipRight(io(delays[count % delays.length] ?? 0), outcome)
          }, slots(8))
        )
      )
    return Effect.gen(function* () {
      const first = yield* run([0])
      assertTrue(first.events.length > 240)
      for (const delays of [
        [3, 0, 1],
        [0, 4, 2, 1],
        [1, 0, 0, 5, 2]
      ])
        deepStrictEqual(yield* run(delays), first)
      const random = Array.from({ length: 11 }, () => Math.random() * 6)
      deepStrictEqual(yield* run(random), first)
    })
  })

  it.effect("of results is that of the deliveries, whichever of them answers first", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const names = ["slow", "sleepy", "quick", "quicker"]
      for (const name of names) yield* schedules.create({ ...schedule, scheduleId: id(name) })
      yield* advance("25 hours")
      deepStrictEqual(
        (yield* told("DELIVERED")).map(({ message, time }) => `${iso(time)} ${message.scheduleId}`),
        [`${fired} slow`, `${fired} quick`, `${fired} quicker`, `${past("05:00.000")} sleepy`]
      )
    }).pipe(
      Effect.provide(
        virtual((_request, count) =>
          Effect.as([io(20), Effect.sleep("5 minutes"), io(5)][count] ?? Effect.void, delivered)
        )
      )
    )
  )

  it.effect("follows both changes of the clocks through a year of nights in Berlin", () =>
    Effect.gen(function* () {
      yield* create({ cron: "CRON_TZ=Europe/Berlin 30 2 * * *" })
      yield* advance("365 days")
      const seen = yield* arrivalTimes
      const expected: Array<string> = []
      for (
        let day = Date.parse("2025-01-01T00:00:00Z");
        day < Date.parse("2026-01-01T00:00:00Z");
        day += 86_400_000
      ) {
        const date = iso(day).slice(0, 10)
        if (date === "2025-03-30") continue
        const isSummer = date > "2025-03-30" && date < "2025-10-26"
        if (date === "2025-10-26") expected.push(`${date}T00:30:00.000Z`)
        expected.push(`${date}T0${isSummer ? 0 : 1}:30:00.000Z`)
      }
      deepStrictEqual(seen, expected)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("at one instant goes by the schedules' creation, retries and delays included", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      // The delayed message is the older one when both are due.
      yield* schedules.create({
        ...schedule,
        scheduleId: id("delayed"),
        cron: "0 * * * *",
        delay: "10 minutes"
      })
      yield* schedules.create({ ...schedule, scheduleId: id("b"), cron: "10 * * * *" })
      yield* schedules.create({ ...schedule, scheduleId: id("a"), cron: "10 * * * *" })
      yield* advance("70 minutes")
      deepStrictEqual(
        (yield* told("ACTIVE")).map(({ message }) => message.scheduleId),
        [id("b"), id("a"), id("delayed"), id("b"), id("a")]
      )
    }).pipe(Effect.provide(virtual()))
  )
})
