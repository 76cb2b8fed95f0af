import {
  QStashInvalidRequest,
  QStashMessages,
  QStashSchedules,
  QStashUrlGroups,
  QueueName,
  UrlGroupName,
  UrlGroupNotFound
} from "@effect-qstash/domain"
import * as Engine from "@effect-qstash/engine/Engine"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertInstanceOf, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect } from "effect"
import {
  advance,
  answered,
  answers,
  byPath,
  id,
  Log,
  messageId,
  ok,
  start,
  timeline,
  virtual,
  visits
} from "./harness.ts"

const workers = UrlGroupName.make("workers")
const destination = { urlGroup: workers }

const urlOf = (path: string) => `https://api.example.com/${path}`

const setUp = (...paths: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const groups = yield* QStashUrlGroups
    for (const path of paths)
      yield* groups.upsertEndpoints(workers, [{ url: urlOf(path), name: `the ${path}` }])
  })

const schedule = { scheduleId: id("job"), cron: "0 * * * *", destination }

const get = Effect.flatMap(QStashSchedules, (schedules) => schedules.get(id("job")))

describe("a message to a URL group", () => {
  it.effect("becomes one for each endpoint, in their order, and each goes its own way", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* setUp("b", "a")
      deepStrictEqual(yield* messages.publish({ destination, retries: 1, callback: urlOf("done") }), [
        { messageId: messageId("msg_1"), url: urlOf("b"), isDeduplicated: false },
        { messageId: messageId("msg_2"), url: urlOf("a"), isDeduplicated: false }
      ])
      const { endpointName, url, urlGroup } = yield* messages.get(messageId("msg_2"))
      deepStrictEqual(
        { endpointName, url, urlGroup },
        { endpointName: "the a", url: urlOf("a"), urlGroup: workers }
      )
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /b", "0 /a", "0 /done", "0 /done", "12 /b", "12 /done"])
      const { arrivals } = yield* Log
      deepStrictEqual(
        arrivals
          .slice(0, 3)
          .map(({ request }) => request.headers.find(([name]) => name === "Upstash-Topic-Name")?.[1]),
        [workers, workers, undefined]
      )
      deepStrictEqual(
        (yield* timeline).filter((line) => /DELIVERED|FAILED/.test(line) && /msg_[12]#/.test(line)),
        ["0 DELIVERED msg_2#0", "12 FAILED msg_1#1"]
      )
    }).pipe(Effect.provide(virtual(byPath({ "/b": answers(answered(500)) }))))
  )

  it.effect("goes to the endpoints that there were when it was accepted", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const messages = yield* QStashMessages
      yield* setUp("a", "b")
      yield* messages.publish({ destination, delay: "1 minute" })
      yield* groups.removeEndpoints(workers, [{ name: "the a" }])
      yield* setUp("c")
      yield* messages.publish({ destination, delay: "2 minutes" })
      yield* groups.delete(workers)
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["60 /a", "60 /b", "120 /b", "120 /c"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("goes whole into a queue", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* setUp("a", "b")
      yield* messages.enqueue(QueueName.make("mail"), { destination })
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "10 /b"])
    }).pipe(Effect.provide(virtual(() => Effect.as(Effect.sleep("10 seconds"), answered(200)))))
  )

  it.effect("is recognised whole when it comes again, as it was the first time", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const again = { destination, contentBasedDeduplication: true, body: "text" }
      yield* setUp("a", "b")
      const first = yield* messages.publish(again)
      yield* setUp("c")
      deepStrictEqual(
        yield* messages.publish(again),
        first.map((published) => ({ ...published, isDeduplicated: true }))
      )
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "0 /b"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("is refused where there is no such group, and where it is another tenant's", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      const messages = yield* QStashMessages
      const refused = new QStashInvalidRequest({ reason: "topic workers not found", status: 400 })
      yield* engine.urlGroups({ tenantId: "other" }).upsertEndpoints(workers, [{ url: urlOf("theirs") }])
      assertEquals(yield* Effect.flip(messages.publish({ destination })), refused)
      deepStrictEqual(yield* timeline, [])
    }).pipe(Effect.provide(virtual()))
  )
})

