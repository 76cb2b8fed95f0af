import {
  type CreateSchedule,
  FlowControlKey,
  type PublishMessage,
  QStashDlq,
  QStashFlowControl,
  QStashMessages,
  QStashQueues,
  QStashSchedules,
  QueueName
} from "@effect-qstash/domain"
import { Engine } from "@effect-qstash/engine/Engine"
import { Store } from "@effect-qstash/engine/Store"
import { StoreError } from "@effect-qstash/engine/StoreError"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import {
  Clock,
  Context,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Ref,
  Scope,
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
  live,
  Log,
  memoryStore,
  ok,
  persistent,
  slots,
  start,
  story,
  told,
  virtual,
  withoutRelease
} from "./harness.ts"

const schedule = { scheduleId: id("job"), cron: "0 0 * * *", destination }

const create = (settings: Partial<CreateSchedule.Input> = {}) =>
  Effect.flatMap(QStashSchedules, (schedules) => schedules.create({ ...schedule, ...settings }))

const startAt = TestClock.setTime(Date.parse(start))

/** Lets everything run that is ready to. */
const settled = io(10)

describe("the engine on the clock of a test", () => {
  it.effect("fires thirty nights", () =>
    Effect.gen(function* () {
      yield* create()
      yield* TestClock.adjust("30 days")
      deepStrictEqual(
        yield* arrivalTimes,
        Array.from({ length: 30 }, (_, night) => iso((night + 1) * 86_400_000))
      )
      strictEqual((yield* told("DELIVERED")).length, 30)
    }).pipe(Effect.provide(live()))
  )

  it.effect("tells the same story as in virtual time", () => {
    const answer: Answer = (_request, count) =>
      Effect.as(
        count % 2 === 0 ? Effect.sleep("5 seconds") : Effect.void,
        answered(count % 3 === 0 ? 500 : 200)
      )
    const program = <R>(move: Effect.Effect<void, never, R>) =>
      Effect.gen(function* () {
        yield* create({ cron: "*/20 * * * *" })
        yield* create({
          scheduleId: id("hasty"),
          cron: "*/30 * * * *",
          timeout: "3 seconds",
          delay: "1 minute"
        })
        yield* move
        return yield* story
      })
    return Effect.gen(function* () {
      yield* startAt
      const inTestTime = yield* program(TestClock.adjust("119 minutes")).pipe(Effect.provide(live(answer)))
      const inVirtualTime = yield* program(advance("119 minutes")).pipe(Effect.provide(virtual(answer)))
      assertTrue(inTestTime.length > 30)
      deepStrictEqual(inTestTime, inVirtualTime)
    })
  })

  it.effect("notices what is created while it has nothing to do", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 day")
      yield* create()
      yield* TestClock.adjust("1 day")
      deepStrictEqual(yield* arrivalTimes, [iso(2 * 86_400_000)])
    }).pipe(Effect.provide(live()))
  )

  it.effect("notices what is due before the time that it sleeps for", () =>
    Effect.gen(function* () {
      yield* create()
      yield* TestClock.adjust("1 hour")
      yield* create({ scheduleId: id("sooner"), cron: "30 1 * * *" })
      yield* TestClock.adjust("30 minutes")
      deepStrictEqual(yield* arrivalTimes, [iso(90 * 60_000)])
      yield* create({ cron: "31 1 * * *" })
      yield* TestClock.adjust("1 minute")
      deepStrictEqual(yield* arrivalTimes, [iso(90 * 60_000), iso(91 * 60_000)])
    }).pipe(Effect.provide(live()))
  )

  /** A clock whose timers are the TestClock's, and which shows a time that may be ahead of them. */
  const suspendable = Effect.map(Effect.clock, (clock) => {
    const state = { ahead: 0, slept: new Array<number>() }
    const now = () => clock.unsafeCurrentTimeMillis() + state.ahead
    const suspended: Clock.Clock = {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: now,
      unsafeCurrentTimeNanos: () => BigInt(now()) * 1_000_000n,
      currentTimeMillis: Effect.sync(now),
      currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
      sleep: (duration) => {
        state.slept.push(Duration.toMillis(duration))
        return clock.sleep(duration)
      }
    }
    return {
      state,
      suspended,
      adjust: (by: Duration.DurationInput) => Effect.withClock(TestClock.adjust(by), clock)
    }
  })

  it.effect("sleeps for 30 seconds at most", () =>
    Effect.gen(function* () {
      const { adjust, state, suspended } = yield* suspendable
      yield* Effect.gen(function* () {
        yield* create({ cron: "10 0 * * *" })
        yield* adjust("10 minutes")
        deepStrictEqual(yield* arrivalTimes, ["1970-01-01T00:10:00.000Z"])
        assertTrue(state.slept.length >= 20)
        deepStrictEqual(
          state.slept.filter((millis) => millis > 30_000),
          []
        )
      }).pipe(Effect.provide(live()), Effect.withClock(suspended))
    })
  )

  it.scoped("finds what another engine has left in the Store when it looks again", () =>
    Effect.gen(function* () {
      yield* startAt
      const { ids, store } = yield* persistent
      const shared = Layer.succeed(Store, store)
      yield* Effect.gen(function* () {
        yield* settled
        const publish = Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination }))
        yield* Effect.provide(publish, virtual(ok, {}, shared, ids))
        yield* TestClock.adjust("999 millis")
        deepStrictEqual(yield* arrivalTimes, [])
        yield* TestClock.adjust("1 millis")
        deepStrictEqual(yield* arrivalTimes, [iso(Date.parse(start) + 1000)])
      }).pipe(Effect.provide(live(ok, { lookEvery: "1 second" }, shared, ids)))
    })
  )

  it.effect("delivers a message once more when asked to, and keeps no record of it", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const engine = yield* Engine
      yield* messages.publish({ destination })
      yield* settled
      const before = yield* story
      const [{ message } = {}] = yield* told("ACTIVE")
      if (message !== undefined) yield* engine.redeliver(message)
      yield* settled
      strictEqual((yield* arrivalTimes).length, 2)
      deepStrictEqual(yield* story, before)
    }).pipe(Effect.provide(live()))
  )

  it.effect("delivers within 30 seconds of waking what fell due while the machine was suspended", () =>
    Effect.gen(function* () {
      const { adjust, state, suspended } = yield* suspendable
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        yield* messages.publish({ destination, delay: "10 minutes" })
        yield* adjust("1 minute")
        state.ahead = 3_600_000
        yield* adjust("30 seconds")
        deepStrictEqual(yield* arrivalTimes, ["1970-01-01T01:01:30.000Z"])
      }).pipe(Effect.provide(live()), Effect.withClock(suspended))
    })
  )

  it.effect("ends an attempt whose time ran out while the machine was suspended", () =>
    Effect.gen(function* () {
      const { adjust, state, suspended } = yield* suspendable
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        yield* messages.publish({ destination, timeout: "10 minutes", retries: 0 })
        yield* adjust("1 minute")
        state.ahead = 3_600_000
        yield* adjust("30 seconds")
        strictEqual((yield* told("FAILED")).length, 1)
      }).pipe(Effect.provide(live(() => Effect.never)), Effect.withClock(suspended))
    })
  )

  it.effect("fires what it missed while it was away once, late, and then goes on", () =>
    Effect.gen(function* () {
      const store = Layer.succeed(Store, yield* memoryStore)
      yield* Effect.gen(function* () {
        yield* create({ cron: "0 * * * *" })
        yield* TestClock.adjust("1 hour")
      }).pipe(Effect.provide(live(ok, {}, store)))
      yield* TestClock.adjust("330 minutes")
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("1 hour")
        deepStrictEqual(yield* arrivalTimes, [iso(390 * 60_000), iso(420 * 60_000)])
        const { lastScheduleTime } = yield* (yield* QStashSchedules).get(schedule.scheduleId)
        strictEqual(lastScheduleTime?.epochMillis, 420 * 60_000)
      }).pipe(Effect.provide(live(ok, {}, store)))
    })
  )
})

