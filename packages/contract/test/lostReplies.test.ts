import { QStashClient } from "@effect-qstash/client"
import { UndiciHttpClient } from "@effect-qstash/client/node"
import { operations } from "@effect-qstash/contract/Operations"
import {
  QStashDlq,
  QStashFlowControl,
  QStashLogs,
  QStashMessages,
  QStashQueues,
  QStashSchedules,
  QStashSigningKeys,
  QStashUnavailable,
  QStashUrlGroups
} from "@effect-qstash/domain"
import type { DevelopmentUser } from "@effect-qstash/server/DevelopmentUsers"
import * as QStashServer from "@effect-qstash/server/QStashServer"
import type { QStashTest } from "@effect-qstash/testing"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "@effect/platform"
import { layer } from "@effect/vitest"
import { assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { describe } from "vitest"
import { calls, destination, namesOf, type Names } from "./calls.ts"

/** Calls that a repeat could duplicate, so they are not repeated. */
const once: ReadonlyArray<QStashTest.Operation> = [
  "QStashDlq.retry",
  "QStashDlq.retryMany",
  "QStashSigningKeys.rotate"
]

/** Calls that return a count: that of their last attempt. */
const counting: ReadonlyArray<QStashTest.Operation> = ["QStashMessages.cancelMany", "QStashDlq.deleteMany"]

type Caller = Omit<DevelopmentUser, "readOnlyToken">

const users = Array.from({ length: 2 * 4 * operations.length }, (_, index): Caller => ({
  name: `user-${index}`,
  token: Redacted.make(`token-of-user-${index}`),
  currentSigningKey: Redacted.make("sig_first"),
  nextSigningKey: Redacted.make("sig_second")
}))

const homeOf = (client: Layer.Layer<HttpClient.HttpClient>) =>
  Layer.merge(client, QStashServer.layerMemory({ port: 0, time: "virtual", users, shutdownGrace: 0 })).pipe(
    Layer.provide(Logger.minimumLogLevel(LogLevel.None))
  )

type Loss = "nothing" | "request" | "reply"

/** Loses the first request before the server gets it, or its response after the server has handled it. */
const losing = (loss: Loss) => {
  let isLost = loss === "nothing"
  return (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    HttpClient.transform(client, (reply, request) => {
      if (isLost) return reply
      isLost = true
      const lost = new HttpClientError.RequestError({ request, reason: "Transport", description: "lost" })
      return loss === "request"
        ? Effect.fail(lost)
        : Effect.zipRight(
            Effect.flatMap(reply, (response) => response.text),
            Effect.fail(lost)
          )
    })
}

/** One of everything that the calls need, all with the same name. */
const furnish = (url: string, { token }: Caller, { key, queueName, scheduleId, urlGroup }: Names) =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const schedules = yield* QStashSchedules
    const messages = yield* QStashMessages
    const queues = yield* QStashQueues
    const groups = yield* QStashUrlGroups
    const control = yield* QStashFlowControl
    const dlq = yield* QStashDlq
    yield* schedules.create({ scheduleId, cron: "0 4 29 2 *", destination })
    yield* groups.upsertEndpoints(urlGroup, [
      { url: `${destination}/first`, name: "first" },
      { url: `${destination}/second` }
    ])
    yield* queues.upsert({ queueName })
    yield* control.pin(key, { parallelism: 3 })
    yield* messages.enqueue(queueName, { destination: `${destination}/dead`, retries: 0 })
    yield* http.execute(
      HttpClientRequest.post(`${url}/dev/clock/advance`).pipe(
        HttpClientRequest.bearerToken(token),
        HttpClientRequest.bodyUnsafeJson({ duration: "0 seconds" })
      )
    )
    // From here on nothing is delivered: a retried dead letter goes into the paused queue.
    yield* queues.pause(queueName)
    const { messageId } = yield* messages.publish({ destination: `${destination}/pending`, delay: "1 day" })
    const [letter] = (yield* dlq.list()).items
    assertTrue(letter !== undefined)
    return { messageId, dlqId: letter.dlqId }
  })

