import {
  FlowControlKey,
  QStashInvalidRequest,
  QStashMessages,
  QStashQueues,
  QStashQuotaExceeded,
  QStashSchedules,
  QueueName,
  QueueNotFound
} from "@effect-qstash/domain"
import * as Engine from "@effect-qstash/engine/Engine"
import { Store } from "@effect-qstash/engine/Store"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertInstanceOf, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, FastCheck, Layer } from "effect"
import {
  advance,
  type Answer,
  answered,
  answers,
  byPath,
  id,
  io,
  Log,
  messageId,
  persistent,
  slots,
  start,
  timeline,
  virtual,
  visits,
  withoutRelease
} from "./harness.ts"

const mail = QueueName.make("mail")

const urlOf = (path: string) => `https://api.example.com/${path}`

const enqueue = (...paths: ReadonlyArray<string>) =>
  Effect.flatMap(QStashMessages, (messages) =>
    Effect.forEach(paths, (path) => messages.enqueue(mail, { destination: urlOf(path) }))
  )

const get = Effect.flatMap(QStashQueues, (queues) => queues.get(mail))

const lag = Effect.map(get, (queue) => queue.lag)

const failing = answers(answered(500))

/** Takes so many seconds of virtual time. */
const taking =
  (seconds: number): Answer =>
  () =>
    Effect.as(Effect.sleep(seconds * 1000), answered(200))

const startsAt = DateTime.unsafeMake(start)

describe("a queue", () => {
  it.effect("is made by its first message, and tells how much is left to do", () =>
    Effect.gen(function* () {
      yield* enqueue("a", "b")
      deepStrictEqual(yield* get, {
        name: mail,
        createdAt: startsAt,
        updatedAt: startsAt,
        parallelism: 1,
        isPaused: false,
        lag: 2
      })
      yield* advance("5 seconds")
      strictEqual(yield* lag, 2)
      yield* advance("5 seconds")
      strictEqual(yield* lag, 1)
      yield* advance("1 minute")
      strictEqual(yield* lag, 0)
      deepStrictEqual(yield* visits, ["0 /a", "10 /b"])
    }).pipe(Effect.provide(virtual(taking(10))))
  )

  it.effect("delivers in order: the next one waits through every retry of the one before it", () =>
    Effect.gen(function* () {
      yield* enqueue("a", "b", "c")
      yield* advance("1 day")
      deepStrictEqual(yield* visits, ["0 /a", "12 /a", "160 /a", "1968 /a", "1968 /b", "1968 /c"])
      // Those that wait have nothing but their creation in the log.
      deepStrictEqual((yield* timeline).slice(0, 4), [
        "0 CREATED msg_1#0",
        "0 CREATED msg_2#0",
        "0 CREATED msg_3#0",
        "0 ACTIVE msg_1#0"
      ])
    }).pipe(Effect.provide(virtual(byPath({ "/a": failing }))))
  )

  it.effect("with a parallelism has as many under way, and goes on in order", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      yield* queues.upsert({ queueName: mail, parallelism: 2 })
      yield* enqueue("long", "short", "third", "fourth")
      yield* advance("1 day")
      deepStrictEqual(yield* visits, ["0 /long", "0 /short", "10 /third", "10 /fourth"])
    }).pipe(Effect.provide(virtual(byPath({ "/long": taking(60), "/short": taking(10) }))))
  )

  it.effect("keeps its parallelism when more messages come, and when a schedule sends into it", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const schedules = yield* QStashSchedules
      yield* queues.upsert({ queueName: mail, parallelism: 3 })
      yield* schedules.create({
        scheduleId: id("job"),
        cron: "* * * * *",
        destination: urlOf("scheduled"),
        queueName: mail
      })
      yield* enqueue("a")
      yield* advance("1 minute")
      strictEqual((yield* get).parallelism, 3)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("holds up the firings of a schedule that sends into it, and loses none", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({
        scheduleId: id("job"),
        cron: "* * * * *",
        destination: urlOf("job"),
        queueName: mail
      })
      yield* advance("3 minutes")
      yield* schedules.delete(id("job"))
      strictEqual(yield* lag, 2)
      yield* advance("10 minutes")
      deepStrictEqual(yield* visits, ["60 /job", "160 /job", "260 /job"])
    }).pipe(Effect.provide(virtual(taking(100))))
  )

  it.effect("lets a delayed message keep its place", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const engine = yield* Engine.Engine
      const tenant = { tenantId: "acme" }
      yield* messages.batch([{ destination: urlOf("late"), delay: "1 minute", queueName: mail }])
      yield* enqueue("next")
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["60 /late", "60 /next"])
      deepStrictEqual(yield* engine.pending(tenant), [])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("that is paused starts nothing and accepts all; what has begun goes on, its retry waits", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      yield* enqueue("a", "b")
      yield* advance("1 second")
      yield* queues.pause(mail)
      yield* enqueue("c")
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a"])
      deepStrictEqual([(yield* get).isPaused, yield* lag], [true, 3])
      yield* queues.resume(mail)
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "3601 /a", "3601 /b", "3601 /c"])
    }).pipe(
      Effect.provide(
        virtual(
          byPath({
            "/a": (_request, count) =>
              Effect.as(Effect.sleep(count === 0 ? "10 seconds" : 0), answered(count === 0 ? 500 : 200))
          })
        )
      )
    )
  )

  it.effect("is upserted without losing its pause unless told so", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      yield* queues.upsert({ queueName: mail, isPaused: true })
      yield* enqueue("a")
      yield* advance("1 minute")
      yield* queues.upsert({ queueName: mail, parallelism: 4 })
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, [])
      yield* queues.upsert({ queueName: mail, parallelism: 4, isPaused: false })
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["120 /a"])
      deepStrictEqual(yield* get, {
        name: mail,
        createdAt: startsAt,
        updatedAt: DateTime.add(startsAt, { minutes: 2 }),
        parallelism: 4,
        isPaused: false,
        lag: 0
      })
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("that is not there is named; its deletion is no error", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const absent = new QueueNotFound({ queueName: mail })
      assertEquals(yield* Effect.flip(queues.get(mail)), absent)
      assertEquals(yield* Effect.flip(queues.pause(mail)), absent)
      assertEquals(yield* Effect.flip(queues.resume(mail)), absent)
      yield* queues.delete(mail)
      deepStrictEqual(yield* queues.list, [])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("with a parallelism that is none is refused by name", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      for (const parallelism of [0, -1, 1.5, Number.NaN, Infinity]) {
        const error = yield* Effect.flip(queues.upsert({ queueName: mail, parallelism }))
        assertInstanceOf(error, QStashInvalidRequest)
        strictEqual(error.field, "parallelism")
      }
      deepStrictEqual(yield* queues.list, [])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("too many are refused, however they would be made but by a firing", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const messages = yield* QStashMessages
      const full = new QStashQuotaExceeded({
        status: 412,
        reason: "quota maxQueues exceeded, current limit: 1"
      })
      const other = QueueName.make("other")
      yield* enqueue("a")
      assertEquals(yield* Effect.flip(queues.upsert({ queueName: other })), full)
      assertEquals(yield* Effect.flip(messages.enqueue(other, { destination: urlOf("b") })), full)
      yield* enqueue("c")
      yield* queues.upsert({ queueName: mail, parallelism: 2 })
      deepStrictEqual(
        (yield* queues.list).map(({ lag: left, name }) => [name, left]),
        [[mail, 2]]
      )
    }).pipe(Effect.provide(virtual(undefined, { maxQueues: 1 })))
  )
})

