import { CreateSchedule, QStashMessages, QStashSchedules } from "@effect-qstash/domain"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { SignatureClaimsSegment } from "@effect-qstash/domain/wire/SignatureClaims"
import type { DeliveryRequest } from "@effect-qstash/engine/Courier"
import * as Engine from "@effect-qstash/engine/Engine"
import * as Signer from "@effect-qstash/engine/Signer"
import type { StoredMessage } from "@effect-qstash/engine/Rows"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Redacted, Schema } from "effect"
import {
  advance,
  answered,
  answers,
  callerIp,
  destination,
  id,
  keys,
  Log,
  messageId,
  ok,
  signingKey,
  start,
  virtual
} from "./harness.ts"

const schedule = { scheduleId: id("job"), cron: "* * * * *", destination }

const requests: Effect.Effect<ReadonlyArray<DeliveryRequest>, never, Log> = Effect.map(Log, ({ arrivals }) =>
  arrivals.map(({ request }) => request)
)

const valuesOf = (request: DeliveryRequest | undefined, name: string): ReadonlyArray<string> =>
  request?.headers.filter((header) => header[0] === name).map((header) => header[1]) ?? []

/** All headers but the signature's value, which has a test of its own. */
const headersOf = (request: DeliveryRequest | undefined) =>
  request?.headers.map(([name, value]) => [name, name === "Upstash-Signature" ? "…" : value])

const claimsOf = (request: DeliveryRequest | undefined) =>
  Schema.decodeSync(SignatureClaimsSegment)(valuesOf(request, "Upstash-Signature")[0]?.split(".")[1] ?? "")

const startSeconds = Date.parse(start) / 1000

