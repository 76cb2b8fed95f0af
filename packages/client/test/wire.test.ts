import { QStashClient } from "@effect-qstash/client"
import {
  CreateSchedule,
  DlqId,
  FlowControlKey,
  IdGenerator,
  MessageId,
  PublishMessage,
  QStashDlq,
  QStashFlowControl,
  QStashLogs,
  QStashMessages,
  QStashQueues,
  QStashSchedules,
  type QStashServices,
  QStashSigningKeys,
  QStashUrlGroups,
  QueueName,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import * as MessageRequest from "@effect-qstash/domain/wire/MessageRequest"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Either, FastCheck as fc, Layer, Redacted, Stream } from "effect"
import { calls, message, type Method, methods, nightly, queueName, schedule, urlGroup } from "./calls.ts"
import { fine, json, letter, logEntry, over, pending, record, type Sent, stub, token } from "./stub.ts"

const working = () => stub((sent) => Effect.succeed(fine(sent)))

const authorization = "Bearer token-of-the-account"
const jsonType = { "content-type": "application/json" }

const first = (transport: { readonly sent: ReadonlyArray<Sent> }): Sent => {
  const [sent] = transport.sent
  assertTrue(sent !== undefined)
  return sent
}

const jsonOf = ({ body }: Sent): unknown => JSON.parse(new TextDecoder().decode(body))

/** The one request that a call makes. */
const requestOf = <A, E>(call: Effect.Effect<A, E, QStashServices>) =>
  Effect.gen(function* () {
    const transport = working()
    yield* call.pipe(over(transport))
    strictEqual(transport.sent.length, 1)
    return first(transport)
  })

const create = (input: CreateSchedule.Input) =>
  requestOf(Effect.flatMap(QStashSchedules, (schedules) => schedules.create(input)))

const publish = (input: PublishMessage.Input) =>
  requestOf(Effect.flatMap(QStashMessages, (messages) => messages.publish(input)))

