import {
  FlowControlKey,
  QStashDlq,
  QStashMessages,
  QStashQueues,
  QStashSchedules,
  QStashUrlGroups,
  QueueName,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { setTimeout } from "node:timers/promises"

/** Several schedules, failures, sleeps and real I/O at once: everything that could come in another order. */
const busyDay = Effect.gen(function* () {
  const schedules = yield* QStashSchedules
  yield* QStashTest.respond(({ retried, scheduleId }) =>
    scheduleId === "sleeps"
      ? Effect.as(Effect.sleep("90 seconds"), 200)
      : scheduleId === "waits"
        ? Effect.promise(() => new Promise<number>((resolve) => setImmediate(() => resolve(200))))
        : Effect.succeed(retried === 0 ? 500 : 200)
  )
  for (const name of ["fails", "sleeps", "waits"]) {
    yield* schedules.create({
      scheduleId: ScheduleId.make(name),
      cron: "0 */4 * * *",
      destination: "https://x.y/z"
    })
  }
  yield* QStashTest.advance("1 day")
  const deliveries = (yield* QStashTest.deliveries).map(({ request, time }) => ({ request, time }))
  return JSON.stringify([yield* QStashTest.events, deliveries])
})

it.effect(
  "the same test gives the same log, byte for byte, 100 times in a row",
  () =>
    Effect.gen(function* () {
      const first = yield* Effect.provide(busyDay, QStashTest.layer)
      assert.isAbove(first.length, 10_000)
      for (let run = 1; run < 100; run++) {
        assert.strictEqual(yield* Effect.provide(busyDay, QStashTest.layer), first)
      }
    }),
  60_000
)

/** Waits for the world, at random as long as the world makes one wait. */
const world = Effect.promise(() => {
  const chance = Math.random()
  return chance < 0.5 ? Promise.resolve() : chance < 0.9 ? setTimeout(0) : setTimeout(3 * Math.random())
})

/** Queues, limits, callbacks, groups, dead letters and publishes from inside, all at the same instants. */
const crowdedHour = Effect.gen(function* () {
  const schedules = yield* QStashSchedules
  const messages = yield* QStashMessages
  const queues = yield* QStashQueues
  const groups = yield* QStashUrlGroups
  const dlq = yield* QStashDlq
  const urlGroup = UrlGroupName.make("workers")
  const mail = QueueName.make("mail")
  const urlOf = (path: string) => `https://api.example.com/${path}`
  const flowControl = {
    key: FlowControlKey.make("api"),
    parallelism: 2,
    rate: 3,
    period: "1 minute"
  } as const

  yield* QStashTest.respond(({ retried, url }) =>
    Effect.gen(function* () {
      yield* world
      if (url === urlOf("sleeps")) yield* Effect.sleep("20 seconds")
      if (url === urlOf("parent")) {
        yield* messages.publish({ destination: urlOf("child"), flowControl })
        yield* world
      }
      if (url === urlOf("dies")) return { status: 500, body: "dead" }
      return url === urlOf("fails") && retried === 0 ? 500 : 200
    })
  )
  yield* groups.upsertEndpoints(urlGroup, [
    { url: urlOf("fails"), name: "one" },
    { url: urlOf("sleeps"), name: "two" }
  ])
  yield* queues.upsert({ queueName: mail, parallelism: 2 })
  yield* schedules.create({
    scheduleId: ScheduleId.make("crowd"),
    cron: "*/20 * * * *",
    destination: { urlGroup },
    queueName: mail,
    callback: urlOf("done")
  })
  for (const path of ["parent", "dies", "fails", "sleeps", "parent"]) {
    yield* messages.publish({
      destination: urlOf(path),
      flowControl,
      retries: 1,
      callback: urlOf("done"),
      failureCallback: urlOf("failed")
    })
    yield* messages.enqueue(mail, { destination: urlOf(path), retries: 1, failureCallback: urlOf("failed") })
  }
  yield* QStashTest.advance("50 minutes")
  yield* dlq.retryMany({ all: true }, { retries: 0 })
  yield* QStashTest.advance("10 minutes")
  const deliveries = (yield* QStashTest.deliveries).map(({ outcome, request, time }) => ({
    outcome,
    request,
    time
  }))
  return JSON.stringify([
    yield* QStashTest.events,
    yield* QStashTest.logs,
    yield* QStashTest.dlq,
    yield* QStashTest.messages,
    deliveries
  ])
})

it.effect(
  "so it does with queues, limits, callbacks and groups, however long the world makes each handler wait",
  () =>
    Effect.gen(function* () {
      const first = yield* Effect.provide(crowdedHour, QStashTest.layer)
      assert.isAbove(first.length, 50_000)
      for (let run = 1; run < 100; run++) {
        assert.strictEqual(yield* Effect.provide(crowdedHour, QStashTest.layer), first)
      }
    }),
  120_000
)
