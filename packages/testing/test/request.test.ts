import { type PublishMessage, QStashMessages } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import {
  HttpIncomingMessage,
  HttpMiddleware,
  HttpRouter,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Option, Stream } from "effect"

/** What an app reads of the request that one message makes. */
const readOf = <A>(
  message: Omit<PublishMessage.Input, "destination">,
  read: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<A, unknown>
): Effect.Effect<A | undefined> => {
  let seen: A | undefined
  const app = Effect.gen(function* () {
    seen = yield* read(yield* HttpServerRequest.HttpServerRequest)
    return HttpServerResponse.empty({ status: 200 })
  })
  return Effect.gen(function* () {
    const messages = yield* QStashMessages
    yield* messages.publish({ ...message, destination: "https://api.example.com/jobs" })
    yield* QStashTest.advance(0)
    return seen
  }).pipe(Effect.orDie, Effect.provide(QStashTest.layerApp(app)))
}

const chunksOf = (request: HttpServerRequest.HttpServerRequest) =>
  Effect.map(Stream.runCollect(request.stream), Chunk.toReadonlyArray)

describe("the request of a delivery", () => {
  it.effect("has repeated headers as Node joins them", () =>
    Effect.gen(function* () {
      const twice = ["one", "two"]
      const sent = {
        Cookie: ["a=1", "b=2"],
        Authorization: twice,
        "Content-Type": twice,
        Referer: twice,
        Accept: twice,
        "X-Tenant": twice
      }
      const seen = yield* readOf({ headers: sent }, ({ cookies, headers }) =>
        Effect.succeed({ cookies, headers })
      )
      assert.deepStrictEqual(seen?.cookies, { a: "1", b: "2" })
      assert.strictEqual(seen?.headers["cookie"], "a=1; b=2")
      for (const name of ["authorization", "content-type", "referer"]) {
        assert.strictEqual(seen?.headers[name], "one", name)
      }
      for (const name of ["accept", "x-tenant"]) assert.strictEqual(seen?.headers[name], "one, two", name)
    })
  )

  it.effect("keeps a byte order mark, as does the delivery", () =>
    Effect.gen(function* () {
      const body = "\uFEFFtext"
      assert.strictEqual(yield* readOf({ body }, ({ text }) => text), body)
      const messages = yield* QStashMessages
      yield* messages.publish({ destination: "https://api.example.com/jobs", body })
      yield* QStashTest.advance(0)
      assert.strictEqual((yield* QStashTest.deliveries)[0]?.text, body)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("is streamed without a limit, and read whole or in parts within it", () =>
    Effect.gen(function* () {
      const limited = HttpIncomingMessage.withMaxBodySize(Option.some(3))
      const streamed = yield* readOf({ body: "body" }, (request) => limited(chunksOf(request)))
      assert.deepStrictEqual(streamed, [new TextEncoder().encode("body")])
      const form = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
      const parts = yield* readOf(
        { body: form, headers: { "Content-Type": "multipart/form-data; boundary=x" } },
        (request) => Effect.flip(limited(Stream.runDrain(request.multipartStream)))
      )
      assert.propertyVal(parts, "reason", "BodyTooLarge")
    })
  )

  it.effect("has no chunk where it has no body", () =>
    Effect.map(readOf({}, chunksOf), (chunks) => assert.deepStrictEqual(chunks, []))
  )

  it.effect("has the path that is left in a router mounted under a prefix", () => {
    const seen: Array<string> = []
    const jobs = HttpRouter.empty.pipe(
      HttpRouter.post(
        "/nightly",
        Effect.map(HttpServerRequest.HttpServerRequest, ({ originalUrl, url }) => {
          seen.push(url, originalUrl)
          return HttpServerResponse.empty({ status: 200 })
        })
      )
    )
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      for (const path of ["mounted", "prefixed"]) {
        yield* messages.publish({ destination: `https://api.example.com/${path}/nightly?a=1` })
        yield* QStashTest.advance(0)
      }
      assert.deepStrictEqual(seen, [
        "/nightly?a=1",
        "/mounted/nightly?a=1",
        "/nightly?a=1",
        "/prefixed/nightly?a=1"
      ])
    }).pipe(
      Effect.provide(
        QStashTest.layerApp(
          HttpRouter.empty.pipe(
            HttpRouter.mount("/mounted", jobs),
            HttpRouter.concat(HttpRouter.prefixAll(jobs, "/prefixed"))
          )
        )
      )
    )
  })

  it.effect("comes from this machine, or from where a proxy says it does", () => {
    const seen: Array<unknown> = []
    const app = Effect.map(HttpServerRequest.HttpServerRequest, ({ headers, remoteAddress }) => {
      seen.push([Option.getOrUndefined(remoteAddress), headers["host"]])
      return HttpServerResponse.empty({ status: 200 })
    })
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      const destination = "https://api.example.com/jobs"
      yield* messages.publish({ destination })
      yield* messages.publish({
        destination,
        headers: { "X-Forwarded-For": "192.0.2.1, 192.0.2.2", "X-Forwarded-Host": "public.example.com" }
      })
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(seen, [
        ["127.0.0.1", "api.example.com"],
        ["192.0.2.1", "public.example.com"]
      ])
    }).pipe(Effect.provide(QStashTest.layerApp(HttpMiddleware.xForwardedHeaders(app))))
  })
})