interface Expected {
  readonly request: readonly [method: string, target: string]
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const key = "per%20customer%2F%C3%A9"

describe("routes", () => {
  const requests: Readonly<Record<Method, Expected>> = {
    "QStashSchedules.create": {
      request: ["POST", "/v2/schedules/https://example.com/jobs"],
      headers: { "upstash-cron": "0 4 * * *", "upstash-schedule-id": "nightly" }
    },
    "QStashSchedules.get": { request: ["GET", "/v2/schedules/nightly"] },
    "QStashSchedules.list": { request: ["GET", "/v2/schedules"] },
    "QStashSchedules.delete": { request: ["DELETE", "/v2/schedules/nightly"] },
    "QStashSchedules.pause": { request: ["POST", "/v2/schedules/nightly/pause"] },
    "QStashSchedules.resume": { request: ["POST", "/v2/schedules/nightly/resume"] },
    "QStashMessages.publish": {
      request: ["POST", "/v2/publish/https://example.com/jobs"],
      headers: { "upstash-deduplication-id": "order-1" }
    },
    "QStashMessages.enqueue": {
      request: ["POST", "/v2/enqueue/reports/https://example.com/jobs"],
      headers: { "upstash-deduplication-id": "order-1" }
    },
    "QStashMessages.batch": {
      request: ["POST", "/v2/batch"],
      headers: jsonType,
      body: [{ destination: "https://example.com/jobs", headers: { "Upstash-Deduplication-Id": "order-1" } }]
    },
    "QStashMessages.get": { request: ["GET", "/v2/messages/msg_1"] },
    "QStashMessages.cancel": { request: ["DELETE", "/v2/messages/msg_1"] },
    "QStashMessages.cancelMany": { request: ["DELETE", "/v2/messages"] },
    "QStashQueues.upsert": {
      request: ["POST", "/v2/queues"],
      headers: jsonType,
      body: { queueName: "reports", parallelism: 1 }
    },
    "QStashQueues.get": { request: ["GET", "/v2/queues/reports"] },
    "QStashQueues.list": { request: ["GET", "/v2/queues"] },
    "QStashQueues.delete": { request: ["DELETE", "/v2/queues/reports"] },
    "QStashQueues.pause": { request: ["POST", "/v2/queues/reports/pause"] },
    "QStashQueues.resume": { request: ["POST", "/v2/queues/reports/resume"] },
    "QStashUrlGroups.upsertEndpoints": {
      request: ["POST", "/v2/topics/team.a/endpoints"],
      headers: jsonType,
      body: { endpoints: [{ url: "https://example.com/jobs", name: "jobs" }] }
    },
    "QStashUrlGroups.removeEndpoints": {
      request: ["DELETE", "/v2/topics/team.a/endpoints"],
      headers: jsonType,
      body: { endpoints: [{ name: "jobs" }] }
    },
    "QStashUrlGroups.get": { request: ["GET", "/v2/topics/team.a"] },
    "QStashUrlGroups.list": { request: ["GET", "/v2/topics"] },
    "QStashUrlGroups.delete": { request: ["DELETE", "/v2/topics/team.a"] },
    "QStashDlq.list": { request: ["GET", "/v2/dlq"] },
    "QStashDlq.stream": { request: ["GET", "/v2/dlq"] },
    "QStashDlq.get": { request: ["GET", "/v2/dlq/1725323658779-0"] },
    "QStashDlq.delete": { request: ["DELETE", "/v2/dlq/1725323658779-0"] },
    "QStashDlq.deleteMany": { request: ["DELETE", "/v2/dlq"] },
    "QStashDlq.retry": { request: ["POST", "/v2/dlq/retry/1725323658779-0"] },
    "QStashDlq.retryMany": { request: ["POST", "/v2/dlq/retry?dlqIds=1725323658779-0"] },
    "QStashFlowControl.list": { request: ["GET", "/v2/flowControl"] },
    "QStashFlowControl.get": { request: ["GET", `/v2/flowControl/${key}`] },
    "QStashFlowControl.pause": { request: ["POST", `/v2/flowControl/${key}/pause`] },
    "QStashFlowControl.resume": { request: ["POST", `/v2/flowControl/${key}/resume`] },
    "QStashFlowControl.pin": {
      request: ["POST", `/v2/flowControl/${key}/pin?parallelism=2&rate=10&period=60`]
    },
    "QStashFlowControl.unpin": { request: ["POST", `/v2/flowControl/${key}/unpin?rate=true`] },
    "QStashFlowControl.resetRate": { request: ["POST", `/v2/flowControl/${key}/resetRate`] },
    "QStashFlowControl.globalParallelism": { request: ["GET", "/v2/globalParallelism"] },
    "QStashLogs.list": { request: ["GET", "/v2/events?count=100"] },
    "QStashLogs.stream": { request: ["GET", "/v2/events"] },
    "QStashSigningKeys.get": { request: ["GET", "/v2/keys"] },
    "QStashSigningKeys.rotate": { request: ["POST", "/v2/keys/rotate"] }
  }

  for (const method of methods) {
    it.effect(`${method} is one request with the token and nothing that nobody asked for`, () =>
      Effect.gen(function* () {
        const { body, headers, request } = requests[method]
        const transport = working()
        yield* calls[method].pipe(over(transport, { url: "http://localhost:8080/" }))
        strictEqual(transport.sent.length, 1)
        const sent = first(transport)
        deepStrictEqual([sent.method, sent.url.href], [request[0], `http://localhost:8080${request[1]}`])
        const { "content-length": _, ...others } = sent.headers
        deepStrictEqual(others, { authorization, ...headers })
        if (body === undefined) strictEqual(sent.request.body._tag, "Empty")
        else deepStrictEqual(jsonOf(sent), body)
      })
    )
  }

  it.effect("goes to the default region where no URL is given", () =>
    Effect.gen(function* () {
      const transport = working()
      yield* calls["QStashSchedules.list"].pipe(over(transport))
      strictEqual(transport.sent[0]?.url.href, "https://qstash.upstash.io/v2/schedules")
    })
  )
})

const text = fc.stringMatching(/^[!-~]([ -~]{0,12}[!-~])?$/)
const someHeaders = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^X-[A-Za-z0-9-]{1,8}$/), text), {
    maxLength: 4,
    selector: ([name]) => name.toLowerCase()
  })
  .map((entries): Record<string, string> => Object.fromEntries(entries))
const settings = fc.record({
  destination: fc.webUrl({ withQueryParameters: true }),
  headers: someHeaders,
  body: fc.uint8Array({ maxLength: 20 }),
  retries: fc.nat(10),
  timeout: fc.integer({ min: 1, max: 100_000 }).map((seconds) => `${seconds} seconds` as const),
  delay: fc.nat(100_000).map((seconds) => `${seconds} seconds` as const),
  callback: fc.record({ url: fc.webUrl(), retries: fc.nat(10), headers: someHeaders })
})