/** Without ids and instants, which differ each time. */
const withoutIds = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (name, part: unknown) =>
      /^(?:time|epochMillis|createdAt|updatedAt|notBefore|nextScheduleTime|nextDeliveryTime|callerIp)$/.test(
        name
      )
        ? "…"
        : part
    ).replaceAll(/"(?:msg_|scd_|\d+-)[^"]*"/g, '"…"')
  )

/** Everything in an account. */
const everything = Effect.gen(function* () {
  const keys = yield* Effect.flatMap(QStashSigningKeys, ({ get }) => get)
  const log = yield* Effect.flatMap(QStashLogs, (logs) => logs.list({ count: 1000 }))
  return withoutIds({
    schedules: yield* Effect.flatMap(QStashSchedules, ({ list }) => list),
    queues: yield* Effect.flatMap(QStashQueues, ({ list }) => list),
    groups: yield* Effect.flatMap(QStashUrlGroups, ({ list }) => list),
    letters: yield* Effect.flatMap(QStashDlq, (dlq) => dlq.list()),
    control: yield* Effect.flatMap(QStashFlowControl, ({ list }) => list),
    log: log.items.map(({ state, url }) => `${state} ${url}`),
    key: Redacted.value(keys.current)
  })
})

/** Makes a call, or none, in an account of its own. Returns the result and the contents of the account. */
const run = (operation: QStashTest.Operation | undefined, loss: Loss) =>
  Effect.gen(function* () {
    const { url } = yield* QStashServer.QStashServer
    const user = users.pop()
    if (user === undefined) return yield* Effect.dieMessage("There are too few users")
    const names = namesOf("a-name")
    const services = yield* QStashClient.make({ url, token: user.token })
    const found = yield* Effect.provide(furnish(url, user, names), services)
    const exit = yield* operation === undefined
      ? Effect.exit(Effect.void)
      : calls[operation]({ ...names, ...found }).pipe(
          Effect.provide(yield* QStashClient.make({ url, token: user.token, transformClient: losing(loss) })),
          Effect.exit
        )
    return { exit, after: yield* Effect.provide(everything, services) }
  })

const limitMillis = 30_000

for (const [name, client] of [
  ["fetch", FetchHttpClient.layer],
  ["undici", UndiciHttpClient.layer]
] as const)
  layer(homeOf(client), { excludeTestServices: true })(`the client over ${name} against the server`, (it) => {
    // Concurrent, because each waits for the client to retry.
    describe.concurrent("over a line that breaks", () => {
      for (const { operation } of operations) {
        if (once.includes(operation)) continue
        it.effect(
          `${operation} has its effect exactly once`,
          () =>
            Effect.gen(function* () {
              const [whole, reply, request] = yield* Effect.all(
                [run(operation, "nothing"), run(operation, "reply"), run(operation, "request")],
                { concurrency: "unbounded" }
              )
              deepStrictEqual(reply.after, whole.after)
              deepStrictEqual(request.after, whole.after)
              const answer = withoutIds(yield* whole.exit)
              deepStrictEqual(withoutIds(yield* request.exit), answer)
              if (counting.includes(operation)) yield* reply.exit
              else deepStrictEqual(withoutIds(yield* reply.exit), answer)
            }),
          limitMillis
        )
      }

      for (const operation of once) {
        it.effect(
          `${operation} is made at most once, and fails if that is not known`,
          () =>
            Effect.gen(function* () {
              const [nothing, whole, reply, request] = yield* Effect.all(
                [
                  run(undefined, "nothing"),
                  run(operation, "nothing"),
                  run(operation, "reply"),
                  run(operation, "request")
                ],
                { concurrency: "unbounded" }
              )
              yield* whole.exit
              deepStrictEqual(reply.after, whole.after)
              deepStrictEqual(request.after, nothing.after)
              for (const { exit } of [reply, request]) {
                assertTrue((yield* Effect.flip(exit)) instanceof QStashUnavailable)
              }
            }),
          limitMillis
        )
      }
    })
  })
