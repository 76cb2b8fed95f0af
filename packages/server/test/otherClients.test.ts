import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { advance, call, each, field, itemsOf, publish, quiet, serve, worker } from "./support.ts"

/** Port 1 of the loopback address: nothing listens there. */
const refusing = "http://127.0.0.1:1"

describe("the official Python client", () => {
  it.scopedLive("can list the dead letters of refused connections", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      for (const path of ["/a", "/b"]) {
        yield* publish(port, `${refusing}${path}`, { "Upstash-Retries": "0", "Upstash-Label": path })
      }
      yield* advance(port, "1 seconds")
      const letters = itemsOf((yield* call(port, "GET", "/v2/dlq")).json, "messages")
      strictEqual(letters.length, 2)
      for (const letter of letters) {
        // The fields that it reads without looking whether they exist.
        for (const name of ["messageId", "url", "method", "dlqId"]) {
          assertTrue(typeof field(letter, name) === "string", name)
        }
        for (const name of ["maxRetries", "createdAt", "notBefore", "responseStatus"]) {
          assertTrue(typeof field(letter, name) === "number", name)
        }
        strictEqual(field(letter, "responseStatus"), 0)
        const one = yield* call(port, "GET", `/v2/dlq/${String(field(letter, "dlqId"))}`)
        deepStrictEqual(one.json, letter)
      }
      const found = yield* call(port, "GET", "/v2/dlq?responseStatus=0&label=/b")
      deepStrictEqual(each(itemsOf(found.json, "messages"), "label"), ["/b"])
      deepStrictEqual((yield* call(port, "DELETE", "/v2/dlq?responseStatus=0")).json, { deleted: 2 })
    }).pipe(Effect.provide(quiet))
  )
})

