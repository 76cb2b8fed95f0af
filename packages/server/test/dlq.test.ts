import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import {
  advance,
  bearer,
  call,
  each,
  field,
  itemsOf,
  publish,
  quiet,
  refusalOf,
  serve,
  worker
} from "./support.ts"

/** A server whose dead letter queue holds a message for each path, the paths as labels, oldest first. */
const withDeadLetters = (...paths: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { port } = yield* serve({ time: "virtual" })
    const place = { fails: true }
    const { port: there, received } = yield* worker((response, one) => {
      if (place.fails) response.writeHead(503, { "X-Answer": "no" }).end(`failed ${one.target}`)
      else response.end()
    })
    const messageIds: Array<string> = []
    for (const path of paths) {
      const headers = {
        "Upstash-Retries": "0",
        "Upstash-Label": path,
        "Upstash-Forward-X": path,
        "Content-Type": "text/plain"
      }
      messageIds.push(yield* publish(port, `http://127.0.0.1:${there}/${path}`, headers, `body ${path}`))
      yield* advance(port, "1 seconds")
    }
    const listed = yield* call(port, "GET", "/v2/dlq")
    const dlqIds = each(itemsOf(listed.json, "messages"), "dlqId").map(String)
    strictEqual(dlqIds.length, paths.length)
    received.length = 0
    const labels = Effect.map(call(port, "GET", "/v2/dlq"), ({ json }) =>
      each(itemsOf(json, "messages"), "label").join("")
    )
    return { port, place, received, messageIds, dlqIds, labels, url: `http://127.0.0.1:${there}` }
  })