describe("create", () => {
  it.effect("sends every option where QStash looks for it", () =>
    Effect.gen(function* () {
      const sent = yield* create({
        scheduleId: nightly,
        cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
        destination: "https://example.com/jobs?a=1&b=%20",
        method: "PUT",
        headers: { "content-type": "text/plain", "x-one": "1", "X-Many": ["a", "b"] },
        body: "payload",
        retries: 5,
        retryDelay: "1000 * (1 + retried)",
        timeout: "90 seconds",
        delay: "1 hour",
        callback: {
          url: "https://example.com/callback",
          method: "PATCH",
          timeout: "10 seconds",
          retries: 1,
          retryDelay: "1000",
          headers: { "X-Back": "c" }
        },
        failureCallback: "https://example.com/failure",
        queueName: QueueName.make("reports"),
        flowControl: {
          key: FlowControlKey.make("per customer"),
          parallelism: 2,
          rate: 10,
          period: "1 minute"
        },
        labels: ["one", "two"],
        redact: { body: true, headers: ["authorization"] }
      })
      strictEqual(sent.target, "/v2/schedules/https://example.com/jobs?a=1&b=%20")
      deepStrictEqual(sent.headers, {
        authorization,
        "content-length": "7",
        "content-type": "text/plain",
        "upstash-callback": "https://example.com/callback",
        "upstash-callback-forward-x-back": "c",
        "upstash-callback-method": "PATCH",
        "upstash-callback-retries": "1",
        "upstash-callback-retry-delay": "1000",
        "upstash-callback-timeout": "10s",
        "upstash-cron": "CRON_TZ=Europe/Berlin 0 4 * * *",
        "upstash-delay": "1h",
        "upstash-failure-callback": "https://example.com/failure",
        "upstash-flow-control-key": "per customer",
        "upstash-flow-control-value": "parallelism=2, rate=10, period=1m",
        "upstash-forward-x-many": "a, b",
        "upstash-forward-x-one": "1",
        "upstash-label": "one,two",
        "upstash-method": "PUT",
        "upstash-queue-name": "reports",
        "upstash-redact-fields": "body,header[Authorization]",
        "upstash-retries": "5",
        "upstash-retry-delay": "1000 * (1 + retried)",
        "upstash-schedule-id": "nightly",
        "upstash-timeout": "1m30s"
      })
      strictEqual(new TextDecoder().decode(sent.body), "payload")
    })
  )

  it.effect("names a URL group in the path", () =>
    Effect.gen(function* () {
      const sent = yield* create({ ...schedule, destination: { urlGroup: UrlGroupName.make("team.a") } })
      strictEqual(sent.target, "/v2/schedules/team.a")
    })
  )

  it.effect("sends bytes as they are, with a content type only if one was given", () =>
    Effect.gen(function* () {
      const bytes = Uint8Array.from([0, 255, 13, 10, 128])
      const bare = yield* create({ ...schedule, body: bytes })
      deepStrictEqual(bare.body, bytes)
      strictEqual(bare.headers["content-type"], undefined)
      const typed = yield* create({ ...schedule, body: bytes, headers: { "Content-Type": "image/png" } })
      strictEqual(typed.headers["content-type"], "image/png")
    })
  )

  it.effect("sends no body for an empty one, and keeps the content type that was given", () =>
    Effect.gen(function* () {
      const sent = yield* create({ ...schedule, body: "", headers: { "Content-Type": "application/json" } })
      strictEqual(sent.request.body._tag, "Empty")
      strictEqual(sent.headers["content-type"], "application/json")
    })
  )

  it.effect("mints an id where none is given, and answers it", () =>
    Effect.gen(function* () {
      const transport = working()
      const { scheduleId: _, ...unnamed } = schedule
      const ids = yield* Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        return [yield* schedules.create(unnamed), yield* schedules.create(unnamed)]
      }).pipe(over(transport), Effect.provide(IdGenerator.layerCounter))
      deepStrictEqual(ids, ["scd_1", "scd_2"])
      deepStrictEqual(
        transport.sent.map(({ headers }) => headers["upstash-schedule-id"]),
        ids
      )
    })
  )

  it.effect.prop(
    "carries what a server reads back as the very same settings",
    { cron: fc.constantFrom("* * * * *", "@daily", "CRON_TZ=Europe/Berlin 0 4 * * MON"), given: settings },
    ({ cron, given }) =>
      Effect.gen(function* () {
        const sent = yield* create({ ...given, cron, scheduleId: nightly })
        const read = ScheduleRequest.decode({
          target: sent.target.slice("/v2/schedules/".length),
          headers: sent.headers,
          body: sent.body ?? new Uint8Array()
        })
        const checked = CreateSchedule.make({ ...given, cron, scheduleId: nightly })
        deepStrictEqual(Either.getOrThrow(read), Either.getOrThrow(checked))
      }),
    { fastCheck: { numRuns: 50 } }
  )
})

