import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import {
  advance,
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

/** A server on which one message was delivered at once, one at the second attempt, and one was cancelled. */
const withHistory = Effect.gen(function* () {
  const { port } = yield* serve({ time: "virtual" })
  const { port: there } = yield* worker((response, one) => {
    const isRefused = one.target === "/b" && headerOf(one, "Upstash-Retried") === "0"
    response.writeHead(isRefused ? 500 : 200, { "X-Answer": "yes" }).end(isRefused ? "no" : "ok")
  })
  const url = `http://127.0.0.1:${there}`
  const send = (label: string, headers: Readonly<Record<string, string>> = {}) =>
    publish(port, `${url}/${label}?x=1`, { "Upstash-Label": label, ...headers }, "text").pipe(
      Effect.tap(() => advance(port, "1 minutes"))
    )
  const a = yield* send("a", { "Upstash-Timeout": "30s" })
  const b = yield* publish(port, `${url}/b`, { "Upstash-Label": "b" })
  yield* advance(port, "1 minutes")
  const c = yield* send("c", { "Upstash-Delay": "1h" })
  yield* call(port, "DELETE", `/v2/messages/${c}`)
  return { port, url, ids: { a, b, c } }
})

const read = (port: number, query: string) =>
  Effect.map(call(port, "GET", `/v2/events${query}`), ({ json, status, text }) => {
    strictEqual(status, 200, `${query}: ${text}`)
    const events = itemsOf(json, "events")
    const cursor = field(json, "cursor")
    return [
      each(events, "state").join(" "),
      each(events, "label").join(""),
      typeof cursor === "string" ? cursor : undefined
    ] as const
  })

describe("the log", () => {
  it.scopedLive("tells each step of a message, the latest first", () =>
    Effect.gen(function* () {
      const { ids, port, url } = yield* withHistory
      const states = (id: string) => Effect.map(read(port, `?messageId=${id}`), ([found]) => found)
      strictEqual(yield* states(ids.a), "DELIVERED ACTIVE CREATED")
      strictEqual(yield* states(ids.b), "DELIVERED ACTIVE RETRY ERROR ACTIVE CREATED")
      strictEqual(yield* states(ids.c), "CANCELED CANCEL_REQUESTED CREATED")

      const { json } = yield* call(port, "GET", `/v2/events?messageId=${ids.a}`)
      deepStrictEqual(Object.keys(json ?? {}), ["events"])
      const [delivered, , created] = itemsOf(json, "events")
      for (const [name, value] of Object.entries({
        messageId: ids.a,
        url: `${url}/a?x=1`,
        method: "POST",
        body: Buffer.from("text").toString("base64"),
        label: "a",
        timeout: 30_000
      })) {
        strictEqual(field(created, name), value, name)
        strictEqual(field(delivered, name), value, name)
      }
      strictEqual(field(delivered, "responseStatus"), 200)
      strictEqual(field(created, "responseStatus"), undefined)
      const failed = yield* call(port, "GET", `/v2/events?messageId=${ids.b}&state=ERROR`)
      const [error] = itemsOf(failed.json, "events")
      strictEqual(field(error, "responseStatus"), 500)
      strictEqual(field(error, "responseBody"), Buffer.from("no").toString("base64"))
      deepStrictEqual(field(field(error, "responseHeaders"), "X-Answer"), ["yes"])
      assertInclude(String(field(error, "error")), "500")
      const retry = yield* call(port, "GET", `/v2/events?messageId=${ids.b}&state=RETRY`)
      assertTrue(Number(field(itemsOf(retry.json, "events")[0], "nextDeliveryTime")) > 0)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is at both paths, each with its own key", () =>
    Effect.gen(function* () {
      const { port } = yield* withHistory
      const events = yield* call(port, "GET", "/v2/Events/")
      const logs = yield* call(port, "GET", "/V2/logs")
      deepStrictEqual(Object.keys(events.json ?? {}), ["events"])
      deepStrictEqual(Object.keys(logs.json ?? {}), ["logs"])
      deepStrictEqual(itemsOf(logs.json, "logs"), itemsOf(events.json, "events"))
      const page = yield* call(port, "GET", "/v2/logs?count=1")
      deepStrictEqual(Object.keys(page.json ?? {}).toSorted(), ["cursor", "logs"])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("comes in pages, in either order", () =>
    Effect.gen(function* () {
      const { port } = yield* withHistory
      const [all, , none] = yield* read(port, "?count=100000")
      strictEqual(none, undefined)
      for (const [order, expected] of [
        ["latestFirst", all],
        ["earliestFirst", all.split(" ").toReversed().join(" ")]
      ] as const) {
        const pages: Array<string> = []
        let cursor: string | undefined = ""
        while (cursor !== undefined) {
          const [states, , next]: readonly [string, string, string | undefined] = yield* read(
            port,
            `?order=${order}&count=5&cursor=${cursor}`
          )
          pages.push(states)
          cursor = next
        }
        strictEqual(pages.length, 3)
        strictEqual(pages.join(" "), expected)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive(
    "has pages of 100 entries as /v2/logs and of 1,000 as /v2/events, unless the call says otherwise",
    () =>
      Effect.gen(function* () {
        const { port } = yield* serve({ time: "virtual" })
        const items = Array.from({ length: 1001 }, () => ({
          destination: "https://example.com",
          headers: { "Upstash-Delay": "1d" }
        }))
        yield* call(port, "POST", "/v2/batch", { body: JSON.stringify(items) })
        for (const [target, count] of [
          ["/v2/logs", 100],
          ["/v2/events", 1000],
          ["/v2/logs?count=5000", 1000],
          ["/v2/events?count=5000", 1000],
          ["/v2/logs?count=7", 7],
          ["/v2/events?count=7", 7]
        ] as const) {
          const { json } = yield* call(port, "GET", target)
          strictEqual(itemsOf(json, target.startsWith("/v2/logs") ? "logs" : "events").length, count, target)
          strictEqual(typeof field(json, "cursor"), "string", target)
        }
      }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is filtered", () =>
    Effect.gen(function* () {
      const { ids, port, url } = yield* withHistory
      for (const [query, labels] of [
        [`?messageIds=${ids.a}&messageIds=${ids.c}&order=earliestFirst`, "aaaccc"],
        [`?messageId=${ids.c}`, "ccc"],
        ["?state=CREATED", "cba"],
        ["?state=CANCELED", "c"],
        ["?state=CANCELLED", "c"],
        ["?state=IN_PROGRESS", "bbbba"],
        ["?label=a&label=c&state=CREATED", "ca"],
        [`?url=${encodeURIComponent(`${url}/a?x=1`)}`, "aaa"],
        [`?host=${url.replace("http://", "")}&state=CREATED`, "cba"],
        ["?path=/b&state=CREATED", "b"],
        ["?callerIp=127.0.0.1&state=CREATED", "cba"],
        ["?callerIp=127.0.0.2", ""],
        ["?topicName=g", ""],
        ["?scheduleId=s", ""],
        ["?queueName=q", ""],
        ["?flowControlKey=k", ""],
        ["?toDate=1000", ""],
        ["?fromDate=1000&state=CREATED", "cba"]
      ] as const) {
        const [, found] = yield* read(port, query)
        strictEqual(found, labels, query)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("and the dead letters are kept as long as the options say", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual", logRetention: "1 day", dlqRetention: "2 days" })
      const { port: there } = yield* worker((response) => response.writeHead(500).end("no"))
      yield* publish(port, `http://127.0.0.1:${there}/a`, { "Upstash-Retries": "0" }, "text")
      const kept = Effect.gen(function* () {
        const events = itemsOf((yield* call(port, "GET", "/v2/events")).json, "events")
        const letters = itemsOf((yield* call(port, "GET", "/v2/dlq")).json, "messages")
        return [events.length > 0, letters.length]
      })
      yield* advance(port, "23 hours")
      deepStrictEqual(yield* kept, [true, 1])
      yield* advance(port, "24 hours")
      deepStrictEqual(yield* kept, [false, 1])
      yield* advance(port, "24 hours")
      deepStrictEqual(yield* kept, [false, 0])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("refuses by name what it has not", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const path of ["/v2/events", "/v2/logs"]) {
        for (const query of [
          path === "/v2/logs" ? "groupBy=url" : "groupBy=messageId",
          "groupBy=a&groupBy=b",
          "trimBody=-1",
          "trimBody=1e3",
          "trimBody=1&trimBody=2",
          "responseStatus=500",
          "dlqIds=1-0",
          "urlGroup=g",
          "unknown=",
          "order=newest",
          "count=0",
          "count=x",
          "cursor=next",
          "fromDate=today"
        ]) {
          const [status, error] = refusalOf(yield* call(port, "GET", `${path}?${query}`))
          strictEqual(status, 400, query)
          assertInclude(String(error), query.replace(/=.*/, ""))
        }
      }
    }).pipe(Effect.provide(quiet))
  )
})