describe("the engine on a clock that runs", () => {
  it.live("fires each minute once and never before it", () =>
    Effect.gen(function* () {
      // A minute passes in 20 ms.
      const speed = 3000
      const real = Clock.make()
      const begun = real.unsafeCurrentTimeMillis()
      const millis = () => Date.parse(start) + (real.unsafeCurrentTimeMillis() - begun) * speed
      const hurried: Clock.Clock = {
        [Clock.ClockTypeId]: Clock.ClockTypeId,
        unsafeCurrentTimeMillis: millis,
        unsafeCurrentTimeNanos: () => BigInt(millis()) * 1_000_000n,
        currentTimeMillis: Effect.sync(millis),
        currentTimeNanos: Effect.sync(() => BigInt(millis()) * 1_000_000n),
        sleep: (duration) => real.sleep(Duration.times(duration, 1 / speed))
      }
      yield* Effect.gen(function* () {
        yield* create({ cron: "* * * * *" })
        const { events } = yield* Log
        while (events.length < 15) yield* io(5)
        const created = (yield* told("CREATED")).map(({ time }) => Math.floor(time / 60_000))
        deepStrictEqual(
          created,
          [...new Set(created)].toSorted((self, that) => self - that)
        )
        assertTrue((created[0] ?? 0) > Date.parse(start) / 60_000)
      }).pipe(Effect.provide(live()), Effect.withClock(hurried))
    })
  )
})