describe("publish", () => {
  it.effect("sends every option where QStash looks for it", () =>
    Effect.gen(function* () {
      const sent = yield* publish({
        destination: "https://example.com/jobs?a=1&b=%20",
        deduplicationId: message.deduplicationId,
        method: "PUT",
        headers: { "content-type": "text/plain", "x-one": "1", "X-Many": ["a", "b"] },
        body: "payload",
        retries: 5,
        retryDelay: "1000 * (1 + retried)",
        timeout: "90 seconds",
        notBefore: "2026-06-01T00:00:00Z",
        callback: { url: "https://example.com/callback", retries: 1, headers: { "X-Back": "c" } },
        failureCallback: "https://example.com/failure",
        flowControl: { key: FlowControlKey.make("per customer"), parallelism: 2 },
        labels: ["one", "two"],
        redact: { body: true }
      })
      strictEqual(sent.target, "/v2/publish/https://example.com/jobs?a=1&b=%20")
      deepStrictEqual(sent.headers, {
        authorization,
        "content-length": "7",
        "content-type": "text/plain",
        "upstash-callback": "https://example.com/callback",
        "upstash-callback-forward-x-back": "c",
        "upstash-callback-retries": "1",
        "upstash-deduplication-id": "order-1",
        "upstash-failure-callback": "https://example.com/failure",
        "upstash-flow-control-key": "per customer",
        "upstash-flow-control-value": "parallelism=2",
        "upstash-forward-x-many": "a, b",
        "upstash-forward-x-one": "1",
        "upstash-label": "one,two",
        "upstash-method": "PUT",
        "upstash-not-before": "1780272000",
        "upstash-redact-fields": "body",
        "upstash-retries": "5",
        "upstash-retry-delay": "1000 * (1 + retried)",
        "upstash-timeout": "1m30s"
      })
      strictEqual(new TextDecoder().decode(sent.body), "payload")
    })
  )

  it.effect.prop(
    "carries what a server reads back as the very same settings",
    { given: settings },
    ({ given }) =>
      Effect.gen(function* () {
        const input = { ...given, deduplicationId: message.deduplicationId }
        const sent = yield* publish(input)
        const read = MessageRequest.decode({
          target: sent.target.slice("/v2/publish/".length),
          headers: sent.headers,
          body: sent.body ?? new Uint8Array()
        })
        deepStrictEqual(Either.getOrThrow(read), Either.getOrThrow(PublishMessage.make(input)))
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it.effect("names a URL group in the path, behind a queue if there is one", () =>
    Effect.gen(function* () {
      const toGroup = { destination: { urlGroup }, deduplicationId: message.deduplicationId }
      strictEqual((yield* publish(toGroup)).target, "/v2/publish/team.a")
      const enqueued = yield* requestOf(
        Effect.flatMap(QStashMessages, (messages) => messages.enqueue(queueName, toGroup))
      )
      strictEqual(enqueued.target, "/v2/enqueue/reports/team.a")
    })
  )

  it.effect("puts a message that names a queue into it, although its type has no room for that", () =>
    Effect.gen(function* () {
      const forBatch: PublishMessage.BatchInput = { ...message, queueName }
      strictEqual((yield* publish(forBatch)).target, "/v2/enqueue/reports/https://example.com/jobs")
    })
  )

  it.effect("mints a deduplication id where none is given, but not beside one by content", () =>
    Effect.gen(function* () {
      const transport = working()
      const { deduplicationId: _, ...unnamed } = message
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        yield* messages.publish(unnamed)
        yield* messages.enqueue(queueName, unnamed)
        yield* messages.publish({ ...unnamed, contentBasedDeduplication: true })
      }).pipe(over(transport), Effect.provide(IdGenerator.layerCounter))
      deepStrictEqual(
        transport.sent.map(({ headers: given }) => [
          given["upstash-deduplication-id"],
          given["upstash-content-based-deduplication"]
        ]),
        [
          ["dedup_1", undefined],
          ["dedup_2", undefined],
          [undefined, "true"]
        ]
      )
    })
  )
})

describe("batch", () => {
  const batch = (messages: ReadonlyArray<PublishMessage.BatchInput>) =>
    Effect.flatMap(QStashMessages, (service) => service.batch(messages))

  it.effect("sends every message with its own options, queue and deduplication id", () =>
    Effect.gen(function* () {
      const sent = yield* requestOf(
        batch([
          { ...message, body: '{"a":"ü"}', headers: { "Content-Type": "application/json", "X-One": "1" } },
          { destination: { urlGroup }, queueName, retries: 0 },
          { destination: "https://example.com", delay: "1 hour" },
          { destination: "https://example.com", contentBasedDeduplication: true }
        ])
      ).pipe(Effect.provide(IdGenerator.layerCounter))
      deepStrictEqual(jsonOf(sent), [
        {
          destination: "https://example.com/jobs",
          headers: {
            "Upstash-Deduplication-Id": "order-1",
            "Content-Type": "application/json",
            "Upstash-Forward-X-One": "1"
          },
          body: '{"a":"ü"}'
        },
        {
          destination: "team.a",
          headers: { "Upstash-Deduplication-Id": "dedup_1", "Upstash-Retries": "0" },
          queue: "reports"
        },
        {
          destination: "https://example.com",
          headers: { "Upstash-Deduplication-Id": "dedup_2", "Upstash-Delay": "1h" }
        },
        {
          destination: "https://example.com",
          headers: { "Upstash-Content-Based-Deduplication": "true" }
        }
      ])
    })
  )

  it.effect("that is empty answers so without a call", () =>
    Effect.gen(function* () {
      const transport = stub(() => Effect.dieMessage("nothing is to be sent"))
      deepStrictEqual(yield* batch([]).pipe(over(transport)), [])
    })
  )
})

describe("queries", () => {
  /** Text with all that a URL could take for something else. */
  const odd = "a b+c&d=e#f%20?'\"<é世/../:"

  const parametersOf = ({ url }: Sent) => [...url.searchParams]

  it.effect("carry every filter, several values as several parameters, whatever their text", () =>
    Effect.gen(function* () {
      const filters = {
        urlGroup,
        queueName: [queueName, QueueName.make("b")],
        scheduleId: ScheduleId.make("nightly"),
        flowControlKey: FlowControlKey.make("per customer"),
        label: odd,
        url: "https://x.y/?a=b&c",
        callerIp: "::1",
        fromDate: new Date(1),
        toDate: "1970-01-01T00:00:01Z"
      } as const
      const common = [
        ["topicName", "team.a"],
        ["queueName", "reports"],
        ["queueName", "b"],
        ["scheduleId", "nightly"],
        ["flowControlKey", "per customer"],
        ["label", odd],
        ["url", "https://x.y/?a=b&c"],
        ["callerIp", "::1"],
        ["fromDate", "1"],
        ["toDate", "1000"]
      ]
      const sorted = (entries: ReadonlyArray<ReadonlyArray<string>>) =>
        entries.map((entry) => entry.join("=")).toSorted()
      const expectSent = <A, E>(
        call: Effect.Effect<A, E, QStashServices>,
        path: string,
        more: ReadonlyArray<readonly [string, string]>
      ) =>
        Effect.gen(function* () {
          const sent = yield* requestOf(call)
          strictEqual(sent.url.pathname, path)
          strictEqual(sent.url.hash, "")
          deepStrictEqual(sorted(parametersOf(sent)), sorted([...common, ...more]))
        })
      const inPath = [
        ["host", "x.y"],
        ["path", "/a,b"]
      ] as const
      yield* expectSent(
        Effect.flatMap(QStashMessages, (messages) =>
          messages.cancelMany({ ...filters, host: "x.y", path: "/a,b" })
        ),
        "/v2/messages",
        inPath
      )
      const ofDlq = { ...filters, messageId: MessageId.make("m 1"), responseStatus: [500, 404] } as const
      const failed = [
        ["messageId", "m 1"],
        ["responseStatus", "500"],
        ["responseStatus", "404"]
      ] as const
      const page = [
        ["cursor", odd],
        ["count", "7"]
      ] as const
      yield* expectSent(
        Effect.flatMap(QStashDlq, (dlq) => dlq.list({ ...ofDlq, cursor: odd, count: 7 })),
        "/v2/dlq",
        [...failed, ...page]
      )
      yield* expectSent(
        Effect.flatMap(QStashDlq, (dlq) => Stream.runDrain(dlq.stream(ofDlq))),
        "/v2/dlq",
        failed
      )
      yield* expectSent(
        Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany(ofDlq)),
        "/v2/dlq",
        failed
      )
      const ofLogs = {
        ...filters,
        host: "x.y",
        path: "/a,b",
        state: "IN_PROGRESS",
        messageId: [MessageId.make("m 1"), MessageId.make("m2")],
        order: "earliestFirst"
      } as const
      const logged = [
        ...inPath,
        ["state", "IN_PROGRESS"],
        ["messageIds", "m 1"],
        ["messageIds", "m2"],
        ["order", "earliestFirst"]
      ] as const
      yield* expectSent(
        Effect.flatMap(QStashLogs, (logs) => logs.list({ ...ofLogs, cursor: odd, count: 1000 })),
        "/v2/events",
        [...logged, ["cursor", odd], ["count", "1000"]]
      )
      yield* expectSent(
        Effect.flatMap(QStashLogs, (logs) => Stream.runDrain(logs.stream(ofLogs))),
        "/v2/events",
        logged
      )
    })
  )

  it.effect.prop(
    "read back as they were given",
    {
      label: fc
        .string({ unit: "grapheme", minLength: 1 })
        .filter((label) => label.trim() === label && !label.includes(",")),
      ids: fc.array(
        text.filter((id) => id.trim() === id && !id.includes(",")),
        { minLength: 1 }
      )
    },
    ({ ids, label }) =>
      Effect.gen(function* () {
        const sent = yield* requestOf(
          Effect.flatMap(QStashMessages, (messages) => messages.cancelMany({ label }))
        )
        deepStrictEqual(parametersOf(sent), [["label", label]])
        const [one = "", ...others] = ids
        const byId = yield* requestOf(
          Effect.flatMap(QStashMessages, (messages) =>
            messages.cancelMany({
              messageIds: [MessageId.make(`m${one}`), ...others.map((id) => MessageId.make(`m${id}`))]
            })
          )
        )
        deepStrictEqual(
          parametersOf(byId),
          ids.map((id) => ["messageIds", `m${id}`])
        )
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it.effect("of many ids are spread over several calls, and their answers added up", () =>
    Effect.gen(function* () {
      const texts = Array.from({ length: 250 }, (_, index) => `id_${index}`)
      const [firstId = "", ...others] = texts
      const requests = <A, E>(call: Effect.Effect<A, E, QStashServices>) =>
        Effect.gen(function* () {
          const transport = working()
          const answer = yield* call.pipe(over(transport))
          deepStrictEqual(
            transport.sent.map((sent) => parametersOf(sent).length),
            [100, 100, 50]
          )
          deepStrictEqual(
            transport.sent.flatMap(parametersOf).map(([, id]) => id),
            texts
          )
          return answer
        })
      const messageIds = [MessageId.make(firstId), ...others.map((id) => MessageId.make(id))] as const
      const dlqIds = [DlqId.make(firstId), ...others.map((id) => DlqId.make(id))] as const
      strictEqual(
        yield* requests(Effect.flatMap(QStashMessages, (service) => service.cancelMany({ messageIds }))),
        6
      )
      strictEqual(yield* requests(Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany({ dlqIds }))), 6)
      deepStrictEqual(
        (yield* requests(Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ dlqIds })))).length,
        3
      )
    })
  )
})

