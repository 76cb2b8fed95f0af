import {
  CreateSchedule,
  DeduplicationId,
  DlqId,
  FlowControlKey,
  PublishMessage,
  QStashDlq,
  QStashFlowControl,
  QStashLogs,
  QStashMessages,
  QStashQuotaExceeded,
  QStashSchedules,
  QStashUrlGroups,
  UrlGroupName
} from "@effect-qstash/domain"
import * as Engine from "@effect-qstash/engine/Engine"
import * as Limits from "@effect-qstash/engine/Limits"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual, throws } from "@effect/vitest/utils"
import { Array as Arr, Effect, Logger, LogLevel } from "effect"
import {
  advance,
  type Answer,
  answered,
  answers,
  destination,
  id,
  Log,
  megabyte,
  messageId as messageIdOf,
  ok,
  usedBytes,
  virtual,
  visits
} from "./harness.ts"

const tenant = { tenantId: "acme" }
const workers = UrlGroupName.make("workers")

const over = (name: string, limit: number) =>
  new QStashQuotaExceeded({ status: 412, reason: `quota ${name} exceeded, current limit: ${limit}` })

/** Endpoints of a URL group. */
const endpoints = (count: number) =>
  Arr.makeBy(count, (index) => ({ url: `https://api.example.com/${index}` }))

/** So many copies of one message. */
const copies = (count: number, input: Partial<PublishMessage.Input> = {}) =>
  Effect.map(PublishMessage.make({ destination, ...input }), (message) => Arr.makeBy(count, () => message))

const pendingCount = Effect.flatMap(Engine.Engine, (engine) =>
  Effect.map(engine.pending(tenant), (all) => all.length)
)