describe("a delivery", () => {
  it.effect("says who it is from and which it is, and no more", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(schedule)
      yield* advance("1 minute")
      const [request] = yield* requests
      deepStrictEqual(headersOf(request), [
        ["User-Agent", "Upstash-QStash"],
        ["Upstash-Message-Id", "msg_1"],
        ["Upstash-Signature", "…"],
        ["Upstash-Retried", "0"],
        ["Upstash-Region", "EU-CENTRAL-1"],
        ["Upstash-Schedule-Id", "job"],
        ["Upstash-Caller-Ip", "203.0.113.7"]
      ])
      strictEqual(request?.method, "POST")
      strictEqual(request?.url, destination)
      deepStrictEqual(request?.body, new Uint8Array())
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("carries method, URL, headers and body as they were given", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const url = "https://user:pw@api.example.com:8443//a/%2F?x=1&x=2&empty="
      const body = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      yield* schedules.create({
        ...schedule,
        destination: url,
        method: "PATCH",
        body,
        labels: ["unsent"],
        headers: {
          "x-zeta": "last by name, first by place",
          "content-type": "application/octet-stream",
          authorization: "Bearer of the worker",
          "x-MANY": ["1", "2", "1"]
        }
      })
      yield* advance("1 minute")
      const [request] = yield* requests
      strictEqual(request?.method, "PATCH")
      strictEqual(request?.url, url)
      deepStrictEqual(request?.body, body)
      deepStrictEqual(headersOf(request)?.slice(0, 7), [
        ["User-Agent", "Upstash-QStash"],
        ["X-Zeta", "last by name, first by place"],
        ["Content-Type", "application/octet-stream"],
        ["Authorization", "Bearer of the worker"],
        ["X-Many", "1"],
        ["X-Many", "2"],
        ["X-Many", "1"]
      ])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("cannot pass for another sender's, nor choose what belongs to the connection", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      const forged = [
        "user-agent",
        "upstash-message-id",
        "upstash-signature",
        "upstash-retried",
        "upstash-schedule-id",
        "upstash-region",
        "upstash-caller-ip",
        "upstash-topic-name",
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "upgrade",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "expect"
      ]
      // The contracts refuse such headers; the raw wire can still carry them.
      const request = yield* ScheduleRequest.decode({
        target: schedule.destination,
        headers: {
          "Upstash-Cron": schedule.cron,
          "Upstash-Schedule-Id": schedule.scheduleId,
          ...Object.fromEntries(forged.map((name) => [`Upstash-Forward-${name}`, "forged"])),
          "Upstash-Forward-X-Own": "kept"
        },
        body: new Uint8Array()
      })
      yield* engine.createSchedule({ tenantId: "acme", callerIp }, request)
      yield* advance("1 minute")
      const [delivery] = yield* requests
      deepStrictEqual(headersOf(delivery), [
        ["User-Agent", "Upstash-QStash"],
        ["X-Own", "kept"],
        ["Upstash-Message-Id", "msg_1"],
        ["Upstash-Signature", "…"],
        ["Upstash-Retried", "0"],
        ["Upstash-Region", "EU-CENTRAL-1"],
        ["Upstash-Schedule-Id", "job"],
        ["Upstash-Caller-Ip", "203.0.113.7"]
      ])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("names no caller where the schedule was created without an address", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      yield* engine.schedules({ tenantId: "acme" }).create(schedule)
      yield* advance("1 minute")
      deepStrictEqual(valuesOf((yield* requests)[0], "Upstash-Caller-Ip"), [])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("keeps its message's id over all attempts and counts them", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...schedule, cron: "0 0 * * *", retries: 2, retryDelay: "1000" })
      yield* advance("50 hours")
      deepStrictEqual(
        (yield* requests).map((request) => [
          ...valuesOf(request, "Upstash-Message-Id"),
          ...valuesOf(request, "Upstash-Retried")
        ]),
        [
          ["msg_1", "0"],
          ["msg_1", "1"],
          ["msg_1", "2"],
          ["msg_2", "0"],
          ["msg_2", "1"],
          ["msg_2", "2"]
        ]
      )
    }).pipe(Effect.provide(virtual(answers(answered(500)))))
  )

  it.effect("is signed afresh for each attempt: its instant, its URL, its body, an id of its own", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const url = `${destination}?tenant=7`
      yield* schedules.create({
        ...schedule,
        destination: url,
        body: "text",
        retries: 1,
        retryDelay: "90500"
      })
      yield* advance("1 minute")
      yield* schedules.pause(schedule.scheduleId)
      yield* advance("5 minutes")
      const [first, second] = yield* requests
      const [firstClaims, secondClaims] = [claimsOf(first), claimsOf(second)]
      strictEqual(firstClaims.iat, startSeconds + 60)
      strictEqual(secondClaims.iat, startSeconds + 150)
      deepStrictEqual([firstClaims.jti, secondClaims.jti], ["jwt_1", "jwt_2"])
      const signer = Signer.make({ current: Redacted.make(signingKey) })
      const body = new TextEncoder().encode("text")
      deepStrictEqual(
        [...valuesOf(first, "Upstash-Signature"), ...valuesOf(second, "Upstash-Signature")],
        [
          signer.sign({ url, body, jti: "jwt_1", nowMillis: Date.parse(start) + 60_000 }),
          signer.sign({ url, body, jti: "jwt_2", nowMillis: Date.parse(start) + 150_500 })
        ]
      )
    }).pipe(Effect.provide(virtual(answers(answered(500), answered(200)))))
  )

  it.effect("leaves out a fragment, which is never sent, and signs what is", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const callback = "https://api.example.com/told?a=1#end"
      yield* messages.publish({ destination: `${destination}#top`, callback })
      yield* advance(0)
      deepStrictEqual(
        (yield* requests).map((request) => [request.url, claimsOf(request).sub]),
        [destination, "https://api.example.com/told?a=1"].map((url) => [url, url])
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("is signed with its own tenant's key", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      yield* engine.schedules({ tenantId: "a" }).create(schedule)
      yield* engine.schedules({ tenantId: "b" }).create(schedule)
      yield* advance("1 minute")
      const expected = ["a", "b"].map((tenantId, index) =>
        Signer.make({ current: Redacted.make(`sig_${tenantId}`) }).sign({
          url: destination,
          body: new Uint8Array(),
          jti: `jwt_${index + 1}`,
          nowMillis: Date.parse(start) + 60_000
        })
      )
      deepStrictEqual(
        (yield* requests).flatMap((request) => valuesOf(request, "Upstash-Signature")),
        expected
      )
    }).pipe(Effect.provide(virtual(ok, { signingKeys: (tenantId) => keys(`sig_${tenantId}`) })))
  )

  it.effect("fails alone where its tenant has no key", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      const keyless = engine.schedules({ tenantId: "keyless" })
      yield* keyless.create({ ...schedule, retries: 0 })
      yield* engine.schedules({ tenantId: "a" }).create(schedule)
      yield* advance("2 minutes")
      deepStrictEqual((yield* requests).length, 2)
      deepStrictEqual((yield* keyless.get(schedule.scheduleId)).lastScheduleStates, { msg_3: "FAIL" })
    }).pipe(
      Effect.provide(
        virtual(ok, {
          signingKeys: (tenantId) => {
            if (tenantId === "keyless") throw new Error("no such tenant")
            return keys(signingKey)
          }
        })
      )
    )
  )
})