describe("other options", () => {
  it.effect("of a retry travel as headers", () =>
    Effect.gen(function* () {
      for (const call of [
        Effect.flatMap(QStashDlq, (dlq) => dlq.retry(DlqId.make("1-0"), { retries: 0 })),
        Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ dlqIds: [DlqId.make("1-0")] }, { retries: 0 }))
      ] as const) {
        const sent = yield* requestOf<unknown, unknown>(call)
        deepStrictEqual(sent.headers, { authorization, "upstash-retries": "0" })
      }
    })
  )

  it.effect("of a queue are sent if they are given", () =>
    Effect.gen(function* () {
      const sent = yield* requestOf(
        Effect.flatMap(QStashQueues, (queues) =>
          queues.upsert({ queueName, parallelism: 3, isPaused: false })
        )
      )
      deepStrictEqual(jsonOf(sent), { queueName: "reports", parallelism: 3, paused: false })
    })
  )

  it.effect("of endpoints are their URLs and names", () =>
    Effect.gen(function* () {
      const added = yield* requestOf(
        Effect.flatMap(QStashUrlGroups, (groups) =>
          groups.upsertEndpoints(urlGroup, [
            { url: new URL("https://x.y/a?b"), name: "First endpoint" },
            { url: "https://x.y" }
          ])
        )
      )
      deepStrictEqual(jsonOf(added), {
        endpoints: [{ url: "https://x.y/a?b", name: "First endpoint" }, { url: "https://x.y" }]
      })
      const removed = yield* requestOf(
        Effect.flatMap(QStashUrlGroups, (groups) =>
          groups.removeEndpoints(urlGroup, [{ name: "First endpoint" }, { url: "https://x.y" }])
        )
      )
      deepStrictEqual(jsonOf(removed), {
        endpoints: [{ name: "First endpoint" }, { url: "https://x.y" }]
      })
    })
  )
})

