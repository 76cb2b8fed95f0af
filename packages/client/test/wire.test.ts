import { QStashClient } from "@effect-qstash/client"
import {
  CreateSchedule,
  FlowControlKey,
  IdGenerator,
  QStashSchedules,
  QueueName,
  UrlGroupName
} from "@effect-qstash/domain"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Either, FastCheck as fc, Layer } from "effect"
import { calls, methods, nightly, schedule } from "./calls.ts"
import { fine, json, over, record, stub, token } from "./stub.ts"

const working = () => stub((sent) => Effect.succeed(fine(sent)))

const authorization = "Bearer token-of-the-account"

const create = (input: CreateSchedule.Input) =>
  Effect.gen(function* () {
    const transport = working()
    yield* Effect.flatMap(QStashSchedules, (schedules) => schedules.create(input)).pipe(over(transport))
    const [sent] = transport.sent
    assertTrue(sent !== undefined)
    return sent
  })

describe("routes", () => {
  const routes = {
    create: ["POST", "/v2/schedules/https://example.com/jobs"],
    get: ["GET", "/v2/schedules/nightly"],
    list: ["GET", "/v2/schedules"],
    delete: ["DELETE", "/v2/schedules/nightly"],
    pause: ["POST", "/v2/schedules/nightly/pause"],
    resume: ["POST", "/v2/schedules/nightly/resume"]
  } as const

  for (const method of methods) {
    it.effect(`${method} is one request with the token and nothing that nobody asked for`, () =>
      Effect.gen(function* () {
        const transport = working()
        yield* calls[method].pipe(over(transport, { url: "http://localhost:8080/" }))
        strictEqual(transport.sent.length, 1)
        const [sent] = transport.sent
        deepStrictEqual(
          [sent?.method, sent?.url.href],
          [routes[method][0], `http://localhost:8080${routes[method][1]}`]
        )
        deepStrictEqual(
          sent?.headers,
          method === "create"
            ? { authorization, "upstash-cron": "0 4 * * *", "upstash-schedule-id": "nightly" }
            : { authorization }
        )
        strictEqual(sent?.request.body._tag, "Empty")
      })
    )
  }

  it.effect("goes to the default region where no URL is given", () =>
    Effect.gen(function* () {
      const transport = working()
      yield* calls.list.pipe(over(transport))
      strictEqual(transport.sent[0]?.url.href, "https://qstash.upstash.io/v2/schedules")
    })
  )
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

  const text = fc.stringMatching(/^[!-~]([ -~]{0,12}[!-~])?$/)
  const headers = fc
    .uniqueArray(fc.tuple(fc.stringMatching(/^X-[A-Za-z0-9-]{1,8}$/), text), {
      maxLength: 4,
      selector: ([name]) => name.toLowerCase()
    })
    .map((entries): Record<string, string> => Object.fromEntries(entries))
  const settings = fc.record({
    cron: fc.constantFrom("* * * * *", "@daily", "CRON_TZ=Europe/Berlin 0 4 * * MON"),
    destination: fc.webUrl({ withQueryParameters: true }),
    headers,
    body: fc.uint8Array({ maxLength: 20 }),
    retries: fc.nat(10),
    timeout: fc.integer({ min: 1, max: 100_000 }).map((seconds) => `${seconds} seconds` as const),
    delay: fc.nat(100_000).map((seconds) => `${seconds} seconds` as const),
    callback: fc.record({ url: fc.webUrl(), retries: fc.nat(10), headers })
  })

  it.effect.prop(
    "carries what a server reads back as the very same settings",
    { given: settings },
    ({ given }) =>
      Effect.gen(function* () {
        const sent = yield* create({ ...given, scheduleId: nightly })
        const read = ScheduleRequest.decode({
          target: sent.target.slice("/v2/schedules/".length),
          headers: sent.headers,
          body: sent.body ?? new Uint8Array()
        })
        const checked = CreateSchedule.make({ ...given, scheduleId: nightly })
        deepStrictEqual(Either.getOrThrow(read), Either.getOrThrow(checked))
      }),
    { fastCheck: { numRuns: 50 } }
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
      yield* calls.list.pipe(
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
      yield* calls.list.pipe(
        over(transport, {
          transformClient: HttpClient.tapRequest((request) => Effect.sync(() => seen.push(request.url)))
        })
      )
      deepStrictEqual(seen, ["https://qstash.upstash.io/v2/schedules"])
    })
  )
})
