import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Exit } from "effect"
import {
  advance,
  bearer,
  call,
  each,
  field,
  group,
  headerOf,
  itemsOf,
  publish,
  quiet,
  refusalOf,
  serve,
  token,
  worker
} from "./support.ts"

const allBytes = Uint8Array.from({ length: 256 }, (_, index) => index)

/** Long enough to be looked at before it is delivered. */
const later = { "Upstash-Delay": "1d" }

describe("a message to a URL", () => {
  it.scopedLive("is accepted under an id and delivered as it was sent", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const url = `http://127.0.0.1:${there}/jobs//a%2Fb?x=1?y&z=%20`
      const { json, status } = yield* call(port, "POST", `/v2/publish/${url}`, {
        headers: {
          ...bearer,
          "Upstash-Method": "PUT",
          "Content-Type": "application/x-bytes",
          "Upstash-Forward-x-TOKEN": "s\xe9cret",
          Cookie: "not forwarded"
        },
        body: allBytes
      })
      strictEqual(status, 200)
      deepStrictEqual(Object.keys(json ?? {}).toSorted(), ["messageId", "url"])
      strictEqual(field(json, "url"), url)
      yield* advance(port, "1 seconds")
      const [delivery] = received
      assertTrue(delivery !== undefined)
      strictEqual(received.length, 1)
      strictEqual(delivery.method, "PUT")
      strictEqual(delivery.target, "/jobs//a%2Fb?x=1?y&z=%20")
      deepStrictEqual(Uint8Array.from(delivery.body), allBytes)
      strictEqual(headerOf(delivery, "Upstash-Message-Id"), field(json, "messageId"))
      strictEqual(headerOf(delivery, "Content-Type"), "application/x-bytes")
      strictEqual(headerOf(delivery, "X-Token"), "s\xe9cret")
      for (const name of ["Cookie", "Authorization", "Upstash-Schedule-Id"]) {
        strictEqual(headerOf(delivery, name), undefined)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is delivered at once in real time", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const arrived = yield* Deferred.make<string | undefined>()
      const { port: there } = yield* worker((response, one) => {
        response.end()
        Deferred.unsafeDone(arrived, Exit.succeed(headerOf(one, "Upstash-Message-Id")))
      })
      const messageId = yield* publish(port, `http://127.0.0.1:${there}/`)
      strictEqual(yield* Deferred.await(arrived), messageId)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("may come from a sender that sets neither method nor headers", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      for (const method of ["POST", "PUT", "PATCH", "GET"]) {
        const target = `/v2/publish/http://127.0.0.1:${there}/${method}?a=1&upstash-method=DELETE&qstash_token=${encodeURIComponent(token)}&b=%2F`
        const { json, status } = yield* call(port, method, target, { headers: {} })
        strictEqual(status, 200, method)
        strictEqual(field(json, "url"), `http://127.0.0.1:${there}/${method}?a=1&b=%2F`)
      }
      yield* advance(port, "1 seconds")
      deepStrictEqual(received.map((one) => `${one.method} ${one.target}`).toSorted(), [
        "DELETE /GET?a=1&b=%2F",
        "DELETE /PATCH?a=1&b=%2F",
        "DELETE /POST?a=1&b=%2F",
        "DELETE /PUT?a=1&b=%2F"
      ])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("takes all headers along if it is told to, but not the account's token", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const headers = { "X-Hub-Event": "push", "Upstash-Telemetry-Sdk": "none" }
      yield* publish(port, `http://127.0.0.1:${there}/?upstash-header-forward=true`, headers, "{}")
      yield* advance(port, "1 seconds")
      const [delivery] = received
      assertTrue(delivery !== undefined)
      strictEqual(headerOf(delivery, "X-Hub-Event"), "push")
      for (const name of ["Authorization", "Upstash-Telemetry-Sdk", "Upstash-Header-Forward"]) {
        strictEqual(headerOf(delivery, name), undefined)
      }
      strictEqual(headerOf(delivery, "Host"), `127.0.0.1:${there}`)
      strictEqual(delivery.headers.filter(([name]) => /^host$/i.test(name)).length, 1)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("waits for its delay or its instant, of which the instant counts", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      yield* call(port, "POST", "/dev/clock/advance", { body: '{"to":"2999-01-01T00:00:00Z"}' })
      const at = Date.UTC(2999, 0, 1, 1)
      const url = `http://127.0.0.1:${there}`
      yield* publish(port, `${url}/delay`, { "Upstash-Delay": "1m30s" })
      yield* publish(port, `${url}/instant`, {
        "Upstash-Not-Before": String(at / 1000),
        "Upstash-Delay": "1m"
      })
      const paths = () => received.map(({ target }) => target)
      yield* advance(port, "89 seconds")
      deepStrictEqual(paths(), [])
      yield* advance(port, "1 seconds")
      deepStrictEqual(paths(), ["/delay"])
      yield* advance(port, "1 hours")
      deepStrictEqual(paths(), ["/delay", "/instant"])
      const tooLate = yield* call(port, "POST", "/v2/publish/https://example.com", {
        headers: { ...bearer, "Upstash-Delay": "9999d" }
      })
      strictEqual(tooLate.status, 412)
      assertInclude(tooLate.text, "quota maxDelay exceeded")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is accepted once under a deduplication id, or with the same content", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const send = (path: string, headers: Readonly<Record<string, string>>, body = "") =>
        call(port, "POST", `/v2/publish/http://127.0.0.1:${there}/${path}`, {
          headers: { ...bearer, ...headers },
          body
        })
      const byId = { "Upstash-Deduplication-Id": "order-1" }
      const first = yield* send("a", byId)
      strictEqual(first.status, 200)
      strictEqual(field(first.json, "deduplicated"), undefined)
      const second = yield* send("b", byId)
      strictEqual(second.status, 202)
      strictEqual(field(second.json, "deduplicated"), true)
      strictEqual(field(second.json, "messageId"), field(first.json, "messageId"))

      const byContent = { "Upstash-Content-Based-Deduplication": "True" }
      strictEqual((yield* send("c", byContent, "x")).status, 200)
      strictEqual((yield* send("c", byContent, "x")).status, 202)
      strictEqual((yield* send("c", byContent, "y")).status, 200)
      deepStrictEqual(refusalOf(yield* send("d", { "Upstash-Deduplication-Id": "a:b" })), [
        400,
        "DeduplicationId cannot contain ':'"
      ])
      yield* advance(port, "1 seconds")
      deepStrictEqual(
        received.map(({ target }) => target),
        ["/a", "/c", "/c"]
      )
      yield* advance(port, "10 minutes")
      strictEqual((yield* send("e", byId)).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("reads back until it is delivered, and then is not found", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there } = yield* worker()
      const url = `http://127.0.0.1:${there}/?a=1`
      const messageId = yield* publish(
        port,
        url,
        {
          "Upstash-Delay": "1h",
          "Upstash-Label": "a, b",
          "Upstash-Retries": "7",
          "Upstash-Retry-Delay": "1000 * (1 + retried)",
          "Upstash-Callback": "https://example.com/callback",
          "Upstash-Failure-Callback": "https://example.com/failure",
          "Upstash-Flow-Control-Key": "k",
          "Upstash-Flow-Control-Value": "parallelism=2, rate=5, period=1m",
          "Upstash-Forward-X-Secret": "secret",
          "Upstash-Redact-Fields": "header[X-Secret]",
          "Content-Type": "text/plain"
        },
        "text"
      )
      const { json, status } = yield* call(port, "GET", `/v2/messages/${messageId}`)
      strictEqual(status, 200)
      strictEqual(Number(field(json, "notBefore")) - Number(field(json, "createdAt")), 3_600_000)
      deepStrictEqual(field(field(json, "header"), "Content-Type"), ["text/plain"])
      assertInclude(String(field(field(json, "header"), "X-Secret")), "REDACTED:")
      for (const [name, value] of Object.entries({
        messageId,
        url,
        method: "POST",
        maxRetries: 7,
        body: "text",
        callback: "https://example.com/callback",
        failureCallback: "https://example.com/failure",
        callerIP: "127.0.0.1",
        label: "a",
        labels: ["a", "b"],
        flowControlKey: "k",
        rate: 5,
        parallelism: 2,
        period: 60,
        retryDelayExpression: "1000 * (1 + retried)"
      })) {
        deepStrictEqual(field(json, name), value, name)
      }
      strictEqual(field(json, "queueName"), undefined)
      yield* advance(port, "1 hours")
      for (const method of ["GET", "DELETE"]) {
        deepStrictEqual(refusalOf(yield* call(port, method, `/v2/messages/${messageId}`)), [
          404,
          `message ${messageId} not found`
        ])
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that cannot be accepted is refused with QStash's own texts", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const scheme = "invalid destination url: endpoint has invalid scheme, add http:// or https://"
      const empty = "a non-empty destination must be provided"
      for (const [target, text] of [
        ["", empty],
        ["/", empty],
        ["/?a=1", empty],
        ["/https%3A%2F%2Fexample.com", scheme],
        ["/ftp://example.com", scheme],
        ["//https://example.com", scheme],
        ["/absent", "topic absent not found"],
        ["/absent?x=1", "topic absent not found"]
      ] as const) {
        for (const path of ["/v2/publish", "/v2/enqueue/q"]) {
          deepStrictEqual(refusalOf(yield* call(port, "POST", path + target)), [400, text], path + target)
        }
      }
      for (const [name, value] of [
        ["Upstash-Cron", "* * * * *"],
        ["Upstash-Retries", "many"],
        ["Upstash-Delay", "1.5s"],
        ["Upstash-Not-Before", "soon"],
        ["Upstash-Method", "BREW"],
        ["Upstash-Callback", "example.com"],
        ["Upstash-Callback-Delay", "1s"],
        ["Upstash-Retry-Delay", "1 +"],
        ["Upstash-Queue-Name", "a b"],
        ["Upstash-Redact-Fields", "x"]
      ] as const) {
        const [status, error] = refusalOf(
          yield* call(port, "POST", "/v2/publish/https://example.com", {
            headers: { ...bearer, [name]: value }
          })
        )
        strictEqual(status, 400, name)
        assertInclude(String(error), name)
      }
      deepStrictEqual(
        refusalOf(
          yield* call(port, "POST", "/v2/publish/https://example.com", {
            headers: { ...bearer, "Upstash-Flow-Control-Key": "k" }
          })
        ),
        [
          400,
          "Upstash-Flow-Control-Value should be either rate=X or parallelism=Y, or both as comma-separated values"
        ]
      )
      deepStrictEqual(itemsOf((yield* call(port, "GET", "/v2/events")).json, "events"), [])
      deepStrictEqual((yield* call(port, "GET", "/v2/queues")).json, [])
    }).pipe(Effect.provide(quiet))
  )
})

describe("a message to a URL group", () => {
  it.scopedLive("becomes one for each endpoint, each with a place in the answer", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const [a, b] = [`http://127.0.0.1:${there}/a`, `http://127.0.0.1:${there}/b`]
      yield* group(port, "both", [{ url: a, name: "First endpoint" }, { url: b }])
      const headers = { ...bearer, "Upstash-Deduplication-Id": "one" }
      const published = yield* call(port, "POST", "/v2/publish/both", { headers, body: "x" })
      strictEqual(published.status, 200)
      deepStrictEqual(each(itemsOf(published.json), "url"), [a, b])
      const ids = each(itemsOf(published.json), "messageId")
      strictEqual(new Set(ids).size, 2)

      const again = yield* call(port, "POST", "/v2/publish/both", { headers, body: "x" })
      strictEqual(again.status, 202)
      deepStrictEqual(each(itemsOf(again.json), "messageId"), ids)
      deepStrictEqual(each(itemsOf(again.json), "deduplicated"), [true, true])

      const { json } = yield* call(port, "GET", `/v2/messages/${String(ids[0])}`)
      strictEqual(field(json, "topicName"), "both")
      strictEqual(field(json, "endpointName"), "First endpoint")
      yield* advance(port, "1 seconds")
      deepStrictEqual(received.map(({ target }) => target).toSorted(), ["/a", "/b"])
      deepStrictEqual(
        received.map((one) => headerOf(one, "Upstash-Topic-Name")),
        ["both", "both"]
      )
    }).pipe(Effect.provide(quiet))
  )
})

describe("a message into a queue", () => {
  it.scopedLive("makes the queue, by the path of enqueue or by the header of publish", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      for (const [target, headers] of [
        ["/v2/enqueue/one/https://example.com/a?b=1", {}],
        ["/v2/enqueue/t%77o/https://example.com/a?b=1", {}],
        ["/v2/enqueue/three/https://example.com/a?b=1", { "Upstash-Queue-Name": "another" }],
        ["/v2/publish/https://example.com/a?b=1", { "Upstash-Queue-Name": "four" }],
        ["/V2/Enqueue/five/https:/example.com/a?b=1&upstash-delay=1h", {}]
      ] as const) {
        const { json, status } = yield* call(port, "POST", target, { headers: { ...bearer, ...headers } })
        strictEqual(status, 200, target)
        strictEqual(field(json, "url"), "https://example.com/a?b=1")
      }
      const { json } = yield* call(port, "GET", "/v2/queues")
      deepStrictEqual(each(itemsOf(json), "name"), ["one", "two", "three", "four", "five"])
      deepStrictEqual(each(itemsOf(json), "lag"), [1, 1, 1, 1, 1])
      deepStrictEqual(each(itemsOf(json), "parallelism"), [1, 1, 1, 1, 1])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is refused where the path names no queue", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const [target, status, text] of [
        ["/v2/enqueue/a%20b/https://example.com", 400, "queueName: "],
        ["/v2/enqueue/../https://example.com", 400, "queueName: "],
        ["/v2/enqueue/%zz/https://example.com", 400, "percent-encoded"],
        ["/v2/enqueue/https://example.com", 404, "not found: this server"],
        ["/v2/enqueue//https://example.com", 400, "path is empty"],
        ["/v2/enqueue/", 400, "path is empty"]
      ] as const) {
        const [found, error] = refusalOf(yield* call(port, "POST", target))
        strictEqual(found, status, target)
        assertInclude(String(error), text)
      }
    }).pipe(Effect.provide(quiet))
  )
})