describe("the limits of an engine", () => {
  it("are whole numbers or Infinity", () => {
    strictEqual(Limits.resolve({ maxMessages: Infinity }).maxMessages, Infinity)
    strictEqual(Limits.resolve({}).maxRetries, 100)
    for (const maxRetries of [-1, 1.5, Number.NaN]) {
      throws(
        () => Limits.resolve({ maxRetries }),
        new RangeError(`maxRetries: expected a whole number from 0 up, got ${maxRetries}`)
      )
    }
  })

  it.effect("refuse 20,000 messages to 1,000 endpoints without making them", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      yield* Effect.flatMap(QStashUrlGroups, (groups) => groups.upsertEndpoints(workers, endpoints(1000)))
      const messages = yield* copies(20_000, { destination: { urlGroup: workers } })
      const before = yield* usedBytes
      assertEquals(
        yield* Effect.flip(engine.accept(tenant, messages)),
        over("maxMessagesPerRequest", 100_000)
      )
      assertTrue((yield* usedBytes) - before < megabyte)
      strictEqual(yield* pendingCount, 0)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("count bytes for each endpoint, and neither count what is recognised", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const groups = yield* QStashUrlGroups
      yield* groups.upsertEndpoints(workers, endpoints(3))
      const toGroup = { destination: { urlGroup: workers }, delay: "1 day" } as const
      assertEquals(
        yield* Effect.flip(messages.publish({ ...toGroup, body: "123456" })),
        over("maxBytesPerRequest", 15)
      )
      const known = { ...toGroup, body: "12345", deduplicationId: DeduplicationId.make("a") }
      yield* messages.batch([known, known, known])
      yield* messages.batch([known, { ...toGroup, body: "12345" }])
      assertEquals(
        yield* Effect.flip(messages.batch([toGroup, { destination, delay: "1 day" }])),
        over("maxMessagesPerRequest", 3)
      )
    }).pipe(Effect.provide(virtual(ok, { maxMessagesPerRequest: 3, maxBytesPerRequest: 15 })))
  )

  it.effect("count the flow-control keys of messages, pauses and pins", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      const messages = yield* QStashMessages
      const a = FlowControlKey.make("a")
      const b = FlowControlKey.make("b")
      const tooMany = over("maxFlowControlKeys", 1)
      yield* messages.publish({ destination, flowControl: { key: a, parallelism: 1 } })
      yield* messages.publish({ destination, flowControl: { key: a, parallelism: 2 } })
      assertEquals(
        yield* Effect.flip(messages.publish({ destination, flowControl: { key: b, parallelism: 1 } })),
        tooMany
      )
      assertEquals(yield* Effect.flip(flowControl.pause(b)), tooMany)
      assertEquals(yield* Effect.flip(flowControl.resume(b)), tooMany)
      assertEquals(yield* Effect.flip(flowControl.pin(b, { parallelism: 1 })), tooMany)
      yield* flowControl.pause(a)
      strictEqual((yield* flowControl.list).length, 1)
    }).pipe(Effect.provide(virtual(ok, { maxFlowControlKeys: 1 })))
  )

  it.effect("stop the firing of a schedule, which notes the error, until there is room", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const schedules = yield* QStashSchedules
      yield* messages.batch([
        { destination, delay: "90 seconds" },
        { destination, delay: "1 day" }
      ])
      const job = yield* schedules.create({ cron: "* * * * *", destination, scheduleId: id("job") })
      assertEquals(yield* Effect.flip(messages.publish({ destination })), over("maxMessages", 2))
      yield* advance("1 minute")
      const full = yield* schedules.get(job)
      strictEqual(full.error, "quota maxMessages exceeded, current limit: 2")
      deepStrictEqual(full.lastScheduleStates, {})
      yield* advance("1 minute")
      strictEqual((yield* schedules.get(job)).error, undefined)
    }).pipe(Effect.provide(virtual(ok, { maxMessages: 2 })))
  )

  it.effect("never stop a callback, another attempt or the retry of a dead letter", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const dlq = yield* QStashDlq
      const failing = { destination, retries: 1, failureCallback: "https://api.example.com/failed" } as const
      yield* messages.publish(failing)
      yield* advance("1 hour")
      const waiting = yield* messages.publish({ destination, delay: "1 day" })
      strictEqual((yield* dlq.retryMany({ all: true })).length, 1)
      strictEqual(yield* pendingCount, 2)
      yield* messages.cancel(waiting.messageId)
    }).pipe(Effect.provide(virtual(answers(answered(500), answered(500), answered(200)), { maxMessages: 1 })))
  )

  it.effect("bound the log by entries and bytes, the oldest first", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const messages = yield* QStashMessages
      const ids: Array<string> = []
      for (let index = 0; index < 4; index++) {
        ids.push((yield* messages.publish({ destination, delay: "1 day" })).messageId)
      }
      deepStrictEqual(
        (yield* logs.list()).items.map(({ messageId }) => messageId),
        ids.slice(1).toReversed()
      )
      const large = yield* messages.publish({ destination, delay: "1 day", body: "a".repeat(9_000) })
      deepStrictEqual(
        (yield* logs.list()).items.map(({ messageId }) => messageId),
        [large.messageId]
      )
    }).pipe(Effect.provide(virtual(ok, { maxLogEntries: 3, maxLogBytes: 10_000 })))
  )

  it.effect("bound the dead letters by number and bytes, the oldest first", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const messages = yield* QStashMessages
      const bury = (body: string) =>
        Effect.tap(messages.publish({ destination, retries: 0, body }), () => advance("1 second"))
      const letters = Effect.map(dlq.list(), ({ items }) => items.map(({ messageId }) => messageId))
      yield* bury("a")
      const b = yield* bury("b")
      const c = yield* bury("c")
      deepStrictEqual(yield* letters, [b.messageId, c.messageId])
      const large = yield* bury("a".repeat(9_000))
      deepStrictEqual(yield* letters, [large.messageId])
    }).pipe(
      Effect.provide(virtual(answers(answered(500)), { maxDeadLetters: 2, maxDeadLetterBytes: 10_000 }))
    )
  )

  it.effect("keep the memory of a message that fails again and again within bounds", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.publish({
        destination,
        retries: 10_000,
        retryDelay: "0",
        body: new Uint8Array(10_000)
      })
      const before = yield* usedBytes
      yield* advance("1 second")
      const { arrivals, events } = yield* Log
      strictEqual(arrivals.splice(0).length, 10_001)
      events.splice(0)
      assertTrue((yield* usedBytes) - before < 2 * megabyte)
    }).pipe(Effect.provide(virtual(answers(answered(500)), { maxRetries: Infinity, maxLogEntries: 100 })))
  )

  it.effect(
    "keep the callbacks of a message that fails again and again from copying its body each time",
    () =>
      Effect.gen(function* () {
        const messages = yield* QStashMessages
        yield* messages.publish({
          destination,
          callback: { url: `${destination}/done`, retryDelay: "86400000" },
          retries: 100,
          retryDelay: "0",
          body: new Uint8Array(100_000)
        })
        yield* advance("1 second")
        const pending = yield* Effect.flatMap(Engine.Engine, (engine) => engine.pending(tenant))
        strictEqual(pending.length, 101)
        const sizes = pending.map(({ body }) => (typeof body === "string" ? body.length : Infinity))
        assertTrue(sizes.reduce((sum, size) => sum + size, 0) < 500_000)
        assertEquals(
          yield* Effect.flip(messages.publish({ destination, body: new Uint8Array(100_000) })),
          over("maxPendingBytes", 500_000)
        )
      }).pipe(Effect.provide(virtual(answers(answered(500)), { maxPendingBytes: 500_000 })))
  )

  it.effect("recognise a message for as long as the deduplication window says", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const message = { destination, deduplicationId: DeduplicationId.make("a") }
      const first = yield* messages.publish(message)
      yield* advance("89 days")
      strictEqual((yield* messages.publish(message)).messageId, first.messageId)
      yield* advance("1 day")
      assertTrue((yield* messages.publish(message)).messageId !== first.messageId)
    }).pipe(Effect.provide(virtual(ok, { deduplicationWindow: "90 days" })))
  )
})

