import { QStashClient } from "@effect-qstash/client"
import { type PublishMessage, QStashMessages } from "@effect-qstash/domain"
import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import { QStashTest } from "@effect-qstash/testing"
import {
  FetchHttpClient,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse,
  type HttpApp
} from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Logger, LogLevel } from "effect"
import { createServer } from "node:http"

/** What an application can tell of a request. */
interface Seen {
  readonly method: string
  readonly url: string
  readonly originalUrl: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: ReadonlyArray<number>
  readonly cookies: Readonly<Record<string, string>>
}

/** What is another at each delivery, and what belongs to a connection. */
const isOfItsOwn = (name: string) =>
  ["upstash-message-id", "upstash-signature", "upstash-caller-ip", "connection"].includes(name)

const app = (seen: Array<Seen>): HttpApp.Default =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { cookies, method, originalUrl, url } = request
    const headers = Object.fromEntries(
      Object.entries(request.headers)
        .filter(([name]) => !isOfItsOwn(name))
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
    )
    const body = Array.from(new Uint8Array(yield* request.arrayBuffer))
    seen.push({ method, url, originalUrl, headers, body, cookies })
    return HttpServerResponse.empty({ status: 200 })
  }).pipe(Effect.orDie)

const messagesTo = (origin: string): ReadonlyArray<PublishMessage.Input> => [
  { destination: origin },
  { destination: `${origin}?a=1` },
  { destination: `${origin}/jobs/nightly?tenant=a%20b&x=%2F`, body: "Grüße", labels: ["one"] },
  { destination: `${origin}//double//slashes/`, method: "PUT", body: Uint8Array.from([0, 255, 10]) },
  { destination: `${origin}/jobs`, method: "GET" },
  { destination: `${origin}/jobs`, method: "DELETE", body: "{}" },
  {
    destination: `${origin}/jobs`,
    headers: { "Content-Type": "application/json", Cookie: "a=1; b=2", "X-Tenant": "acme" },
    body: "{}",
    retries: 1,
    timeout: "30 seconds"
  }
]

describe("a delivery", () => {
  it.scopedLive("is to an HttpApp in a test the request that it is on Node's server", () =>
    Effect.gen(function* () {
      const seen: Array<Seen> = []
      const host = yield* HttpServer.HttpServer
      yield* host.serve(app(seen))
      const origin = HttpServer.formatAddress(host.address)
      const { url } = yield* QStashServer.QStashServer
      const client = yield* QStashClient.make({ url, token: DevelopmentUsers.defaultUser.token })
      const expected = messagesTo(origin)
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        for (const [index, message] of expected.entries()) {
          yield* messages.publish(message)
          yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => seen.length > index })
        }
      }).pipe(Effect.provide(client))

      const seenInTest: Array<Seen> = []
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        for (const message of expected) {
          yield* messages.publish(message)
          yield* QStashTest.advance(0)
        }
      }).pipe(Effect.provide(QStashTest.layerApp(app(seenInTest))))

      strictEqual(seen.length, expected.length)
      deepStrictEqual(seenInTest, seen)
    }).pipe(
      Effect.provide([
        QStashServer.layerMemory({ port: 0 }),
        NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }),
        FetchHttpClient.layer,
        Logger.minimumLogLevel(LogLevel.None)
      ])
    )
  )
})