describe("the deletion of a queue", () => {
  it.effect("cancels what waits in it; what is under way ends and is not tried again", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      yield* enqueue("a", "b", "c")
      yield* advance("1 second")
      yield* queues.delete(mail)
      assertEquals(yield* Effect.flip(queues.get(mail)), new QueueNotFound({ queueName: mail }))
      yield* advance("1 day")
      deepStrictEqual((yield* timeline).slice(4), [
        "1 CANCEL_REQUESTED msg_1#0",
        "1 CANCEL_REQUESTED msg_2#0",
        "1 CANCELED msg_2#0",
        "1 CANCEL_REQUESTED msg_3#0",
        "1 CANCELED msg_3#0",
        "60 ERROR msg_1#0",
        "60 CANCELED msg_1#0"
      ])
    }).pipe(Effect.provide(virtual(() => Effect.as(Effect.sleep("1 minute"), answered(500)))))
  )

  it.effect("while its head is under way does not hold up a new queue of the same name", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      yield* queues.upsert({ queueName: mail, parallelism: 5, isPaused: false })
      yield* enqueue("old")
      yield* advance("1 second")
      yield* queues.delete(mail)
      yield* enqueue("new", "newer")
      strictEqual((yield* get).parallelism, 1)
      yield* advance("1 day")
      deepStrictEqual(yield* visits, ["0 /old", "1 /new", "11 /newer"])
      strictEqual(yield* lag, 0)
    }).pipe(Effect.provide(virtual(byPath({ "/old": taking(60), "/new": taking(10) }))))
  )

  it.effect("from within the delivery of its head counts", () => {
    const act: { delete: Effect.Effect<unknown, unknown> } = { delete: Effect.void }
    return Effect.gen(function* () {
      act.delete = (yield* QStashQueues).delete(mail)
      yield* enqueue("a", "b")
      yield* advance("1 day")
      deepStrictEqual((yield* timeline).slice(3), [
        "0 CANCEL_REQUESTED msg_1#0",
        "0 CANCEL_REQUESTED msg_2#0",
        "0 CANCELED msg_2#0",
        "0 DELIVERED msg_1#0"
      ])
    }).pipe(
      Effect.provide(
        virtual(() => Effect.zipRight(io(2), Effect.as(Effect.orDie(act.delete), answered(200))))
      )
    )
  })
})