describe("a driver that is asked to run", () => {
  it.effect("says so when it has, although nothing is due", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      yield* settled
      yield* engine.awaitRun
      yield* Effect.all([engine.awaitRun, engine.awaitRun], { concurrency: "unbounded" })
    }).pipe(Effect.provide(live()))
  )

  it.effect("says so only once the Store works", () =>
    Effect.gen(function* () {
      const store = yield* memoryStore
      let isDown = true
      const nextWake = Effect.suspend(() =>
        isDown ? new StoreError({ verb: "nextWake", cause: "it is down" }) : store.nextWake
      )
      yield* Effect.gen(function* () {
        const engine = yield* Engine
        const asked = yield* Effect.fork(engine.awaitRun)
        yield* TestClock.adjust("1 minute")
        strictEqual(asked.unsafePoll(), null)
        isDown = false
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(asked)
      }).pipe(Effect.provide(live(ok, {}, Layer.succeed(Store, { ...store, nextWake }))))
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )
})

describe("a driver that sleeps", () => {
  const publish = (path: string, input: Partial<PublishMessage.Input> = {}) =>
    Effect.flatMap(QStashMessages, (messages) =>
      messages.publish({ destination: `https://api.example.com/${path}`, ...input })
    )

  const paths = Effect.map(Log, ({ arrivals }) =>
    arrivals.map(({ at, request }) => `${Date.parse(at) / 1000} ${new URL(request.url).pathname.slice(1)}`)
  )

  /** Sleeps until the year is over, and has nothing else to do. */
  const asleep = Effect.zipRight(create({ cron: "0 0 1 1 *" }), TestClock.adjust("1 minute"))

  const api = FlowControlKey.make("api")
  const mail = QueueName.make("mail")

  it.effect("is woken by a message, whether it sleeps for long or for good", () =>
    Effect.gen(function* () {
      yield* settled
      yield* publish("first")
      yield* settled
      deepStrictEqual(yield* paths, ["0 first"])
      yield* asleep
      yield* publish("second")
      yield* settled
      deepStrictEqual(yield* paths, ["0 first", "60 second"])
    }).pipe(Effect.provide(live()))
  )

  it.effect("is woken at the time of a message that is due before all else", () =>
    Effect.gen(function* () {
      yield* asleep
      yield* publish("late", { delay: "1 minute" })
      yield* publish("early", { delay: "30 seconds" })
      yield* TestClock.adjust("2 minutes")
      deepStrictEqual(yield* paths, ["90 early", "120 late"])
    }).pipe(Effect.provide(live()))
  )

  it.effect("is woken by whatever lets a message go: a resume, a pin, a reset, a retry, a cancel", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const queues = yield* QStashQueues
      const flowControl = yield* QStashFlowControl
      const dlq = yield* QStashDlq
      yield* asleep
      const wokenBy = <E>(call: Effect.Effect<unknown, E>, ...expected: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          yield* settled
          const before = (yield* paths).length
          yield* call
          yield* settled
          deepStrictEqual((yield* paths).slice(before), expected)
        })
      yield* queues.upsert({ queueName: mail, isPaused: true })
      yield* messages.enqueue(mail, { destination })
      yield* wokenBy(queues.resume(mail), "60 jobs")
      yield* queues.pause(mail)
      yield* messages.enqueue(mail, { destination })
      yield* wokenBy(queues.upsert({ queueName: mail, isPaused: false }), "60 jobs")
      yield* flowControl.pause(api)
      yield* publish("a", { flowControl: { key: api, rate: 1, period: "1 hour" } })
      yield* wokenBy(flowControl.resume(api), "60 a")
      yield* publish("b", { flowControl: { key: api, rate: 1, period: "1 hour" } })
      yield* wokenBy(flowControl.resetRate(api), "60 b")
      yield* publish("c", { flowControl: { key: api, rate: 1, period: "1 hour" } })
      yield* wokenBy(flowControl.pin(api, { rate: 2 }), "60 c")
      yield* publish("fails", { retries: 0 })
      yield* wokenBy(dlq.retryMany({ all: true }), "60 fails")
      const first = yield* messages.enqueue(mail, {
        destination: `${destination}/x`,
        headers: { "x-fail": "1" }
      })
      yield* messages.enqueue(mail, { destination })
      yield* wokenBy(messages.cancel(first.messageId), "60 jobs")
    }).pipe(
      Effect.provide(
        live(({ headers, url }) =>
          Effect.succeed(
            answered(url.endsWith("/fails") || headers.some(([name]) => name === "X-Fail") ? 500 : 200)
          )
        )
      )
    )
  )

  it.effect("is woken when a rate opens its next period", () =>
    Effect.gen(function* () {
      yield* asleep
      for (const path of ["a", "b", "c"]) {
        yield* publish(path, { flowControl: { key: api, rate: 1, period: "10 seconds" } })
      }
      yield* TestClock.adjust("1 minute")
      deepStrictEqual(yield* paths, ["60 a", "70 b", "80 c"])
    }).pipe(Effect.provide(live()))
  )

  it.effect("starts the next one when a delivery frees its slot or its place, without any time passing", () =>
    Effect.gen(function* () {
      const doors = yield* Effect.all({ slot: Effect.makeLatch(), head: Effect.makeLatch() })
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        yield* asleep
        const limited = { flowControl: { key: api, parallelism: 1 } }
        yield* publish("slot", limited)
        yield* publish("next", limited)
        yield* messages.enqueue(mail, { destination: "https://api.example.com/head" })
        yield* messages.enqueue(mail, { destination: "https://api.example.com/follower" })
        yield* settled
        deepStrictEqual(yield* paths, ["60 slot", "60 head"])
        yield* doors.slot.open
        yield* settled
        deepStrictEqual((yield* paths).slice(2), ["60 next"])
        yield* doors.head.open
        yield* settled
        deepStrictEqual((yield* paths).slice(3), ["60 follower"])
      }).pipe(
        Effect.provide(
          live(({ url }) =>
            Effect.as(
              url.endsWith("/slot")
                ? doors.slot.await
                : url.endsWith("/head")
                  ? doors.head.await
                  : Effect.void,
              answered(200)
            )
          )
        )
      )
    })
  )

  it.effect("delivers a callback at once", () =>
    Effect.gen(function* () {
      yield* asleep
      yield* publish("job", { callback: "https://api.example.com/done" })
      yield* settled
      deepStrictEqual(yield* paths, ["60 job", "60 done"])
    }).pipe(Effect.provide(live()))
  )

  it.effect("looks no more often than there is something to see", () =>
    Effect.gen(function* () {
      const store = yield* memoryStore
      let asked = 0
      const nextWake = Effect.zipRight(
        Effect.sync(() => void asked++),
        store.nextWake
      )
      yield* Effect.gen(function* () {
        const flowControl = yield* QStashFlowControl
        const queues = yield* QStashQueues
        const messages = yield* QStashMessages
        yield* asleep
        // What is held up in every way that there is.
        yield* flowControl.pause(FlowControlKey.make("paused"))
        yield* publish("a", { flowControl: { key: FlowControlKey.make("paused"), parallelism: 1 } })
        for (const path of ["b", "never", "c"]) {
          yield* publish(path, { flowControl: { key: api, parallelism: 2, rate: 1, period: "1 hour" } })
          yield* publish(path, { flowControl: { key: FlowControlKey.make("slot"), parallelism: 1 } })
          yield* messages.enqueue(mail, { destination: "https://api.example.com/never" })
        }
        yield* queues.upsert({ queueName: QueueName.make("paused"), isPaused: true })
        yield* messages.enqueue(QueueName.make("paused"), { destination })
        yield* settled
        const before = asked
        yield* settled
        yield* settled
        strictEqual(asked, before)
      }).pipe(
        Effect.provide(
          live(
            ({ url }) => (url.endsWith("/never") ? Effect.never : Effect.succeed(answered(200))),
            { shutdownGrace: 0 },
            Layer.succeed(Store, { ...store, nextWake })
          )
        )
      )
    })
  )

  it.effect("tells the same story of queues, limits and callbacks as virtual time does", () => {
    const answer: Answer = (_request, count) =>
      Effect.as(
        count % 2 === 0 ? Effect.sleep("5 seconds") : Effect.void,
        answered(count % 3 === 0 ? 500 : 200)
      )
    const program = <R>(move: Effect.Effect<void, never, R>) =>
      Effect.gen(function* () {
        const messages = yield* QStashMessages
        for (let index = 0; index < 4; index++) {
          yield* messages.enqueue(mail, { destination, callback: destination, retryDelay: "1000" })
          yield* publish(`m${index}`, {
            flowControl: { key: api, parallelism: 2, rate: 3, period: "1 minute" },
            failureCallback: destination,
            retries: 1
          })
        }
        yield* move
        return yield* story
      })
    return Effect.gen(function* () {
      yield* startAt
      // No two things happen at one instant here but those that one driver does in one pass.
      const inTestTime = yield* program(TestClock.adjust("2 hours")).pipe(
        Effect.provide(live(answer, slots(1)))
      )
      const inVirtualTime = yield* program(advance("2 hours")).pipe(Effect.provide(virtual(answer, slots(1))))
      assertTrue(inTestTime.length > 30)
      deepStrictEqual(inTestTime, inVirtualTime)
    })
  })
})