describe("a schedule to a URL group", () => {
  it.effect(
    "makes one message for each endpoint that there is at the firing, and tells the state of each",
    () =>
      Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        yield* setUp("a", "b")
        yield* schedules.create({ ...schedule, retries: 0 })
        deepStrictEqual((yield* get).destination, destination)
        yield* advance("1 hour")
        deepStrictEqual((yield* get).lastScheduleStates, { msg_1: "FAIL", msg_2: "SUCCESS" })
        yield* setUp("c")
        yield* advance("1 hour")
        deepStrictEqual((yield* get).lastScheduleStates, {
          msg_3: "FAIL",
          msg_4: "SUCCESS",
          msg_5: "SUCCESS"
        })
        deepStrictEqual(yield* visits, ["3600 /a", "3600 /b", "7200 /a", "7200 /b", "7200 /c"])
      }).pipe(Effect.provide(virtual(byPath({ "/a": answers(answered(500)) }))))
  )

  it.effect("notes the absence of the group, goes on, and recovers when it is there again", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const groups = yield* QStashUrlGroups
      yield* schedules.create(schedule)
      strictEqual("error" in (yield* get), false)
      yield* advance("1 hour")
      const failed = yield* get
      strictEqual(failed.error, "topic workers not found")
      deepStrictEqual(failed.lastScheduleStates, {})
      assertEquals(failed.lastScheduleTime, DateTime.unsafeMake("2025-01-01T01:00:00Z"))
      assertEquals(failed.nextScheduleTime, DateTime.unsafeMake("2025-01-01T02:00:00Z"))
      deepStrictEqual(yield* timeline, [])

      yield* setUp("a")
      yield* advance("1 hour")
      strictEqual("error" in (yield* get), false)
      deepStrictEqual((yield* get).lastScheduleStates, { msg_1: "SUCCESS" })

      yield* groups.delete(workers)
      yield* advance("1 hour")
      strictEqual((yield* get).error, "topic workers not found")
      deepStrictEqual(yield* visits, ["7200 /a"])

      // Another destination has no such trouble.
      yield* schedules.create({ ...schedule, destination: urlOf("b") })
      strictEqual("error" in (yield* get), false)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("has no trouble with what happens to the group while its messages wait", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const groups = yield* QStashUrlGroups
      yield* setUp("a")
      yield* schedules.create({ ...schedule, delay: "10 minutes" })
      yield* advance("1 hour")
      yield* groups.removeEndpoints(workers, [{ url: urlOf("a") }])
      yield* schedules.pause(schedule.scheduleId)
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["4200 /a"])
      deepStrictEqual((yield* get).lastScheduleStates, { msg_1: "SUCCESS" })
    }).pipe(Effect.provide(virtual()))
  )
})

describe("the URL groups", () => {
  it.effect("read back what they were given, in order, with their times", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      yield* groups.upsertEndpoints(workers, [
        { url: "https://user:secret@api.example.com/a?x=1", name: "First endpoint" },
        { url: new URL("https://api.example.com/b") }
      ])
      yield* advance("1 minute")
      yield* groups.upsertEndpoints(workers, [{ url: urlOf("c"), name: "First endpoint" }])
      deepStrictEqual(yield* groups.get(workers), {
        name: workers,
        createdAt: DateTime.unsafeMake(start),
        updatedAt: DateTime.unsafeMake("2025-01-01T00:01:00Z"),
        endpoints: [{ url: urlOf("c"), name: "First endpoint" }, { url: urlOf("b") }]
      })
      deepStrictEqual(yield* groups.list, [yield* groups.get(workers)])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("hand out copies: one that is scribbled on does not reach the group", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      yield* setUp("a")
      const record = yield* groups.get(workers)
      for (const endpoint of record.endpoints) Object.assign(endpoint, { url: "scribbled" })
      deepStrictEqual((yield* groups.get(workers)).endpoints, [{ url: urlOf("a"), name: "the a" }])
    }).pipe(Effect.provide(virtual(ok)))
  )

  it.effect("name the group that they could not find, also where only an endpoint is missing", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const absent = new UrlGroupNotFound({ urlGroup: workers })
      assertEquals(yield* Effect.flip(groups.get(workers)), absent)
      assertEquals(yield* Effect.flip(groups.removeEndpoints(workers, [{ name: "a" }])), absent)
      yield* setUp("a", "b")
      assertEquals(
        yield* Effect.flip(groups.removeEndpoints(workers, [{ name: "the a" }, { name: "absent" }])),
        absent
      )
      strictEqual((yield* groups.get(workers)).endpoints.length, 2)
      yield* groups.removeEndpoints(workers, [{ name: "the a" }, { url: urlOf("b") }])
      assertEquals(yield* Effect.flip(groups.get(workers)), absent)
      yield* groups.delete(workers)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("refuse what is no endpoint, by name, and keep what they had", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      yield* setUp("a")
      const error = yield* Effect.flip(
        groups.upsertEndpoints(workers, [{ url: urlOf("b") }, { url: "ftp://x.y" }])
      )
      assertInstanceOf(error, QStashInvalidRequest)
      deepStrictEqual((yield* groups.get(workers)).endpoints.length, 1)
    }).pipe(Effect.provide(virtual()))
  )
})
