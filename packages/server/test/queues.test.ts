import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import {
  advance,
  bearer,
  call,
  each,
  field,
  headerOf,
  itemsOf,
  publish,
  quiet,
  refusalOf,
  serve,
  worker
} from "./support.ts"

const upsert = (port: number, queue: unknown) =>
  call(port, "POST", "/v2/queues", { body: JSON.stringify(queue) })

describe("a queue", () => {
  it.scopedLive("is created, changed, listed, read and deleted", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      deepStrictEqual((yield* call(port, "GET", "/v2/queues")).json, [])
      const made = yield* upsert(port, { queueName: "one", parallelism: 2, unknown: true })
      strictEqual(made.status, 200)
      strictEqual(made.text, "")
      yield* call(port, "POST", "/v2/Queues/", { body: '{"queueName":"two"}' })
      for (const target of ["/v2/queues", "/v2/queues/", "/V2/QUEUES?x=1"]) {
        const { json, status } = yield* call(port, "GET", target)
        strictEqual(status, 200)
        deepStrictEqual(each(itemsOf(json), "name"), ["one", "two"])
        deepStrictEqual(each(itemsOf(json), "parallelism"), [2, 1])
      }
      const { json } = yield* call(port, "GET", "/v2/queues/one")
      deepStrictEqual(Object.keys(json ?? {}).toSorted(), [
        "createdAt",
        "lag",
        "name",
        "parallelism",
        "paused",
        "updatedAt"
      ])
      yield* advance(port, "1 minutes")
      yield* upsert(port, { queueName: "one", parallelism: 5 })
      const { json: changed } = yield* call(port, "GET", "/v2/queues/one")
      strictEqual(field(changed, "parallelism"), 5)
      strictEqual(field(changed, "createdAt"), field(json, "createdAt"))
      strictEqual(Number(field(changed, "updatedAt")) - Number(field(json, "updatedAt")), 60_000)

      for (let count = 0; count < 2; count++) {
        const gone = yield* call(port, "DELETE", "/v2/queues/one")
        strictEqual(gone.status, 200)
        strictEqual(gone.text, "")
      }
      deepStrictEqual(each(itemsOf((yield* call(port, "GET", "/v2/queues")).json), "name"), ["two"])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is paused and resumed, and keeps its pause over a change that does not name it", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      yield* upsert(port, { queueName: "q" })
      const isPaused = Effect.map(call(port, "GET", "/v2/queues/q"), ({ json }) => field(json, "paused"))
      for (const method of ["POST", "PATCH"]) {
        for (const [verb, expected] of [
          ["pause", true],
          ["Pause/", true],
          ["resume", false],
          ["resume?x=1", false]
        ] as const) {
          const { status, text } = yield* call(port, method, `/v2/queues/q/${verb}`)
          strictEqual(status, 200)
          strictEqual(text, "")
          strictEqual(yield* isPaused, expected)
        }
      }
      yield* call(port, "POST", "/v2/queues/q/pause")
      yield* upsert(port, { queueName: "q", parallelism: 3 })
      strictEqual(yield* isPaused, true)
      yield* upsert(port, { queueName: "q", parallelism: 3, paused: false })
      strictEqual(yield* isPaused, false)
      yield* upsert(port, { queueName: "made-paused", paused: true })
      strictEqual(field((yield* call(port, "GET", "/v2/queues/made-paused")).json, "paused"), true)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("delivers in order, and holds what comes while it is paused", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker((response, one) => {
        // The first attempt at the first message fails, and the second message waits for it.
        response.writeHead(one.target === "/1" && headerOf(one, "Upstash-Retried") === "0" ? 500 : 200).end()
      })
      const enqueue = (path: string) =>
        call(port, "POST", `/v2/enqueue/q/http://127.0.0.1:${there}/${path}`, {
          headers: { ...bearer, "Upstash-Retry-Delay": "60000" }
        })
      yield* enqueue("1")
      yield* enqueue("2")
      yield* advance(port, "30 seconds")
      const lag = Effect.map(call(port, "GET", "/v2/queues/q"), ({ json }) => field(json, "lag"))
      const paths = () => received.map(({ target }) => target)
      deepStrictEqual(paths(), ["/1"])
      strictEqual(yield* lag, 2)
      yield* advance(port, "1 minutes")
      deepStrictEqual(paths(), ["/1", "/1", "/2"])
      strictEqual(yield* lag, 0)

      yield* call(port, "POST", "/v2/queues/q/pause")
      strictEqual((yield* enqueue("3")).status, 200)
      yield* advance(port, "1 hours")
      strictEqual(received.length, 3)
      strictEqual(yield* lag, 1)
      yield* call(port, "POST", "/v2/queues/q/resume")
      yield* advance(port, "1 seconds")
      deepStrictEqual(paths().slice(3), ["/3"])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("takes the messages that wait in it along when it is deleted", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const headers = { "Upstash-Queue-Name": "q", "Upstash-Delay": "1d" }
      const messageId = yield* publish(port, "https://example.com", headers)
      yield* call(port, "DELETE", "/v2/queues/q")
      strictEqual((yield* call(port, "GET", `/v2/messages/${messageId}`)).status, 404)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that is not there, or cannot be, is answered with why", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const [method, target] of [
        ["GET", "/v2/queues/absent"],
        ["POST", "/v2/queues/absent/pause"],
        ["PATCH", "/v2/queues/absent/resume"]
      ] as const) {
        deepStrictEqual(refusalOf(yield* call(port, method, target)), [404, "queue absent not found"])
      }
      for (const method of ["GET", "DELETE"]) {
        const [status, error] = refusalOf(yield* call(port, method, "/v2/queues/a%20b"))
        strictEqual(status, 400)
        assertInclude(String(error), "queueName: ")
        strictEqual((yield* call(port, method, "/v2/queues/%C3")).status, 400)
      }
      for (const [body, text] of [
        ["", "not JSON"],
        ["queue", "not JSON"],
        ["[]", ""],
        ["null", ""],
        ["{}", "queueName"],
        ['{"queueName":""}', "queueName"],
        ['{"queueName":"a b"}', "queueName"],
        ['{"queueName":"a/b"}', "queueName"],
        ['{"queueName":7}', "queueName"],
        ['{"queueName":"q","parallelism":0}', "parallelism"],
        ['{"queueName":"q","parallelism":1.5}', "parallelism"],
        ['{"queueName":"q","parallelism":"2"}', "parallelism"],
        ['{"queueName":"q","paused":"yes"}', "paused"]
      ] as const) {
        const [status, error] = refusalOf(yield* call(port, "POST", "/v2/queues", { body }))
        strictEqual(status, 400, body)
        assertInclude(String(error), text)
      }
      deepStrictEqual((yield* call(port, "GET", "/v2/queues")).json, [])
      strictEqual((yield* call(port, "DELETE", "/v2/queues/")).status, 404)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("over the limit is refused, also where a message would make it", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual", maxQueues: 1 })
      yield* upsert(port, { queueName: "q" })
      const full = [412, "quota maxQueues exceeded, current limit: 1"] as const
      deepStrictEqual(refusalOf(yield* upsert(port, { queueName: "r" })), full)
      deepStrictEqual(refusalOf(yield* call(port, "POST", "/v2/enqueue/r/https://example.com")), full)
      strictEqual((yield* upsert(port, { queueName: "q", parallelism: 2 })).status, 200)
      assertTrue((yield* call(port, "POST", "/v2/enqueue/q/https://example.com")).status === 200)
    }).pipe(Effect.provide(quiet))
  )
})