describe("a batch", () => {
  const batch = (port: number, items: unknown, headers: Readonly<Record<string, string>> = {}) =>
    call(port, "POST", "/v2/batch", { headers: { ...bearer, ...headers }, body: JSON.stringify(items) })

  it.scopedLive("is answered item by item, a list for each group", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const url = `http://127.0.0.1:${there}`
      yield* group(port, "both", [{ url: `${url}/1` }, { url: `${url}/2` }])
      const reply = yield* batch(
        port,
        [
          { destination: `${url}/a`, body: "grüße", headers: { "upstash-method": "PUT" }, queue: null },
          { destination: "both", queue: "" },
          { destination: `${url}/b`, body: null, headers: { "Upstash-Forward-X": "1" }, unknown: true },
          { destination: `${url}/c?x=1`, queue: "q" }
        ],
        { "Upstash-Method": "DELETE", "Upstash-Forward-Y": "not for the items" }
      )
      strictEqual(reply.status, 200)
      const items = itemsOf(reply.json)
      deepStrictEqual(
        items.map((item) => (Array.isArray(item) ? each(item, "url") : field(item, "url"))),
        [`${url}/a`, [`${url}/1`, `${url}/2`], `${url}/b`, `${url}/c?x=1`]
      )
      deepStrictEqual(each(itemsOf((yield* call(port, "GET", "/v2/queues")).json), "name"), ["q"])
      yield* advance(port, "1 seconds")
      const sent = received.map((one) => `${one.method} ${one.target} ${one.body.toString()}`)
      deepStrictEqual(sent.toSorted(), ["POST /1 ", "POST /2 ", "POST /b ", "POST /c?x=1 ", "PUT /a grüße"])
      for (const one of received) strictEqual(headerOf(one, "Y"), undefined)
      const single = yield* batch(port, [{ destination: "https://example.com" }])
      strictEqual(itemsOf(single.json).length, 1)
      deepStrictEqual((yield* batch(port, [])).json, [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("with one item that is wrong sends nothing", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const good = { destination: "https://example.com" }
      for (const [items, status, text] of [
        [[good, { ...good, headers: { "Upstash-Retries": "x" } }], 400, "[1].Upstash-Retries"],
        [[good, good, {}], 400, "a non-empty destination must be provided"],
        [[good, { destination: "absent" }], 400, "topic absent not found"],
        [[good, { ...good, queue: "a b" }], 400, "[1].queue"],
        [[good, { ...good, body: 7 }], 400, "[1].body"],
        [[good, null], 400, "[1]"],
        [[good, { ...good, headers: { "Upstash-Delay": "9999d" } }], 412, "quota maxDelay exceeded"],
        [good, 400, "array"],
        ["text", 400, "array"]
      ] as const) {
        const [found, error] = refusalOf(yield* batch(port, items))
        strictEqual(found, status, JSON.stringify(items))
        assertInclude(String(error), text)
      }
      for (const body of ["", "[", "{}x", Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d)]) {
        deepStrictEqual(refusalOf(yield* call(port, "POST", "/v2/batch", { body })), [
          400,
          "the body is not JSON in UTF-8"
        ])
      }
      deepStrictEqual(itemsOf((yield* call(port, "GET", "/v2/events")).json, "events"), [])
    }).pipe(Effect.provide(quiet))
  )
})