/** A worker that publishes a message from within each delivery to `/back`, for one tenant and then for the other. */
const leadingBack = (input: Partial<PublishMessage.Input>) =>
  Effect.gen(function* () {
    let engine: Engine.Engine["Type"] | undefined
    const message = yield* PublishMessage.make({ destination, retries: 0, ...input })
    const worker: Answer = (request, count) =>
      Effect.gen(function* () {
        if (engine === undefined || !request.url.endsWith("/back")) return answered(200)
        const [, text = ""] = request.headers.find(([name]) => name === "Upstash-Message-Id") ?? []
        const from = { tenantId: count % 2 === 0 ? "other" : "acme", deliveryOf: messageIdOf(text) }
        return yield* engine.accept(from, [message]).pipe(
          Effect.as(answered(200)),
          Effect.catchAll(({ message: reason }) =>
            Effect.succeed(answered(400, {}, new TextEncoder().encode(reason)))
          )
        )
      })
    const begin = Effect.gen(function* () {
      engine = yield* Engine.Engine
      yield* engine.accept(tenant, [message])
      yield* advance("1 hour")
    })
    return { begin, worker }
  })

describe("a message whose delivery leads back to the engine", () => {
  const quiet = Logger.withMinimumLogLevel(LogLevel.None)

  it.effect("may do so as often as the limit says, and then its log says why it failed", () =>
    Effect.gen(function* () {
      const { begin, worker } = yield* leadingBack({ destination: "https://api.example.com/back" })
      const letter = yield* Effect.gen(function* () {
        yield* quiet(begin)
        strictEqual((yield* visits).length, 4)
        const engine = yield* Engine.Engine
        const all = { criteria: {}, count: 10, order: "earliestFirst" } as const
        return (yield* engine.dlqPage({ tenantId: "other" }, all)).items[0]
      }).pipe(Effect.provide(virtual(worker, { maxHops: 3 })))
      strictEqual(
        letter?.responseBody,
        "QStash refused the request (400): message loop: a delivery has led back here more than 3 times in a row (limit maxHops)"
      )
    })
  )

  it.effect("passes its hops on to its callbacks", () =>
    Effect.gen(function* () {
      const { begin, worker } = yield* leadingBack({ callback: "https://api.example.com/back" })
      yield* Effect.gen(function* () {
        yield* quiet(begin)
        const urls = (yield* visits).map((visit) => visit.split(" ")[1])
        strictEqual(urls.filter((path) => path === "/jobs").length, 4)
      }).pipe(Effect.provide(virtual(worker, { maxHops: 3 })))
    })
  )
})

describe("an engine that holds a lot", () => {
  it.effect(
    "takes 100,000 schedules",
    () =>
      Effect.gen(function* () {
        const engine = yield* Engine.Engine
        const settings = yield* CreateSchedule.make({ cron: "0 0 29 2 *", destination })
        for (let index = 0; index < 100_000; index++) {
          yield* engine.createSchedule(tenant, { ...settings, scheduleId: id(`job-${index}`) })
        }
        strictEqual((yield* engine.schedules(tenant).list).length, 100_000)
      }).pipe(Effect.provide(virtual())),
    60_000
  )

  it.effect(
    "takes 200,000 waiting messages, and cancels 50,000 of them in one call",
    () =>
      Effect.gen(function* () {
        const engine = yield* Engine.Engine
        const messages = yield* copies(100_000, { delay: "1 day" })
        const accepted = yield* engine.accept(tenant, messages)
        yield* engine.accept(tenant, messages)
        const ids = accepted.flatMap((made) => made.map(({ messageId }) => messageId)).slice(0, 50_000)
        assertTrue(Arr.isNonEmptyArray(ids))
        strictEqual(yield* engine.messages(tenant).cancelMany({ messageIds: ids }), 50_000)
        strictEqual(yield* pendingCount, 150_000)
      }).pipe(Effect.provide(virtual())),
    60_000
  )

  it.effect(
    "takes 50,000 ids of dead letters in one call",
    () =>
      Effect.gen(function* () {
        const engine = yield* Engine.Engine
        yield* engine.accept(tenant, yield* copies(1000, { retries: 0 }))
        yield* advance("1 second")
        const { items } = yield* engine.dlqPage(tenant, {
          criteria: {},
          count: Infinity,
          maxBytes: Infinity,
          order: "latestFirst"
        })
        const dlqIds = Arr.makeBy(50_000, (index) => items[index]?.dlqId ?? DlqId.make(`1-${index}`))
        strictEqual(yield* engine.dlq(tenant).deleteMany({ dlqIds }), 1000)
      }).pipe(Effect.provide(virtual(answers(answered(500))))),
    60_000
  )

  it.effect(
    "takes 10,000 endpoints in a URL group, and a message to all of them",
    () =>
      Effect.gen(function* () {
        const groups = yield* QStashUrlGroups
        const messages = yield* QStashMessages
        const all = endpoints(10_000)
        yield* groups.upsertEndpoints(workers, all)
        yield* groups.upsertEndpoints(workers, all)
        strictEqual((yield* messages.publish({ destination: { urlGroup: workers } })).length, 10_000)
        yield* groups.removeEndpoints(workers, all)
        deepStrictEqual(yield* groups.list, [])
      }).pipe(Effect.provide(virtual())),
    60_000
  )
})