describe("a live engine on a Store that another one left", () => {
  const mail = QueueName.make("mail")

  it.effect("takes over what was released, in order, and frees what was lost in time", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const urlOf = (path: string) => `https://api.example.com/${path}`
      const enqueue = (path: string) =>
        Effect.flatMap(QStashMessages, (messages) =>
          messages.enqueue(mail, { destination: urlOf(path), timeout: "1 minute" })
        )
      const paths = Effect.map(Log, ({ arrivals }) =>
        arrivals.map(
          ({ at, request }) => `${Date.parse(at) / 1000} ${new URL(request.url).pathname.slice(1)}`
        )
      )
      const dying: Answer = () => Effect.never
      const shutdownGrace = 0
      for (const [left, at] of [
        [store, "0 a"],
        [withoutRelease(store), "0 a"]
      ] as const) {
        yield* Effect.gen(function* () {
          if (left === store) for (const path of ["a", "b", "c"]) yield* enqueue(path)
          yield* settled
          deepStrictEqual(yield* paths, [at])
        }).pipe(Effect.provide(live(dying, { shutdownGrace }, Layer.succeed(Store, left), ids)))
      }
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("119 seconds")
        deepStrictEqual(yield* paths, [])
        yield* TestClock.adjust("1 second")
        yield* settled
        deepStrictEqual(yield* paths, ["120 a", "120 b", "120 c"])
      }).pipe(Effect.provide(live(ok, {}, Layer.succeed(Store, store), ids)))
    }).pipe(Effect.scoped)
  )
})