describe("the dead letter queue", () => {
  it.scopedLive("holds what has failed for good, with the last answer", () =>
    Effect.gen(function* () {
      const { dlqIds, messageIds, port, url } = yield* withDeadLetters("a")
      const { json, status } = yield* call(port, "GET", "/v2/dlq/")
      strictEqual(status, 200)
      deepStrictEqual(Object.keys(json ?? {}), ["messages"])
      const [letter] = itemsOf(json, "messages")
      for (const [name, value] of Object.entries({
        dlqId: dlqIds[0],
        messageId: messageIds[0],
        url: `${url}/a`,
        method: "POST",
        body: "body a",
        maxRetries: 0,
        responseStatus: 503,
        responseBody: "failed /a",
        label: "a"
      })) {
        strictEqual(field(letter, name), value, name)
      }
      deepStrictEqual(field(field(letter, "responseHeader"), "X-Answer"), ["no"])
      deepStrictEqual((yield* call(port, "GET", `/v2/DLQ/${dlqIds[0]}`)).json, letter)
      strictEqual((yield* call(port, "GET", `/v2/messages/${messageIds[0]}`)).status, 404)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is listed in pages, filtered, in either order", () =>
    Effect.gen(function* () {
      const { dlqIds, messageIds, port, url } = yield* withDeadLetters("a", "b", "c")
      const list = (query: string) =>
        Effect.map(call(port, "GET", `/v2/dlq${query}`), ({ json, status }) => {
          strictEqual(status, 200, query)
          return [each(itemsOf(json, "messages"), "label").join(""), field(json, "cursor")] as const
        })
      deepStrictEqual(yield* list("?count=500"), ["abc", undefined])
      const [first, cursor] = yield* list("?count=2")
      strictEqual(first, "ab")
      assertTrue(typeof cursor === "string")
      deepStrictEqual(yield* list(`?count=2&cursor=${cursor}`), ["c", undefined])
      const [latest, before] = yield* list("?order=latestFirst&count=2")
      strictEqual(latest, "cb")
      deepStrictEqual(yield* list(`?order=latestFirst&cursor=${String(before)}`), ["a", undefined])
      deepStrictEqual(yield* list("?cursor="), ["abc", undefined])
      for (const [query, labels] of [
        ["?label=a&label=c", "ac"],
        ["?label=a,c", "ac"],
        [`?url=${encodeURIComponent(`${url}/b`)}`, "b"],
        [`?messageId=${messageIds[1]}`, "b"],
        [`?dlqIds=${dlqIds[2]}&dlqIds=${dlqIds[0]}`, "ac"],
        [`?dlqIds=${dlqIds[2]},${dlqIds[0]}&label=b`, "ac"],
        ["?responseStatus=503", "abc"],
        ["?responseStatus=500&responseStatus=404", ""],
        ["?responseStatus=503&callerIp=127.0.0.1", "abc"],
        ["?callerIp=127.0.0.2", ""],
        ["?topicName=g", ""],
        ["?queueName=q", ""],
        ["?scheduleId=s", ""],
        ["?flowControlKey=k", ""],
        ["?toDate=1000", ""],
        ["?fromDate=1000", "abc"]
      ] as const) {
        deepStrictEqual(yield* list(query), [labels, undefined], query)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is listed, retried and deleted 100 at a time at the most", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there } = yield* worker((response) => response.writeHead(500).end())
      const items = Array.from({ length: 202 }, () => ({
        destination: `http://127.0.0.1:${there}`,
        headers: { "Upstash-Retries": "0" }
      }))
      yield* call(port, "POST", "/v2/batch", { body: JSON.stringify(items) })
      yield* advance(port, "1 seconds")
      for (const query of ["", "?count=1000"]) {
        const { json } = yield* call(port, "GET", `/v2/dlq${query}`)
        strictEqual(itemsOf(json, "messages").length, 100)
        assertTrue(typeof field(json, "cursor") === "string")
      }
      const retried = yield* call(port, "POST", "/v2/dlq/retry?count=1000")
      strictEqual(itemsOf(retried.json, "responses").length, 100)
      for (const [query, expected] of [
        ["", 100],
        ["?count=1000", 2]
      ] as const) {
        strictEqual(field((yield* call(port, "DELETE", `/v2/dlq${query}`)).json, "deleted"), expected)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("refuses filters that it has not, and what is no value of those that it has", () =>
    Effect.gen(function* () {
      const { dlqIds, labels, port } = yield* withDeadLetters("a")
      for (const [method, path, queries] of [
        [
          "GET",
          "/v2/dlq",
          [
            "order=oldest",
            "order=latestFirst&order=latestFirst",
            "trimBody=-1",
            "trimBody=1.5",
            "trimBody=all"
          ]
        ],
        ["DELETE", "/v2/dlq", ["order=latestFirst", "trimBody=10"]],
        ["POST", "/v2/dlq/retry", ["order=latestFirst", "trimBody=10"]]
      ] as const) {
        for (const query of [
          ...queries,
          "host=127.0.0.1",
          "path=/a",
          "labels=a",
          "messageIds=msg_1",
          "groupBy=messageId",
          "upstash-retries=1",
          "state=FAILED",
          "cursor=next",
          "cursor=1&cursor=2",
          "count=0",
          "count=1.5",
          "responseStatus=many",
          "toDate=soon"
        ]) {
          const [status, error] = refusalOf(yield* call(port, method, `${path}?${query}`))
          strictEqual(status, 400, `${method} ${query}`)
          assertInclude(String(error), query.replace(/=.*/, ""))
        }
      }
      strictEqual(yield* labels, "a")
      strictEqual((yield* call(port, "GET", `/v2/dlq/${dlqIds[0]}`)).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("lets one entry be deleted, once", () =>
    Effect.gen(function* () {
      const { dlqIds, labels, port } = yield* withDeadLetters("a", "b")
      const gone = yield* call(port, "DELETE", `/v2/dlq/${dlqIds[0]}`)
      strictEqual(gone.status, 200)
      strictEqual(gone.text, "")
      for (const [method, target] of [
        ["DELETE", `/v2/dlq/${dlqIds[0]}`],
        ["GET", `/v2/dlq/${dlqIds[0]}`],
        ["POST", `/v2/dlq/retry/${dlqIds[0]}`],
        ["POST", `/v2/dlq/retry?dlqIds=${dlqIds[0]}`]
      ] as const) {
        deepStrictEqual(refusalOf(yield* call(port, method, target)), [
          404,
          `dlq message ${dlqIds[0]} not found`
        ])
      }
      strictEqual(yield* labels, "b")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("lets many be deleted, by the query or by a JSON body", () =>
    Effect.gen(function* () {
      const { dlqIds, labels, port } = yield* withDeadLetters("a", "b", "c", "d", "e", "f", "g")
      const remove = (query: string, body = "") =>
        Effect.map(call(port, "DELETE", `/v2/dlq${query}`, { body }), ({ json, status }) => {
          strictEqual(status, 200, query + body)
          return json
        })
      deepStrictEqual(yield* remove("?label=absent"), { deleted: 0 })
      deepStrictEqual(yield* remove("?dlqIds=1-0"), { deleted: 0 })
      deepStrictEqual(yield* remove(`?dlqIds=${dlqIds[0]}&label=b`), { deleted: 1 })
      deepStrictEqual(yield* remove("", JSON.stringify({ dlqIds: [dlqIds[1], "1-0"] })), { deleted: 1 })
      deepStrictEqual(yield* remove("", '{"label":["c"],"count":5}'), { deleted: 1 })
      strictEqual(yield* labels, "defg")
      const part = yield* remove("?count=3")
      strictEqual(field(part, "deleted"), 3)
      const cursor = field(part, "cursor")
      assertTrue(typeof cursor === "string" && cursor !== "")
      deepStrictEqual(yield* remove(`?count=3&cursor=${cursor}`), { deleted: 1 })
      deepStrictEqual(yield* remove("/"), { deleted: 0 })
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("lets one be tried again as a new message, with what it had", () =>
    Effect.gen(function* () {
      const { dlqIds, labels, messageIds, place, port, received, url } = yield* withDeadLetters("a")
      place.fails = false
      const { json, status } = yield* call(port, "POST", `/v2/dlq/Retry/${dlqIds[0]}/`)
      strictEqual(status, 201)
      strictEqual(field(json, "url") ?? `${url}/a`, `${url}/a`)
      assertTrue(field(json, "messageId") !== messageIds[0])
      strictEqual(yield* labels, "")
      yield* advance(port, "1 seconds")
      deepStrictEqual(
        received.map((one) => [one.target, one.body.toString(), Object.fromEntries(one.headers)["X"]]),
        [["/a", "body a", "a"]]
      )
      strictEqual(yield* labels, "")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("lets many be tried again, in parts, with other retries if the request says so", () =>
    Effect.gen(function* () {
      const { labels, port, received } = yield* withDeadLetters("a", "b", "c", "d")
      const retry = (query: string, headers: Readonly<Record<string, string>> = {}) =>
        call(port, "POST", `/v2/dlq/retry${query}`, { headers: { ...bearer, ...headers } })
      const none = yield* retry("?label=absent")
      strictEqual(none.status, 201)
      deepStrictEqual(itemsOf(none.json, "responses"), [])
      strictEqual((yield* retry("/?label=a", { "Upstash-Retries": "2" })).status, 201)
      strictEqual(yield* labels, "bcd")
      yield* advance(port, "1 hours")
      strictEqual(received.length, 3)
      strictEqual(yield* labels, "bcda")
      received.length = 0

      const part = yield* retry("?count=3&cursor=")
      strictEqual(part.status, 201)
      strictEqual(itemsOf(part.json, "responses").length, 3)
      const cursor = field(part.json, "cursor")
      assertTrue(typeof cursor === "string" && cursor !== "")
      const rest = yield* retry(`?count=3&cursor=${cursor}`)
      strictEqual(itemsOf(rest.json, "responses").length, 1)
      assertTrue((field(rest.json, "cursor") ?? "") === "")
      yield* advance(port, "1 seconds")
      strictEqual(received.length, 4)
      // The one that was given two retries keeps them.
      strictEqual(yield* labels, "bcd")

      const body = JSON.stringify({ label: "b" })
      const byBody = yield* call(port, "POST", "/v2/dlq/retry", { body })
      strictEqual(itemsOf(byBody.json, "responses").length, 1)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("refuses by name what a retry cannot change here", () =>
    Effect.gen(function* () {
      const { dlqIds, labels, port } = yield* withDeadLetters("a")
      for (const target of ["/v2/dlq/retry", `/v2/dlq/retry/${dlqIds[0]}`]) {
        for (const [name, value] of [
          ["Upstash-Delay", "1s"],
          ["Upstash-Forward-X", "1"],
          ["Upstash-Callback", "https://example.com"],
          ["Upstash-Retries", "-1"],
          ["Upstash-Retries", "many"],
          ["Upstash-Retries", "9".repeat(400)]
        ] as const) {
          const [status, error] = refusalOf(
            yield* call(port, "POST", target, { headers: { ...bearer, [name]: value } })
          )
          strictEqual(status, 400)
          assertInclude(String(error).toLowerCase(), `${name.toLowerCase()}: `)
        }
      }
      strictEqual(yield* labels, "a")
      const headers = { ...bearer, "Upstash-Telemetry-Sdk": "x", "Upstash-Retries": "" }
      strictEqual((yield* call(port, "POST", "/v2/dlq/retry", { headers })).status, 201)
    }).pipe(Effect.provide(quiet))
  )
})