describe("queues and limits", () => {
  const api = FlowControlKey.make("api")

  it.effect("go together: a head that waits for a slot keeps the others waiting", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const engine = yield* Engine.Engine
      const flowControl = { key: api, parallelism: 1 }
      yield* messages.publish({ destination: urlOf("elsewhere"), flowControl })
      yield* messages.batch([{ destination: urlOf("head"), flowControl, queueName: mail }])
      yield* enqueue("next")
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /elsewhere", "10 /head", "20 /next"])
      deepStrictEqual(yield* engine.pending({ tenantId: "acme" }), [])
    }).pipe(Effect.provide(virtual(taking(10))))
  )

  it.effect("share the engine's own limit without a message that waits in vain", () =>
    Effect.gen(function* () {
      yield* enqueue("a", "b")
      const messages = yield* QStashMessages
      for (const path of ["c", "d", "e"]) yield* messages.publish({ destination: urlOf(path) })
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "0 /c", "10 /b", "10 /d", "20 /e"])
    }).pipe(Effect.provide(virtual(taking(10), slots(2))))
  )
})

describe("a restart", () => {
  it.effect("goes on in order where deliveries were released, and their attempts do not count", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const onStore = Layer.succeed(Store, store)
      yield* Effect.gen(function* () {
        const queues = yield* QStashQueues
        yield* queues.upsert({ queueName: mail, parallelism: 2 })
        yield* enqueue("a", "b", "c", "d")
        yield* advance("1 second")
        deepStrictEqual(yield* visits, ["0 /a", "0 /b"])
      }).pipe(Effect.provide(virtual(taking(10), {}, onStore, ids)))
      yield* Effect.gen(function* () {
        yield* enqueue("e")
        yield* advance("1 hour")
        deepStrictEqual(yield* visits, ["5 /a", "5 /b", "15 /c", "15 /d", "25 /e"])
        deepStrictEqual(
          (yield* Log).arrivals.map(
            ({ request }) => request.headers.find(([name]) => name === "Upstash-Retried")?.[1]
          ),
          ["0", "0", "0", "0", "0"]
        )
        strictEqual(yield* lag, 0)
      }).pipe(
        Effect.provide(virtual(taking(10), { start: DateTime.add(startsAt, { seconds: 5 }) }, onStore, ids))
      )
    }).pipe(Effect.scoped)
  )

  it.effect("goes on in order where leases were lost, when their time is over", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        yield* messages.enqueue(mail, { destination: urlOf("a"), timeout: "1 minute" })
        yield* enqueue("b", "c")
        yield* advance("1 second")
      }).pipe(Effect.provide(virtual(taking(30), {}, Layer.succeed(Store, withoutRelease(store)), ids)))
      yield* Effect.gen(function* () {
        yield* advance("1 hour")
        // The lease outlasts the timeout by a minute.
        deepStrictEqual(yield* visits, ["120 /a", "150 /b", "180 /c"])
        deepStrictEqual((yield* timeline).slice(0, 2), ["120 ACTIVE msg_1#0", "150 DELIVERED msg_1#0"])
      }).pipe(
        Effect.provide(
          virtual(
            taking(30),
            { start: DateTime.add(startsAt, { seconds: 10 }) },
            Layer.succeed(Store, store),
            ids
          )
        )
      )
    }).pipe(Effect.scoped)
  )

  it.effect("keeps waiting for callbacks that another engine has sent", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const onStore = Layer.succeed(Store, store)
      const slowCallback = byPath({ "/done": taking(10) })
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        yield* messages.enqueue(mail, { destination: urlOf("a"), callback: urlOf("done") })
        yield* enqueue("b")
        yield* advance("1 second")
        deepStrictEqual(yield* visits, ["0 /a", "0 /done"])
      }).pipe(Effect.provide(virtual(slowCallback, {}, onStore, ids)))
      yield* Effect.gen(function* () {
        yield* advance("1 hour")
        deepStrictEqual(yield* visits, ["5 /done", "15 /b"])
      }).pipe(
        Effect.provide(virtual(slowCallback, { start: DateTime.add(startsAt, { seconds: 5 }) }, onStore, ids))
      )
    }).pipe(Effect.scoped)
  )

  it.effect("does not deliver what was cancelled while it was under way", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const onStore = Layer.succeed(Store, store)
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        const queues = yield* QStashQueues
        yield* messages.publish({ destination: urlOf("cancelled") })
        yield* enqueue("deleted")
        yield* advance("1 second")
        yield* messages.cancel(messageId("msg_1"))
        yield* queues.delete(mail)
      }).pipe(Effect.provide(virtual(taking(10), {}, onStore, ids)))
      yield* Effect.gen(function* () {
        yield* advance("1 hour")
        deepStrictEqual(yield* visits, [])
        deepStrictEqual(yield* timeline, ["5 CANCELED msg_1#0", "5 CANCELED msg_2#0"])
      }).pipe(
        Effect.provide(virtual(taking(10), { start: DateTime.add(startsAt, { seconds: 5 }) }, onStore, ids))
      )
    }).pipe(Effect.scoped)
  )

  it.effect("keeps a pause", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const onStore = Layer.succeed(Store, store)
      yield* Effect.gen(function* () {
        const queues = yield* QStashQueues
        yield* enqueue("a")
        yield* queues.pause(mail)
      }).pipe(Effect.provide(virtual(undefined, {}, onStore, ids)))
      yield* Effect.gen(function* () {
        const queues = yield* QStashQueues
        yield* advance("1 minute")
        deepStrictEqual(yield* visits, [])
        yield* queues.resume(mail)
        yield* advance("1 minute")
        deepStrictEqual(yield* visits, ["60 /a"])
      }).pipe(Effect.provide(virtual(undefined, {}, onStore, ids)))
    }).pipe(Effect.scoped)
  )
})