describe("the limit of deliveries under way", () => {
  it.effect("holds, and a delivery that ends makes room for the next", () =>
    Effect.gen(function* () {
      const doors = yield* Effect.forEach([0, 1, 2, 3, 4], () => Effect.makeLatch())
      const underWay = yield* Ref.make(0)
      const store = yield* memoryStore
      let asked = 0
      const nextWake = Effect.zipRight(
        Effect.sync(() => void asked++),
        store.nextWake
      )
      const answer: Answer = (_request, count) =>
        Effect.acquireUseRelease(
          Ref.update(underWay, (n) => n + 1),
          () => doors[count]?.await ?? Effect.void,
          () => Ref.update(underWay, (n) => n - 1)
        ).pipe(Effect.as(answered(200)))
      yield* Effect.gen(function* () {
        for (const name of ["a", "b", "c", "d", "e"]) yield* create({ scheduleId: id(name) })
        yield* TestClock.adjust("1 day")
        deepStrictEqual(
          (yield* told("ACTIVE")).map(({ message }) => message.scheduleId),
          [id("a"), id("b")]
        )
        // The messages of the others wait, and the engine waits with them rather than ask again and again.
        yield* settled
        const before = asked
        yield* settled
        strictEqual(asked, before)
        strictEqual((yield* told("CREATED")).length, 5)
        for (const [door, next] of [
          [1, "c"],
          [0, "d"],
          [3, "e"]
        ] as const) {
          yield* doors[door]?.open ?? Effect.void
          yield* settled
          strictEqual((yield* told("ACTIVE")).at(-1)?.message.scheduleId, id(next))
          strictEqual(yield* Ref.get(underWay), 2)
        }
        yield* Effect.forEach(doors, (door) => door.open)
        yield* settled
        strictEqual((yield* told("DELIVERED")).length, 5)
        strictEqual(yield* Ref.get(underWay), 0)
      }).pipe(Effect.provide(live(answer, slots(2), Layer.succeed(Store, { ...store, nextWake }))))
    })
  )
})

