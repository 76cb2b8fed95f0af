import { QStashClient } from "@effect-qstash/client"
import { aliases, operations, targetOf } from "@effect-qstash/contract/Operations"
import { defaultUser } from "@effect-qstash/server/DevelopmentUsers"
import * as QStashServer from "@effect-qstash/server/QStashServer"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { describe, it, layer } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer, Logger, LogLevel, Predicate, Redacted } from "effect"
import { type CallName, parse } from "../../server/src/internal/route.ts"
import { calls, destination, namesOf } from "./calls.ts"

const name = "a-name"

/** The request that a call sends. Its result does not matter. */
const sentBy = (call: (typeof calls)[keyof typeof calls]) =>
  Effect.gen(function* () {
    const sent: Array<string> = []
    const transport = HttpClient.make((request, url) => {
      sent.push(`${request.method} ${url.pathname}`)
      return Effect.succeed(
        HttpClientResponse.fromWeb(request, new Response('{"error":"no"}', { status: 400 }))
      )
    })
    const services = yield* Effect.provideService(
      QStashClient.make({ token: Redacted.make("token") }),
      HttpClient.HttpClient,
      transport
    )
    yield* Effect.exit(Effect.provide(call(namesOf(name)), services))
    return sent
  })

describe("the client", () => {
  for (const one of operations) {
    it.effect(`sends ${one.method} ${one.path} for ${one.operation}`, () =>
      Effect.gen(function* () {
        const target = targetOf(one, destination, name)
        deepStrictEqual(yield* sentBy(calls[one.operation]), [`${one.method} ${target}`])
      })
    )
  }

  it("has no method that is not in the list, and none is there twice", () => {
    deepStrictEqual(operations.map(({ operation }) => operation).toSorted(), Object.keys(calls).toSorted())
  })
})

const home = Layer.merge(
  FetchHttpClient.layer,
  QStashServer.layerMemory({ port: 0, time: "virtual", shutdownGrace: 0 })
).pipe(Layer.provide(Logger.minimumLogLevel(LogLevel.None)))

/** Every route of the server, so that a new route must be added to the list. */
const routes: Readonly<Record<CallName, "QStash's" | "our own">> = {
  Publish: "QStash's",
  Enqueue: "QStash's",
  Batch: "QStash's",
  GetMessage: "QStash's",
  CancelMessage: "QStash's",
  CancelMessages: "QStash's",
  UpsertQueue: "QStash's",
  ListQueues: "QStash's",
  GetQueue: "QStash's",
  DeleteQueue: "QStash's",
  PauseQueue: "QStash's",
  ResumeQueue: "QStash's",
  CreateSchedule: "QStash's",
  ListSchedules: "QStash's",
  GetSchedule: "QStash's",
  DeleteSchedule: "QStash's",
  PauseSchedule: "QStash's",
  ResumeSchedule: "QStash's",
  ListUrlGroups: "QStash's",
  GetUrlGroup: "QStash's",
  DeleteUrlGroup: "QStash's",
  UpsertEndpoints: "QStash's",
  RemoveEndpoints: "QStash's",
  ListDeadLetters: "QStash's",
  DeleteDeadLetters: "QStash's",
  GetDeadLetter: "QStash's",
  DeleteDeadLetter: "QStash's",
  RetryDeadLetters: "QStash's",
  RetryDeadLetter: "QStash's",
  ListFlowControl: "QStash's",
  GetFlowControl: "QStash's",
  PauseFlowControl: "QStash's",
  ResumeFlowControl: "QStash's",
  PinFlowControl: "QStash's",
  UnpinFlowControl: "QStash's",
  ResetFlowControlRate: "QStash's",
  ResetFlowControl: "QStash's",
  GetGlobalParallelism: "QStash's",
  GetKeys: "QStash's",
  RotateKeys: "QStash's",
  ListLogs: "QStash's",
  ListEvents: "QStash's",
  GetClock: "our own",
  AdvanceClock: "our own"
}

describe("the routes of the server", () => {
  it("hold no call of QStash's that is not in the list", () => {
    const found = [...operations, ...aliases].map(
      (one) => parse(one.method, targetOf(one, destination, name))._tag
    )
    deepStrictEqual(
      Array.from(new Set(found)).toSorted(),
      Object.entries(routes)
        .filter(([, owner]) => owner === "QStash's")
        .map(([route]) => route)
        .toSorted()
    )
  })
})

layer(home, { excludeTestServices: true })("the server", (served) => {
  for (const one of [...operations, ...aliases]) {
    served.effect(`has ${one.method} ${one.path} for ${one.operation}`, () =>
      Effect.gen(function* () {
        const { url } = yield* QStashServer.QStashServer
        const http = yield* HttpClient.HttpClient
        const answer = yield* http.execute(
          HttpClientRequest.make(one.method)(url + targetOf(one, destination, name)).pipe(
            HttpClientRequest.bearerToken(defaultUser.token)
          )
        )
        const text = yield* answer.text
        strictEqual(text.includes("not found: this server has"), false, text)
      })
    )
  }

  for (const one of operations) {
    const isRead = one.method === "GET"
    served.effect(`${isRead ? "allows" : "refuses"} ${one.operation} with a read-only token`, () =>
      Effect.gen(function* () {
        const { url } = yield* QStashServer.QStashServer
        const services = yield* QStashClient.make({
          url,
          token: defaultUser.readOnlyToken,
          retryBudget: 0
        })
        const result = yield* Effect.either(Effect.provide(calls[one.operation](namesOf(name)), services))
        const tag = result._tag === "Left" && Predicate.hasProperty(result.left, "_tag") && result.left._tag
        strictEqual(tag === "QStashUnauthorized", !isRead)
      })
    )
  }

  served.effect("answers what is in no list with what it has", () =>
    Effect.gen(function* () {
      const { url } = yield* QStashServer.QStashServer
      const http = yield* HttpClient.HttpClient
      const answer = yield* http.get(`${url}/v2/nothing`)
      strictEqual(answer.status, 404)
      strictEqual((yield* answer.text).includes("not found: this server has"), true)
    })
  )
})