describe("a cancel", () => {
  it.scopedLive("of one message takes it away, once", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const messageId = yield* publish(port, `http://127.0.0.1:${there}/`, later)
      const cancelled = yield* call(port, "DELETE", `/v2/Messages/${messageId}/`)
      strictEqual(cancelled.status, 200)
      deepStrictEqual(cancelled.json, { cancelled: 1 })
      deepStrictEqual(refusalOf(yield* call(port, "DELETE", `/v2/messages/${messageId}`)), [
        404,
        `message ${messageId} not found`
      ])
      yield* advance(port, "2 days")
      deepStrictEqual(received, [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("of many takes filters of the query or of a JSON body", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      /** Publishes messages with these labels anew, cancels, and answers what was cancelled and which labels are left. */
      const cancel = (labels: ReadonlyArray<string>, target: string, body = "") =>
        Effect.gen(function* () {
          yield* call(port, "DELETE", "/v2/messages")
          const ids: Array<string> = []
          for (const label of labels) {
            const headers = { ...later, "Upstash-Label": label }
            ids.push(yield* publish(port, `https://example.com/${label}?x=1,2`, headers))
          }
          const withIds = (text: string) => text.replace(/#(\d)/g, (_, index) => ids[Number(index)] ?? "")
          const { json, status } = yield* call(port, "DELETE", `/v2/messages${withIds(target)}`, {
            body: withIds(body)
          })
          strictEqual(status, 200, target)
          const left: Array<string> = []
          for (const [index, id] of ids.entries()) {
            const found = yield* call(port, "GET", `/v2/messages/${id}`)
            if (found.status === 200) left.push(labels[index] ?? "")
          }
          deepStrictEqual(Object.keys(json ?? {}), ["cancelled"])
          return [field(json, "cancelled"), left.join("")] as const
        })
      const abc = ["a", "b", "c"]
      deepStrictEqual(yield* cancel(abc, "?label=a"), [1, "bc"])
      deepStrictEqual(yield* cancel(abc, "?label=a&label=c"), [2, "b"])
      deepStrictEqual(yield* cancel(abc, "?label=a,c"), [2, "b"])
      deepStrictEqual(yield* cancel(abc, "/?label=absent"), [0, "abc"])
      deepStrictEqual(yield* cancel(abc, "?label=a&host=other.example"), [0, "abc"])
      deepStrictEqual(yield* cancel(abc, "?host=example.com&path=/b"), [1, "ac"])
      deepStrictEqual(yield* cancel(abc, `?url=${encodeURIComponent("https://example.com/c?x=1,2")}`), [
        1,
        "ab"
      ])
      deepStrictEqual(yield* cancel(abc, "?callerIp=127.0.0.1"), [3, ""])
      deepStrictEqual(yield* cancel(abc, "?callerIP=127.0.0.2"), [0, "abc"])
      deepStrictEqual(yield* cancel(abc, "?toDate=1000"), [0, "abc"])
      deepStrictEqual(yield* cancel(abc, "?fromDate=1000&count=2"), [2, "c"])
      deepStrictEqual(yield* cancel(abc, "?count=100000"), [3, ""])
      deepStrictEqual(yield* cancel(abc, "?messageIds=#0&messageIds=#2"), [2, "b"])
      deepStrictEqual(yield* cancel(abc, "?messageIds=#0,#2&label=b"), [2, "b"])
      deepStrictEqual(yield* cancel(abc, `?qstash_token=${encodeURIComponent(token)}&label=b`), [1, "ac"])
      deepStrictEqual(yield* cancel(abc, ""), [3, ""])
      deepStrictEqual(yield* cancel(abc, "/"), [3, ""])

      deepStrictEqual(yield* cancel(abc, "", '{"messageIds":["#1","msg_absent"]}'), [1, "ac"])
      deepStrictEqual(yield* cancel(abc, "", '{"messageIds":[],"queueName":"","url":null}'), [3, ""])
      deepStrictEqual(yield* cancel(abc, "", "{}"), [3, ""])
      deepStrictEqual(yield* cancel(abc, "", '{"url":"https://example.com/a?x=1,2"}'), [1, "bc"])
      deepStrictEqual(yield* cancel(abc, "", '{"fromDate":1000,"toDate":2000}'), [0, "abc"])
      deepStrictEqual(yield* cancel(abc, "", '{"callerIP":"127.0.0.1","topicName":"g"}'), [0, "abc"])
      deepStrictEqual(yield* cancel(abc, "?label=a,b", '{"label":["b","c"]}'), [2, "a"])
      deepStrictEqual(yield* cancel(abc, "?callerIp=127.0.0.2", '{"callerIP":"127.0.0.1"}'), [3, ""])
      deepStrictEqual(yield* cancel(abc, "?label=a", "{}"), [1, "bc"])
      deepStrictEqual(yield* cancel(abc, "?label=a", '{"label":["",""]}'), [1, "bc"])
      deepStrictEqual(yield* cancel(abc, "?label=a", '{"count":1,"label":null}'), [1, "bc"])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("takes 500 at the most where it says how many, else all", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const items = Array.from({ length: 1002 }, () => ({
        destination: "https://example.com",
        headers: later
      }))
      yield* call(port, "POST", "/v2/batch", { body: JSON.stringify(items) })
      const cancel = (query: string) =>
        Effect.map(call(port, "DELETE", `/v2/messages${query}`), ({ json }) => field(json, "cancelled"))
      strictEqual(yield* cancel("?count=1000"), 500)
      strictEqual(yield* cancel("?count=1"), 1)
      strictEqual(yield* cancel(""), 501)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("with a filter that there is not cancels nothing", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const messageId = yield* publish(port, "https://example.com", later)
      for (const [target, body, text] of [
        ["?labels=a", "", "labels"],
        ["?cursor=1", "", "cursor"],
        ["?order=latestFirst", "", "order"],
        ["?dlqIds=1-0", "", "dlqIds"],
        ["?urlGroup=a", "", "urlGroup"],
        ["?count=0", "", "count"],
        ["?count=-1", "", "count"],
        ["?count=many", "", "count"],
        ["?count=1&count=2", "", "count"],
        ["?fromDate=yesterday", "", "fromDate"],
        ["", '{"labels":["a"]}', "labels"],
        ["", '{"label":{"a":1}}', "label"],
        ["", '{"label":[["a"]]}', "label"],
        ["", '{"label":true}', "label"],
        ["", '{"__proto__":"a"}', "__proto__"],
        ["", '["msg_1"]', "JSON object"],
        ["", '"msg_1"', "JSON object"],
        ["", "null", "JSON object"],
        ["", "messageIds=1", "not JSON"]
      ] as const) {
        const [status, error] = refusalOf(yield* call(port, "DELETE", `/v2/messages${target}`, { body }))
        strictEqual(status, 400, target + body)
        assertInclude(String(error), text)
      }
      strictEqual((yield* call(port, "GET", `/v2/messages/${messageId}`)).status, 200)
    }).pipe(Effect.provide(quiet))
  )
})

describe("a message of another user", () => {
  it.scopedLive("is neither read nor cancelled", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const headers = {
        Authorization: "Bearer eyJVc2VySUQiOiJ0ZXN0VXNlcjEiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9"
      }
      const messageId = yield* publish(port, "https://example.com", later)
      strictEqual((yield* call(port, "GET", `/v2/messages/${messageId}`, { headers })).status, 404)
      strictEqual((yield* call(port, "DELETE", `/v2/messages/${messageId}`, { headers })).status, 404)
      deepStrictEqual((yield* call(port, "DELETE", "/v2/messages", { headers })).json, { cancelled: 0 })
      strictEqual((yield* call(port, "GET", `/v2/messages/${messageId}`)).status, 200)
    }).pipe(Effect.provide(quiet))
  )
})