describe("answers", () => {
  it.effect("reads a schedule and the list", () =>
    Effect.gen(function* () {
      const transport = stub((sent) =>
        Effect.succeed(
          json(sent.target === "/v2/schedules" ? [record, { ...record, scheduleId: "an odd one" }] : record)
        )
      )
      const [one, all] = yield* Effect.flatMap(QStashSchedules, (schedules) =>
        Effect.all([schedules.get(nightly), schedules.list])
      ).pipe(over(transport))
      strictEqual(one.cron, "0 4 * * *")
      deepStrictEqual(
        all.map(({ scheduleId }) => scheduleId),
        ["nightly", "an odd one"]
      )
    })
  )

  const msg = (index: number) => MessageId.make(`msg_${index}`)

  const published = (answer: unknown, input: PublishMessage.Input) =>
    Effect.flatMap(QStashMessages, (messages) => messages.publish(input)).pipe(
      over(stub(() => Effect.succeed(json(answer))))
    )

  it.effect("reads one message for a URL, and one for each endpoint of a group, in either form", () =>
    Effect.gen(function* () {
      deepStrictEqual(
        yield* published({ messageId: "msg_1", url: "https://example.com", deduplicated: true }, message),
        { messageId: msg(1), url: "https://example.com", isDeduplicated: true }
      )
      const list = [{ messageId: "msg_1", url: "https://a.b" }, { messageId: "msg_2" }]
      for (const answer of [list, { messages: list }]) {
        deepStrictEqual(yield* published(answer, { ...message, destination: { urlGroup } }), [
          { messageId: msg(1), url: "https://a.b", isDeduplicated: false },
          { messageId: msg(2), isDeduplicated: false }
        ])
      }
      deepStrictEqual(yield* published([], { ...message, destination: { urlGroup } }), [])
    })
  )

  it.effect("tells of a duplicate only where the id was the caller's", () =>
    Effect.gen(function* () {
      const { deduplicationId: _, ...unnamed } = message
      const answer = { messageId: "msg_1", deduplicated: true }
      deepStrictEqual(yield* published(answer, unnamed), { messageId: msg(1), isDeduplicated: false })
      deepStrictEqual(yield* published(answer, { ...unnamed, contentBasedDeduplication: true }), {
        messageId: msg(1),
        isDeduplicated: true
      })
      const answers = yield* Effect.flatMap(QStashMessages, (messages) =>
        messages.batch([unnamed, message])
      ).pipe(over(stub(() => Effect.succeed(json([answer, answer])))))
      deepStrictEqual(
        answers.map((one) => Either.getOrThrow(one).map(({ isDeduplicated }) => isDeduplicated)),
        [[false], [true]]
      )
    })
  )

  it.effect("reads for each message of a batch what became of it", () =>
    Effect.gen(function* () {
      const transport = stub(() =>
        Effect.succeed(
          json([
            { messageId: "msg_1" },
            [{ messageId: "msg_2", url: "https://a.b" }, { messageId: "msg_3" }],
            { error: "quota maxDelay exceeded" }
          ])
        )
      )
      const answers = yield* Effect.flatMap(QStashMessages, (messages) =>
        messages.batch([message, { destination: { urlGroup } }, message])
      ).pipe(over(transport))
      deepStrictEqual(
        answers.map(
          Either.mapBoth({
            onLeft: ({ reason, status }) => [status, reason],
            onRight: (all) => all.map((one) => one.messageId)
          })
        ),
        [
          Either.right([msg(1)]),
          Either.right([msg(2), msg(3)]),
          Either.left([400, "quota maxDelay exceeded"])
        ]
      )
    })
  )

  it.effect("reads what the other services answer", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      strictEqual((yield* messages.get(msg(1))).url, pending.url)
      strictEqual(yield* messages.cancelMany({ all: true }), 2)
      const queues = yield* QStashQueues
      strictEqual((yield* queues.get(queueName)).name, "reports")
      deepStrictEqual(
        (yield* queues.list).map(({ name }) => name),
        ["reports"]
      )
      const groups = yield* QStashUrlGroups
      deepStrictEqual((yield* groups.get(urlGroup)).endpoints, [{ url: "https://example.com" }])
      deepStrictEqual(
        (yield* groups.list).map(({ name }) => name),
        ["team.a"]
      )
      const dlq = yield* QStashDlq
      strictEqual((yield* dlq.get(DlqId.make("1-0"))).dlqId, letter.dlqId)
      deepStrictEqual(
        (yield* dlq.list()).items.map((one) => one.dlqId),
        [letter.dlqId]
      )
      strictEqual(yield* dlq.deleteMany({ all: true }), 2)
      strictEqual((yield* dlq.retry(DlqId.make("1-0"))).messageId, "msg_2")
      deepStrictEqual(
        (yield* dlq.retryMany({ all: true })).map((one) => one.messageId),
        ["msg_2"]
      )
      const flowControl = yield* QStashFlowControl
      deepStrictEqual(
        (yield* flowControl.list).map((one) => one.flowControlKey),
        ["per customer/é"]
      )
      deepStrictEqual(yield* flowControl.globalParallelism, { parallelismMax: 10, parallelismCount: 1 })
      const logs = yield* QStashLogs
      deepStrictEqual(
        (yield* logs.list()).items.map((one) => one.state),
        [logEntry.state]
      )
      const keys = yield* QStashSigningKeys
      strictEqual(Redacted.value((yield* keys.get).current), "sig_current")
      strictEqual(Redacted.value((yield* keys.rotate).next), "sig_next")
    }).pipe(over(working()))
  )

  it.effect("addresses a schedule by the odd id that the list gave", () =>
    Effect.gen(function* () {
      const transport = stub((sent) =>
        Effect.succeed(
          sent.method === "GET" ? json([{ ...record, scheduleId: "a/b?c#d é" }]) : new Response(null)
        )
      )
      yield* Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        for (const { scheduleId } of yield* schedules.list) yield* schedules.delete(scheduleId)
      }).pipe(over(transport))
      strictEqual(transport.sent[1]?.target, "/v2/schedules/a%2Fb%3Fc%23d%20%C3%A9")
    })
  )
})