describe("the order of a queue", () => {
  it.effect.prop(
    "is that of its messages, whatever they do and however often the engine is restarted",
    [
      FastCheck.record({
        parallelism: FastCheck.integer({ min: 1, max: 3 }),
        messages: FastCheck.array(
          FastCheck.record({
            seconds: FastCheck.constantFrom(0, 0, 5, 20),
            failures: FastCheck.constantFrom(0, 0, 1, 2),
            hasCallback: FastCheck.boolean()
          }),
          { minLength: 1, maxLength: 8 }
        ),
        restarts: FastCheck.array(FastCheck.constantFrom(0, 1, 7, 30), { maxLength: 3 })
      })
    ],
    ([{ messages: given, parallelism, restarts }]) =>
      Effect.gen(function* () {
        const { ids, store } = yield* persistent
        const onStore = Layer.succeed(Store, store)
        const started: Array<number> = []
        const outOfTurn: Array<number> = []
        const done = new Set<number>()
        const attempts = new Map<number, number>()
        const answer: Answer = ({ url }) =>
          Effect.gen(function* () {
            const number = Number(/\d+$/.exec(url)?.[0])
            const message = given[number]
            if (url.includes("done") || message === undefined) return answered(200)
            if (started.at(-1) !== number && !started.includes(number)) started.push(number)
            // Not more of them are under way than the parallelism says, and none but the first of those that are left.
            const left = given.map((_, index) => index).filter((index) => !done.has(index))
            if (!left.slice(0, parallelism).includes(number)) outOfTurn.push(number)
            yield* Effect.sleep(message.seconds * 1000)
            const count = attempts.get(number) ?? 0
            attempts.set(number, count + 1)
            if (count < message.failures) return answered(500)
            done.add(number)
            return answered(200)
          })
        let now = startsAt
        const run = <A, E>(body: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof virtual>>>) =>
          Effect.provide(body, virtual(answer, { start: now }, onStore, ids))
        yield* run(
          Effect.gen(function* () {
            const queues = yield* QStashQueues
            const messages = yield* QStashMessages
            yield* queues.upsert({ queueName: mail, parallelism })
            for (const [index, { hasCallback }] of given.entries()) {
              yield* messages.enqueue(mail, {
                destination: urlOf(`m${index}`),
                callback: hasCallback ? urlOf(`done${index}`) : undefined
              })
            }
          })
        )
        for (const seconds of restarts) {
          yield* run(advance(seconds * 1000))
          now = DateTime.add(now, { seconds })
        }
        yield* run(advance("1 day"))
        deepStrictEqual(
          started,
          given.map((_, index) => index)
        )
        deepStrictEqual(outOfTurn, [])
        strictEqual(done.size, given.length)
      }).pipe(Effect.scoped),
    { fastCheck: { numRuns: 40 }, timeout: 60_000 }
  )
})
