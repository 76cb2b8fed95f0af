import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import {
  advance,
  call,
  create,
  each,
  field,
  group,
  itemsOf,
  quiet,
  refusalOf,
  serve,
  worker
} from "./support.ts"

const remove = (port: number, name: string, endpoints: unknown) =>
  call(port, "DELETE", `/v2/topics/${name}/endpoints`, { body: JSON.stringify({ endpoints }) })

const endpointsOf = (port: number, name: string) =>
  Effect.map(call(port, "GET", `/v2/topics/${name}`), ({ json }) => field(json, "endpoints"))

describe("a URL group", () => {
  it.scopedLive("is made with its first endpoint and gone with its last", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      deepStrictEqual((yield* call(port, "GET", "/v2/topics")).json, [])
      const { text } = yield* group(port, "g", [{ url: "https://example.com", name: "First endpoint" }])
      strictEqual(text, "")
      yield* group(port, "G%2Eh", [{ url: "https://example.com/?a=1" }])
      for (const target of ["/v2/topics", "/V2/Topics/"]) {
        const { json, status } = yield* call(port, "GET", target)
        strictEqual(status, 200)
        deepStrictEqual(each(itemsOf(json), "name"), ["g", "G.h"])
      }
      const { json } = yield* call(port, "GET", "/v2/topics/g/")
      deepStrictEqual(Object.keys(json ?? {}).toSorted(), ["createdAt", "endpoints", "name", "updatedAt"])
      deepStrictEqual(field(json, "endpoints"), [{ name: "First endpoint", url: "https://example.com" }])

      strictEqual((yield* remove(port, "g", [{ name: "First endpoint" }])).status, 200)
      deepStrictEqual(refusalOf(yield* call(port, "GET", "/v2/topics/g")), [404, "topic g not found"])
      for (let count = 0; count < 2; count++) {
        const gone = yield* call(port, "DELETE", "/v2/topics/G.h")
        strictEqual(gone.status, 200)
        strictEqual(gone.text, "")
      }
      deepStrictEqual((yield* call(port, "GET", "/v2/topics")).json, [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("has each URL and each name once, in their order", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      yield* group(port, "g", [
        { url: "https://example.com/1", name: "one" },
        { url: "https://example.com/2" },
        { url: "https://example.com/3", name: "three" }
      ])
      yield* group(port, "g", [
        { url: "https://example.com/2", name: "two" },
        { url: "https://example.com/4", name: "one" }
      ])
      deepStrictEqual(yield* endpointsOf(port, "g"), [
        { url: "https://example.com/4", name: "one" },
        { url: "https://example.com/2", name: "two" },
        { url: "https://example.com/3", name: "three" }
      ])
      yield* remove(port, "g", [{ url: "https://example.com/2" }, { name: "three" }])
      deepStrictEqual(yield* endpointsOf(port, "g"), [{ url: "https://example.com/4", name: "one" }])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that has not what is to be removed is 404, and stays as it was", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      yield* group(port, "g", [{ url: "https://example.com/1" }])
      const absent = [{ url: "https://example.com/1" }, { name: "absent" }]
      deepStrictEqual(refusalOf(yield* remove(port, "g", absent)), [404, "topic g not found"])
      deepStrictEqual(refusalOf(yield* remove(port, "h", absent)), [404, "topic h not found"])
      deepStrictEqual(yield* endpointsOf(port, "g"), [{ url: "https://example.com/1" }])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that cannot be is refused by the field at fault", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const method of ["POST", "DELETE"]) {
        for (const body of [
          "",
          "x",
          "null",
          "[]",
          "{}",
          '{"endpoints":[]}',
          '{"endpoints":{}}',
          '{"endpoints":[null]}',
          '{"endpoints":[{}]}',
          '{"endpoints":["https://example.com"]}',
          '{"endpoints":[{"name":""}]}',
          '{"endpoints":[{"url":7}]}'
        ]) {
          const reply = yield* call(port, method, "/v2/topics/g/endpoints", { body })
          strictEqual(reply.status, 400, `${method} ${body}`)
        }
        const [status, error] = refusalOf(
          yield* call(port, method, "/v2/topics/a%20b/endpoints", {
            body: '{"endpoints":[{"url":"https://example.com"}]}'
          })
        )
        strictEqual(status, 400)
        assertInclude(String(error), "topicName: ")
      }
      for (const url of ["example.com", "ftp://example.com", "https://", "/a"]) {
        const body = JSON.stringify({ endpoints: [{ url: "https://example.com" }, { url }] })
        const [status, error] = refusalOf(yield* call(port, "POST", "/v2/topics/g/endpoints", { body }))
        strictEqual(status, 400, url)
        assertInclude(String(error), "endpoints")
      }
      for (const [method, target] of [
        ["GET", "/v2/topics/a%2Fb"],
        ["DELETE", "/v2/topics/%"]
      ] as const) {
        strictEqual((yield* call(port, method, target)).status, 400)
      }
      deepStrictEqual((yield* call(port, "GET", "/v2/topics")).json, [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive(
    "is what a schedule may aim at: it finds the endpoints of the moment, or says that it found none",
    () =>
      Effect.gen(function* () {
        const { port } = yield* serve({ time: "virtual" })
        const { port: there, received } = yield* worker()
        yield* create(port, "g", { "Upstash-Schedule-Id": "s" })
        const record = Effect.map(call(port, "GET", "/v2/schedules/s"), ({ json }) => json)
        strictEqual(field(yield* record, "destination"), "g")
        yield* advance(port, "1 minutes")
        strictEqual(field(yield* record, "error"), "topic g not found")
        yield* group(port, "g", [
          { url: `http://127.0.0.1:${there}/1` },
          { url: `http://127.0.0.1:${there}/2` }
        ])
        yield* advance(port, "1 minutes")
        deepStrictEqual(received.map(({ target }) => target).toSorted(), ["/1", "/2"])
        deepStrictEqual(Object.values(field(yield* record, "lastScheduleStates") ?? {}), [
          "SUCCESS",
          "SUCCESS"
        ])
      }).pipe(Effect.provide(quiet))
  )
})
