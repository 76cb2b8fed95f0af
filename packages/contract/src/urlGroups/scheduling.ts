import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  advanceTo,
  create,
  fireOne,
  get,
  headerOf,
  idOf,
  instants,
  iso,
  minute,
  nextMinute,
  settle,
  somewhere
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { endpointWith, freshGroup, makeGroup } from "../internal/sending.ts"

export const scheduling = chapter("schedules", ({ law, timed }) => {
  law("a schedule can target a group that does not exist yet", () =>
    Effect.gen(function* () {
      const there = yield* makeGroup({ url: somewhere })
      const absent = yield* freshGroup
      for (const urlGroup of [there, absent]) {
        const schedule = yield* Effect.flatMap(create({ destination: { urlGroup } }), get)
        deepStrictEqual(schedule.destination, { urlGroup })
        strictEqual(schedule.error, undefined)
      }
    })
  )

  timed("a firing creates one message per endpoint", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 200, 500)
      const urlGroup = yield* makeGroup({ url: `${endpoint.url}/a` }, { url: `${endpoint.url}/b` })
      const { firedAt, scheduleId } = yield* fireOne(time, { destination: { urlGroup }, retries: 0 })
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(
        deliveries.map(({ url }) => url.slice(endpoint.url.length)),
        ["/a", "/b"]
      )
      deepStrictEqual(instants(deliveries), [iso(firedAt), iso(firedAt)])
      for (const delivery of deliveries) {
        strictEqual(headerOf(delivery, "Upstash-Schedule-Id"), scheduleId)
        strictEqual(headerOf(delivery, "Upstash-Topic-Name"), urlGroup)
      }
      const [first, second] = deliveries.map(idOf)
      deepStrictEqual((yield* get(scheduleId)).lastScheduleStates, {
        [first ?? ""]: "SUCCESS",
        [second ?? ""]: "FAIL"
      })
    })
  )

  timed("each firing uses the group's endpoints at that moment", (time) =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const endpoint = yield* time.endpoint
      const urlGroup = yield* makeGroup({ url: `${endpoint.url}/a` })
      const first = nextMinute(yield* time.now)
      yield* create({ cron: "* * * * *", destination: { urlGroup } })
      yield* advanceTo(time, first)
      yield* groups.upsertEndpoints(urlGroup, [{ url: `${endpoint.url}/b` }])
      yield* advanceTo(time, first + minute)
      yield* groups.removeEndpoints(urlGroup, [{ url: `${endpoint.url}/a` }])
      yield* advanceTo(time, first + 2 * minute)
      deepStrictEqual(
        (yield* endpoint.deliveries).map(({ at, url }) => [
          (at - first) / minute,
          url.slice(endpoint.url.length)
        ]),
        [
          [0, "/a"],
          [1, "/a"],
          [1, "/b"],
          [2, "/b"]
        ]
      )
    })
  )

  timed("a schedule whose group is gone creates no message, reports an error and keeps firing", (time) =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const endpoint = yield* time.endpoint
      const urlGroup = yield* makeGroup({ url: endpoint.url })
      const first = nextMinute(yield* time.now)
      const scheduleId = yield* create({ cron: "* * * * *", destination: { urlGroup } })
      yield* advanceTo(time, first)
      strictEqual((yield* get(scheduleId)).error, undefined)
      yield* groups.delete(urlGroup)
      yield* advanceTo(time, first + minute)
      const without = yield* get(scheduleId)
      strictEqual(without.error, `topic ${urlGroup} not found`)
      strictEqual(without.isPaused, false)
      strictEqual(iso(without.lastScheduleTime), iso(first + minute))
      strictEqual(iso(without.nextScheduleTime), iso(first + 2 * minute))
      deepStrictEqual(without.lastScheduleStates, {})
      yield* groups.upsertEndpoints(urlGroup, [{ url: endpoint.url }])
      yield* advanceTo(time, first + 2 * minute)
      strictEqual((yield* get(scheduleId)).error, undefined)
      yield* settle(time)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(first), iso(first + 2 * minute)])
    })
  )
})