describe("the end of the engine", () => {
  const shutdownGrace = "100 millis"

  /** Runs an engine on a Store that outlives it, until something is under way, and closes it. */
  const runUntilBusy = (store: Store["Type"], answer: Answer) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        live(answer, { shutdownGrace }, Layer.succeed(Store, store)),
        scope
      )
      yield* Effect.provide(create(), context)
      yield* TestClock.adjust("1 day")
      return { context, close: Scope.close(scope, Exit.void) }
    })

  it.effect("waits for deliveries that end within the grace, and settles them", () =>
    Effect.gen(function* () {
      const store = yield* memoryStore
      const { close, context } = yield* runUntilBusy(store, () => Effect.as(io(20), answered(200)))
      yield* close
      deepStrictEqual((yield* Effect.provide(story, context)).slice(1), [
        "1970-01-02T00:00:00.000Z ACTIVE msg_1#0",
        "1970-01-02T00:00:00.000Z DELIVERED msg_1#0"
      ])
      strictEqual((yield* store.nextWake).message, undefined)
    })
  )

  it.effect("releases the others: interrupted, due again, and their attempt not counted", () =>
    Effect.gen(function* () {
      const store = yield* memoryStore
      const interrupted = yield* Deferred.make<void>()
      const { close, context } = yield* runUntilBusy(store, () =>
        Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
      )
      yield* close
      yield* Deferred.await(interrupted)
      deepStrictEqual((yield* Effect.provide(story, context)).slice(1), [
        "1970-01-02T00:00:00.000Z ACTIVE msg_1#0"
      ])
      // The next engine takes over at once.
      yield* Effect.gen(function* () {
        yield* TestClock.adjust(0)
        deepStrictEqual(yield* story, [
          "1970-01-02T00:00:00.000Z ACTIVE msg_1#0",
          "1970-01-02T00:00:00.000Z DELIVERED msg_1#0"
        ])
      }).pipe(Effect.provide(live(ok, {}, Layer.succeed(Store, store))))
    })
  )

  it.effect("does not wait for a delivery that cannot be interrupted", () =>
    Effect.gen(function* () {
      const store = yield* memoryStore
      const gate = yield* Deferred.make<void>()
      const { close } = yield* runUntilBusy(store, () =>
        Effect.uninterruptible(Effect.as(Deferred.await(gate), answered(200)))
      )
      yield* close
      strictEqual((yield* store.nextWake).message, 86_400_000)
      yield* Deferred.succeed(gate, undefined)
    })
  )

  it.effect("is the same when it comes by interruption", () =>
    Effect.gen(function* () {
      const store = yield* memoryStore
      const isUnderWay = yield* Deferred.make<void>()
      const answer: Answer = () =>
        Deferred.succeed(isUnderWay, undefined).pipe(Effect.zipRight(io(50)), Effect.as(answered(200)))
      const fiber = yield* create().pipe(
        Effect.zipRight(TestClock.adjust("1 day")),
        Effect.zipRight(Effect.never),
        Effect.provide(live(answer, { shutdownGrace: "1 second" }, Layer.succeed(Store, store))),
        Effect.fork
      )
      yield* Deferred.await(isUnderWay)
      yield* Fiber.interrupt(fiber)
      deepStrictEqual(
        (yield* store.listSchedules("acme")).map(({ lastStates }) => lastStates),
        [{ msg_1: "SUCCESS" }]
      )
    })
  )

  it.effect(
    "comes, and interrupts deliveries, even if the engine was built where nothing can be interrupted",
    () =>
      Effect.gen(function* () {
        const interrupted = yield* Deferred.make<void>()
        const answer: Answer = () =>
          Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
        const scope = yield* Scope.make()
        const context = yield* Effect.uninterruptible(
          Layer.buildWithScope(live(answer, { shutdownGrace }), scope)
        )
        yield* Effect.provide(create({ timeout: "1 minute" }), context)
        yield* TestClock.adjust("1 day")
        yield* TestClock.adjust("1 minute")
        yield* Deferred.await(interrupted)
        yield* Scope.close(scope, Exit.void)
      })
  )

  it.effect("in virtual time does not wait for those that sleep, since nobody will wake them", () =>
    Effect.gen(function* () {
      const ended: Array<number> = []
      const answer: Answer = (_request, count) =>
        (count === 0 ? Effect.sleep("1 hour") : io(20)).pipe(
          Effect.zipRight(Effect.sync(() => void ended.push(count))),
          Effect.as(answered(200))
        )
      yield* Effect.gen(function* () {
        yield* create()
        yield* advance("1 day")
      }).pipe(Effect.provide(virtual(answer)))
      deepStrictEqual(ended, [])
    })
  )

  it.effect("in virtual time waits for those that are at work in the world", () =>
    Effect.gen(function* () {
      const log = yield* Effect.gen(function* () {
        yield* create()
        const journey = yield* Effect.fork(advance("1 day"))
        yield* io(10)
        yield* Fiber.interrupt(journey)
        return yield* Log
      }).pipe(Effect.provide(virtual(() => Effect.as(io(50), answered(200)))))
      deepStrictEqual(
        log.events.map(({ state }) => state),
        ["CREATED", "ACTIVE", "DELIVERED"]
      )
    })
  )
})