describe("the events of a delivery", () => {
  it.effect("tell what QStash's own log would: who, where to, what came back", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const input = {
        ...schedule,
        cron: "0 0 * * *",
        method: "PUT",
        retries: 1,
        delay: "10 seconds"
      } as const
      yield* schedules.create(input)
      yield* advance("1 day")
      yield* schedules.pause(schedule.scheduleId)
      yield* advance("1 hour")
      const created = Date.parse("2025-01-02T00:00:00Z")
      const first = created + 10_000
      const second = first + 12_000
      const settings = yield* CreateSchedule.make(input)
      const { events } = yield* Log
      const message: StoredMessage = {
        tenantId: "acme",
        messageId: messageId("msg_1"),
        sequence: events[0]?.message.sequence ?? -1,
        settings,
        url: destination,
        urlGroup: undefined,
        endpointName: undefined,
        scheduleId: schedule.scheduleId,
        callbackOf: undefined,
        callerIp,
        createdAt: created,
        notBefore: first,
        dueAt: first,
        retried: 0,
        hops: 0
      }
      const retried: StoredMessage = { ...message, dueAt: second, retried: 1 }
      const answer = (status: number, text: string) => ({
        responseStatus: status,
        responseHeaders: { "x-answer": text },
        responseBody: new TextEncoder().encode(text)
      })
      deepStrictEqual(events, [
        { time: created, state: "CREATED", message, nextDeliveryTime: first },
        { time: first, state: "ACTIVE", message },
        {
          time: first,
          state: "ERROR",
          message,
          ...answer(503, "busy"),
          error: "the destination responded with 503",
          nextDeliveryTime: second
        },
        { time: first, state: "RETRY", message, nextDeliveryTime: second },
        { time: second, state: "ACTIVE", message: retried },
        { time: second, state: "DELIVERED", message: retried, ...answer(202, "done") }
      ])
    }).pipe(
      Effect.provide(
        virtual(
          answers(
            answered(503, { "x-answer": "busy" }, new TextEncoder().encode("busy")),
            answered(202, { "x-answer": "done" }, new TextEncoder().encode("done"))
          )
        )
      )
    )
  )

  it.effect("come in the order of the schedules' creation where schedules share an instant", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const names = ["c", "a", "b"]
      for (const name of names) yield* schedules.create({ ...schedule, scheduleId: id(name) })
      // An overwrite does not lose its place.
      yield* schedules.create({ ...schedule, scheduleId: id("c"), body: "new" })
      yield* advance("2 minutes")
      const { events } = yield* Log
      for (const state of ["CREATED", "ACTIVE", "DELIVERED"]) {
        deepStrictEqual(
          events.filter((event) => event.state === state).map((event) => event.message.scheduleId),
          [...names, ...names].map(id)
        )
      }
    }).pipe(Effect.provide(virtual()))
  )
})