describe("the options of the transport", () => {
  const fetchWith =
    (seen: Array<RequestInit | undefined>): typeof fetch =>
    (_, init) => {
      seen.push(init)
      return Promise.resolve(json([]))
    }

  it.effect("forbids fetch to follow redirects, and keeps a RequestInit of the user's", () =>
    Effect.gen(function* () {
      const seen: Array<RequestInit | undefined> = []
      yield* calls["QStashSchedules.list"].pipe(
        Effect.provide(
          QStashClient.layer({ token }).pipe(
            Layer.provide(FetchHttpClient.layer),
            Layer.provide(
              Layer.succeed(FetchHttpClient.RequestInit, { redirect: "follow", credentials: "omit" })
            ),
            Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetchWith(seen)))
          )
        )
      )
      deepStrictEqual([seen[0]?.redirect, seen[0]?.credentials], ["manual", "omit"])
    })
  )

  it.effect("lets transformClient see every attempt", () =>
    Effect.gen(function* () {
      const transport = working()
      const seen: Array<string> = []
      yield* calls["QStashSchedules.list"].pipe(
        over(transport, {
          transformClient: HttpClient.tapRequest((request) => Effect.sync(() => seen.push(request.url)))
        })
      )
      deepStrictEqual(seen, ["https://qstash.upstash.io/v2/schedules"])
    })
  )
})