describe("a port that breaks", () => {
  it.effect("does not stop the engine when it is a listener that throws", () => {
    let calls = 0
    return Effect.gen(function* () {
      yield* create({ cron: "* * * * *" })
      yield* TestClock.adjust("3 minutes")
      strictEqual((yield* arrivalTimes).length, 3)
      assertTrue(calls >= 3)
    }).pipe(
      Effect.provide(
        live(ok, {
          onEvents: () => {
            calls += 1
            throw new Error("bug")
          }
        })
      )
    )
  })

  it.effect("does not make a call fail whose effect is there", () =>
    Effect.gen(function* () {
      yield* startAt
      yield* (yield* QStashMessages).publish({ destination })
      yield* settled
      strictEqual((yield* arrivalTimes).length, 1)
    }).pipe(
      Effect.provide(
        live(ok, {
          onEvents: () => {
            throw new Error("bug")
          }
        })
      )
    )
  )

  it.effect.each(["claimDueSchedules", "claimDueMessages", "settle", "nextWake"] as const)(
    "does not end the engine when the Store dies once in %s, and nothing is delivered twice",
    (verb) =>
      Effect.gen(function* () {
        const store = yield* memoryStore
        const isBroken = yield* Ref.make(false)
        const once = <A>(effect: Effect.Effect<A>) =>
          Effect.flatMap(Ref.getAndSet(isBroken, false), (broken) => (broken ? Effect.die("bug") : effect))
        const brokenVerbs: Record<typeof verb, Partial<Store["Type"]>> = {
          claimDueSchedules: { claimDueSchedules: (request) => once(store.claimDueSchedules(request)) },
          claimDueMessages: { claimDueMessages: (request) => once(store.claimDueMessages(request)) },
          settle: { settle: (request) => once(store.settle(request)) },
          nextWake: { nextWake: once(store.nextWake) }
        }
        const breaking: Store["Type"] = {
          ...store,
          ...brokenVerbs[verb]
        }
        yield* Effect.gen(function* () {
          yield* create()
          yield* TestClock.adjust("1 hour")
          yield* Ref.set(isBroken, true)
          yield* TestClock.adjust("25 hours")
          strictEqual(yield* Ref.get(isBroken), false)
          deepStrictEqual(
            (yield* told("DELIVERED")).map(({ message }) => message.messageId),
            ["msg_1"]
          )
          strictEqual((yield* arrivalTimes).length, 1)
          yield* TestClock.adjust("1 day")
          strictEqual((yield* told("DELIVERED")).length, 2)
        }).pipe(Effect.provide(live(ok, {}, Layer.succeed(Store, breaking))))
      })
  )
})

