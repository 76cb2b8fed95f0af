import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import type { Time } from "../Harness.ts"
import {
  advanceTo,
  create,
  day,
  fire,
  fireOne,
  get,
  headerOf,
  hour,
  instants,
  iso,
  minute,
  nextMinute,
  only,
  second
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"

/** 01:00 UTC on the last Sunday of a month, counted from 0: when Europe's clocks change. */
const lastSunday = (year: number, month: number): number => {
  const end = new Date(Date.UTC(year, month + 1, 0))
  return end.getTime() - end.getUTCDay() * day + hour
}

/** The next change of Europe's clocks that is more than a day ahead. March is 2, October is 9. */
const nextChange = (now: number, month: 2 | 9): number => {
  const year = new Date(now).getUTCFullYear()
  const change = lastSunday(year, month)
  return change > now + 2 * day ? change : lastSunday(year + 1, month)
}

/** When a schedule fires around a clock change, in hours after it. The bounds are in hours too. */
const aroundChange = (time: Time, month: 2 | 9, cron: string, from: number, to: number) =>
  Effect.gen(function* () {
    const change = nextChange(yield* time.now, month)
    yield* advanceTo(time, change + from * hour)
    const endpoint = yield* time.endpoint
    yield* create({ cron, destination: endpoint.url })
    yield* advanceTo(time, change + to * hour)
    return (yield* endpoint.deliveries).map(({ at }) => (at - change) / hour)
    // Stops the schedule now, because the next clock change is far away.
  }).pipe(Effect.scoped)

export const firing = chapter("firing", ({ timed }) => {
  timed("a schedule fires once per match, on the full minute", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* advanceTo(time, first + 4 * minute)
      deepStrictEqual(
        instants(yield* endpoint.deliveries),
        [0, 1, 2, 3, 4].map((index) => iso(first + index * minute))
      )
    })
  )

  timed("a schedule does not fire before its time", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* advanceTo(time, first - 1)
      deepStrictEqual(yield* endpoint.deliveries, [])
      yield* advanceTo(time, first)
      strictEqual((yield* endpoint.deliveries).length, 1)
    })
  )

  timed("a schedule created at a matching time first fires at the next match", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const match = nextMinute(yield* time.now)
      yield* advanceTo(time, match)
      yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* advanceTo(time, match + minute)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(match + minute)])
    })
  )

  timed("each firing creates one message with its own id", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* time.advance("10 minutes")
      const ids = (yield* endpoint.deliveries).map((delivery) => headerOf(delivery, "Upstash-Message-Id"))
      strictEqual(ids.length, 10)
      strictEqual(new Set(ids).size, 10)
    })
  )

  timed("schedules that match the same minute all fire", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const names = ["a", "b", "c"]
      const { firedAt } = yield* fire(
        time,
        ...names.map((name) => ({ destination: `${endpoint.url}/${name}` }))
      )
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(instants(deliveries), [iso(firedAt), iso(firedAt), iso(firedAt)])
      deepStrictEqual(
        deliveries.map(({ url }) => url).toSorted(),
        names.map((name) => `${endpoint.url}/${name}`)
      )
    })
  )

  timed("a cron expression is evaluated in its own time zone", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* create({ cron: "CRON_TZ=Asia/Kolkata 15 4 * * *", destination: endpoint.url })
      yield* time.advance("3 days")
      deepStrictEqual(
        (yield* endpoint.deliveries).map(({ at }) => iso(at).slice(11)),
        ["22:45:00.000Z", "22:45:00.000Z", "22:45:00.000Z"]
      )
    })
  )

  timed("a schedule does not fire at a local time that the clocks skip", (time) =>
    Effect.gen(function* () {
      deepStrictEqual(
        yield* aroundChange(time, 2, "CRON_TZ=Europe/Berlin 30 2 * * *", -24, 48),
        [-23.5, 23.5, 47.5]
      )
    })
  )

  timed("a schedule fires twice at a local time that the clocks repeat", (time) =>
    Effect.gen(function* () {
      deepStrictEqual(
        yield* aroundChange(time, 9, "CRON_TZ=Europe/Berlin 30 2 * * *", -24, 48),
        [-0.5, 0.5, 24.5]
      )
    })
  )

  timed("a schedule without fixed hours keeps its pace when the clocks change", (time) =>
    Effect.gen(function* () {
      for (const month of [2, 9] as const) {
        deepStrictEqual(
          yield* aroundChange(time, month, "CRON_TZ=Europe/Berlin */30 * * * *", -2, 2),
          [-1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]
        )
      }
    })
  )

  timed("if a cron restricts both day fields, either may match", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      yield* create({ cron: "0 12 13 * FRI", destination: endpoint.url })
      yield* time.advance("70 days")
      const noons = Array.from({ length: 71 }, (_, index) => (Math.floor(now / day) + index) * day + day / 2)
      deepStrictEqual(
        instants(yield* endpoint.deliveries),
        noons
          .filter((noon) => noon > now && noon <= now + 70 * day)
          .filter((noon) => new Date(noon).getUTCDate() === 13 || new Date(noon).getUTCDay() === 5)
          .map(iso)
      )
    })
  )

  timed("a firing does not wait for the previous message", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* endpoint.respond(500)
      const first = nextMinute(yield* time.now)
      yield* create({ cron: "* * * * *", destination: endpoint.url, retryDelay: "3600000" })
      yield* advanceTo(time, first + 2 * minute)
      deepStrictEqual(instants(yield* endpoint.deliveries), [
        iso(first),
        iso(first + minute),
        iso(first + 2 * minute)
      ])
    })
  )

  timed("a schedule keeps firing after a message has failed for good", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* endpoint.respond(500, 200)
      const first = nextMinute(yield* time.now)
      yield* create({ cron: "* * * * *", destination: endpoint.url, retries: 0 })
      yield* advanceTo(time, first + minute)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(first), iso(first + minute)])
    })
  )

  timed("a delay postpones each message, not the firing", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { firedAt, scheduleId } = yield* fireOne(time, {
        destination: endpoint.url,
        delay: "90 seconds"
      })
      strictEqual(iso((yield* get(scheduleId)).lastScheduleTime), iso(firedAt))
      yield* advanceTo(time, firedAt + 90 * second - 1)
      deepStrictEqual(yield* endpoint.deliveries, [])
      yield* time.advance("1 minute")
      strictEqual(iso(only(yield* endpoint.deliveries).at), iso(firedAt + 90 * second))
    })
  )
})