describe("the official MCP server", () => {
  const text = (base64: unknown) => Buffer.from(String(base64), "base64").toString()

  it.scopedLive("gets bodies cut to trimBody bytes, or none at all", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there } = yield* worker((response) => response.writeHead(500).end("añb"))
      const url = `http://127.0.0.1:${there}/`
      const bytes = Uint8Array.of(0xff, 0xfe, 0xfd)
      const headers = { "Upstash-Retries": "0" }
      yield* publish(port, url, { ...headers, "Upstash-Label": "text" }, "€uro")
      yield* publish(port, url, { ...headers, "Upstash-Label": "bytes" }, bytes)
      yield* publish(port, url, { ...headers, "Upstash-Label": "none" })
      yield* publish(
        port,
        url,
        { ...headers, "Upstash-Label": "redacted", "Upstash-Redact-Fields": "body" },
        "s3cret"
      )
      yield* advance(port, "1 seconds")

      const letters = (query: string) =>
        Effect.map(call(port, "GET", `/v2/dlq${query}`), ({ json, status }) => {
          strictEqual(status, 200, query)
          return new Map(itemsOf(json, "messages").map((letter) => [field(letter, "label"), letter]))
        })
      const bodies = (letter: unknown) =>
        ["body", "bodyBase64", "responseBody"].map((name) => field(letter, name))
      const hash = field((yield* letters("")).get("redacted"), "body")
      assertTrue(String(hash).startsWith("REDACTED:"))
      for (const [trim, euro, base64, response] of [
        ["0", undefined, undefined, undefined],
        ["1", undefined, "/w==", "a"],
        ["2", undefined, "//4=", "a"],
        ["3", "€", "//79", "añ"],
        ["4", "€u", "//79", "añb"],
        ["1000000000000", "€uro", "//79", "añb"],
        ["", "€uro", "//79", "añb"]
      ] as const) {
        const found = yield* letters(`?trimBody=${trim}`)
        deepStrictEqual(bodies(found.get("text")), [euro, undefined, response], trim)
        deepStrictEqual(bodies(found.get("bytes")), [undefined, base64, response], trim)
        deepStrictEqual(bodies(found.get("none")), [undefined, undefined, response], trim)
        deepStrictEqual(
          bodies(found.get("redacted")),
          [trim === "0" ? undefined : hash, undefined, response],
          trim
        )
        for (const path of ["/v2/logs", "/v2/events"]) {
          const log = yield* call(port, "GET", `${path}?trimBody=${trim}&label=text&state=FAILED`)
          const [entry] = itemsOf(log.json, path.slice(4))
          strictEqual(
            field(entry, "body"),
            euro === undefined ? undefined : Buffer.from(euro).toString("base64")
          )
          strictEqual(text(field(entry, "responseBody") ?? ""), response ?? "")
        }
      }
      // What is shown shorter is still whole.
      const dlqId = String(field((yield* letters("?trimBody=0")).get("text"), "dlqId"))
      strictEqual(field((yield* call(port, "GET", `/v2/dlq/${dlqId}`)).json, "body"), "€uro")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("gets the log grouped by message, each message on one page with all of its events", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there } = yield* worker()
      const url = `http://127.0.0.1:${there}/`
      const ids: Array<string> = []
      for (let count = 0; count < 25; count++) {
        ids.push(yield* publish(port, url, { "Upstash-Delay": "10s" }, `body ${count}`))
      }
      // The events of all messages are now interleaved: 25 times CREATED, then ACTIVE and DELIVERED.
      yield* advance(port, "1 minutes")
      ids.push(yield* publish(port, url, { "Upstash-Delay": "1d" }))
      const page = (query: string) =>
        Effect.map(call(port, "GET", `/v2/logs?groupBy=messageId${query}`), ({ json, status }) => {
          strictEqual(status, 200, query)
          return {
            messages: itemsOf(json, "messages").map((message) => ({
              messageId: field(message, "messageId"),
              states: each(itemsOf(message, "events"), "state").join(" "),
              json: message
            })),
            keys: Object.keys(json ?? {}),
            cursor: field(json, "cursor")
          }
        })

      for (const [order, states] of [
        ["latestFirst", "DELIVERED ACTIVE CREATED"],
        ["earliestFirst", "CREATED ACTIVE DELIVERED"]
      ] as const) {
        const seen: Array<unknown> = []
        const found: Array<number> = []
        let cursor = ""
        for (;;) {
          const { cursor: next, keys, messages } = yield* page(`&order=${order}&trimBody=0&cursor=${cursor}`)
          found.push(messages.length)
          for (const one of messages) {
            seen.push(one.messageId)
            strictEqual(one.states, one.messageId === ids[25] ? "CREATED" : states)
            deepStrictEqual(Object.keys(one.json ?? {}), ["messageId", "events"])
            for (const event of itemsOf(one.json, "events")) {
              strictEqual(field(event, "messageId"), one.messageId)
              strictEqual(field(event, "body"), undefined)
            }
          }
          deepStrictEqual(keys, next === undefined ? ["messages"] : ["messages", "cursor"])
          if (typeof next !== "string") break
          cursor = next
        }
        deepStrictEqual(found, [10, 10, 6])
        deepStrictEqual(seen.map(String).toSorted(), ids.toSorted())
      }

      const first = yield* page("&count=1")
      deepStrictEqual(
        first.messages.map(({ messageId }) => messageId),
        [ids[25]]
      )
      strictEqual((yield* page("&count=5000")).messages.length, 26)
      strictEqual((yield* page("&state=ACTIVE")).messages.length, 10)
      strictEqual((yield* page("&state=ACTIVE")).messages[0]?.states, "ACTIVE")
      deepStrictEqual(
        yield* page(`&messageId=${ids[3]}`).pipe(Effect.map(({ messages }) => messages.length)),
        1
      )
      deepStrictEqual((yield* call(port, "GET", "/v2/logs?groupBy=messageId&label=none")).json, {
        messages: []
      })
      strictEqual((yield* call(port, "GET", "/v2/logs?groupBy=messageId&cursor=x")).status, 400)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("finds each message of the grouped log, though one is delivered between two pages", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there } = yield* worker()
      const ids: Array<string> = []
      for (const delay of ["10s", "1d", "1d", "1d"]) {
        ids.push(yield* publish(port, `http://127.0.0.1:${there}/`, { "Upstash-Delay": delay }))
      }
      const page = (cursor: string) =>
        Effect.map(
          call(port, "GET", `/v2/logs?groupBy=messageId&count=2&order=latestFirst&cursor=${cursor}`),
          ({ json }) => json
        )
      const idsOf = (json: unknown) => each(itemsOf(json, "messages"), "messageId")
      const first = yield* page("")
      deepStrictEqual(idsOf(first), [ids[3], ids[2]])
      yield* advance(port, "1 minutes")
      const second = yield* page(String(field(first, "cursor")))
      deepStrictEqual(idsOf(second), [ids[1], ids[0]])
      strictEqual(field(second, "cursor"), undefined)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("gets all entries of a message whose bodies are too large for a page, but are left out", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual", maxPageBytes: 10_000 })
      const { port: there } = yield* worker((response) => response.end("y".repeat(6000)))
      yield* publish(port, `http://127.0.0.1:${there}/`, {}, "x".repeat(6000))
      yield* advance(port, "1 seconds")
      for (const trim of [0, 100]) {
        const { json } = yield* call(port, "GET", `/v2/logs?groupBy=messageId&trimBody=${trim}`)
        deepStrictEqual(
          itemsOf(json, "messages").map((message) => each(itemsOf(message, "events"), "state")),
          [["DELIVERED", "ACTIVE", "CREATED"]]
        )
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("gets no larger page of grouped logs than the limit, and still every message once", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual", maxPageBytes: 10_000 })
      const { port: there } = yield* worker()
      const ids: Array<string> = []
      for (const size of [1000, 1000, 1000, 20_000, 1000]) {
        ids.push(yield* publish(port, `http://127.0.0.1:${there}/`, {}, "x".repeat(size)))
      }
      yield* advance(port, "1 seconds")
      const pages: Array<ReadonlyArray<readonly [number, number]>> = []
      let cursor: unknown = ""
      while (typeof cursor === "string") {
        const { json, status } = yield* call(
          port,
          "GET",
          `/v2/logs?groupBy=messageId&order=earliestFirst&cursor=${cursor}`
        )
        strictEqual(status, 200)
        pages.push(
          itemsOf(json, "messages").map(
            (one) => [ids.indexOf(String(field(one, "messageId"))), itemsOf(one, "events").length] as const
          )
        )
        cursor = field(json, "cursor")
      }
      deepStrictEqual(pages, [
        [
          [0, 3],
          [1, 3]
        ],
        [[2, 3]],
        // Larger than a page by itself.
        [[3, 1]],
        [[4, 3]]
      ])
    }).pipe(Effect.provide(quiet))
  )
})