describe("two engines on one Store", () => {
  it.effect("share the work: each firing is delivered once", () =>
    Effect.gen(function* () {
      const store = Layer.succeed(Store, yield* memoryStore)
      const slow: Answer = () => Effect.as(Effect.sleep("10 seconds"), answered(200))
      // The Store counts the slots of a tenant and a destination over both.
      const options = { ...slots(6), concurrency: 3 }
      const one = yield* Layer.build(live(slow, options, store))
      const other = yield* Layer.build(live(slow, options, store))
      for (let index = 0; index < 6; index++) {
        yield* Effect.provide(create({ scheduleId: id(`job-${index}`) }), one)
      }
      // The other engine does not hear of what is created here; its own change makes it look.
      yield* Effect.provide(create({ scheduleId: id("far"), cron: "0 0 1 1 *" }), other)
      yield* TestClock.adjust("25 hours")
      const delivered = [one, other].map((engine) =>
        Context.get(engine, Log).events.filter(({ state }) => state === "DELIVERED")
      )
      deepStrictEqual(
        delivered
          .flat()
          .map(({ message }) => String(message.scheduleId))
          .toSorted(),
        Array.from({ length: 6 }, (_, index) => id(`job-${index}`))
      )
      assertTrue(delivered.every((events) => events.length > 0))
    }).pipe(Effect.scoped)
  )

  it.effect("leave each other's deliveries alone, however long they take", () =>
    Effect.gen(function* () {
      const store = Layer.succeed(Store, yield* memoryStore)
      const slow: Answer = () => Effect.as(Effect.sleep("90 minutes"), answered(200))
      const one = yield* Layer.build(live(slow, {}, store))
      yield* Effect.provide(
        Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination })),
        one
      )
      yield* settled
      // It sees the lease, and would take the message at its end.
      const other = yield* Layer.build(live(slow, {}, store))
      yield* TestClock.adjust("2 hours")
      deepStrictEqual(
        [one, other].map((engine) => Context.get(engine, Log).events.map(({ state }) => state)),
        [["CREATED", "ACTIVE", "DELIVERED"], []]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("whoever slept through its lease tells nothing of what came too late", () =>
    Effect.gen(function* () {
      const store = yield* memoryStore
      const gate = yield* Deferred.make<void>()
      const slow: Answer = () => Effect.as(Deferred.await(gate), answered(500))
      yield* Effect.gen(function* () {
        yield* create()
        yield* TestClock.adjust("1 day")
        // Another process takes the message over, as after a lease that was slept through.
        const far = Date.parse("1970-02-01T00:00:00Z")
        const { leases } = yield* store.claimDueMessages({
          now: far,
          limit: 1,
          perTenant: 1,
          perDestination: 1,
          leaseFor: 1000
        })
        yield* Deferred.succeed(gate, undefined)
        yield* settled
        deepStrictEqual(yield* told("ERROR"), [])
        const { answers } = yield* store.settle({
          settlements: leases.map(({ token }) => ({ token, response: undefined, _tag: "Delivered" })),
          now: far,
          maxPendingBytes: Infinity
        })
        deepStrictEqual(answers, ["settled"])
      }).pipe(Effect.provide(live(slow, {}, Layer.succeed(Store, store))))
    })
  )
})
