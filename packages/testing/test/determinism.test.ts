import {
  FlowControlKey,
  QStashMessages,
  QStashSchedules,
  QStashUrlGroups,
  QueueName,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"

/** Schedules, a queue, a group, a limit, callbacks, failures, sleeps and real I/O at once: everything that could come in another order. */
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
  const groups = yield* QStashUrlGroups
  const urlGroup = UrlGroupName.make("everybody")
  yield* groups.upsertEndpoints(urlGroup, [{ url: "https://x.y/one" }, { url: "https://x.y/two" }])
  const messages = yield* QStashMessages
  for (let index = 0; index < 10; index++) {
    yield* messages.enqueue(QueueName.make("in-order"), {
      destination: `https://x.y/${index}`,
      callback: "https://x.y/told"
    })
    yield* messages.publish({
      destination: { urlGroup },
      flowControl: { key: FlowControlKey.make("slowly"), rate: 3, period: "1 minute" }
    })
  }
  yield* QStashTest.advance("1 day")
  const deliveries = (yield* QStashTest.deliveries).map(({ request, time }) => ({ request, time }))
  return JSON.stringify([yield* QStashTest.events, deliveries])
})

it.effect("the same test gives the same log, byte for byte, 100 times in a row", () =>
  Effect.gen(function* () {
    const first = yield* Effect.provide(busyDay, QStashTest.layer)
    assert.isAbove(first.length, 10_000)
    for (let run = 1; run < 100; run++) {
      assert.strictEqual(yield* Effect.provide(busyDay, QStashTest.layer), first)
    }
  })
)
