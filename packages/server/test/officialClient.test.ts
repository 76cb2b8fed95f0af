import { DevelopmentUsers } from "@effect-qstash/server"
import { describe, it, vi } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Client, Receiver } from "@upstash/qstash"
import { Effect, Redacted } from "effect"
import { execFile } from "node:child_process"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  advance,
  call,
  create,
  field,
  headerOf,
  logsInto,
  publish,
  quiet,
  serve,
  token,
  worker
} from "./support.ts"

// The client prints each refusal as well as throwing it.
vi.spyOn(console, "error").mockImplementation(() => {})

const clientOf = (url: string) => new Client({ baseUrl: url, token, retry: false })

describe("the official client", () => {
  it.scopedLive("creates, reads, pauses, resumes, replaces and deletes schedules", () =>
    Effect.gen(function* () {
      const { url } = yield* serve()
      const { schedules } = clientOf(url)
      const made = yield* Effect.promise(() =>
        schedules.create({
          scheduleId: "nightly",
          cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
          destination: "https://example.com/jobs?a=1&b=%2F",
          body: JSON.stringify({ tenant: "a" }),
          headers: { "Content-Type": "application/json", "X-Test": "1" },
          method: "PUT",
          retries: 5,
          retryDelay: "1000 * (1 + retried)",
          delay: 25,
          timeout: "1m",
          label: "night"
        })
      )
      deepStrictEqual(made, { scheduleId: "nightly" })
      const read = yield* Effect.promise(() => schedules.get("nightly"))
      strictEqual(read.cron, "CRON_TZ=Europe/Berlin 0 4 * * *")
      strictEqual(read.destination, "https://example.com/jobs?a=1&b=%2F")
      strictEqual(read.method, "PUT")
      strictEqual(read.retries, 5)
      strictEqual(read.delay, 25)
      strictEqual(read.label, "night")
      strictEqual(read.body, '{"tenant":"a"}')
      deepStrictEqual(read.header, { "Content-Type": ["application/json"], "X-Test": ["1"] })
      strictEqual(read.isPaused, false)
      assertTrue((read.nextScheduleTime ?? 0) > read.createdAt)
      deepStrictEqual(yield* Effect.promise(() => schedules.list()), [read])

      yield* Effect.promise(() => schedules.pause({ schedule: "nightly" }))
      strictEqual((yield* Effect.promise(() => schedules.get("nightly"))).isPaused, true)
      yield* Effect.promise(() => schedules.resume({ schedule: "nightly" }))
      strictEqual((yield* Effect.promise(() => schedules.get("nightly"))).isPaused, false)

      yield* Effect.promise(() =>
        schedules.create({ scheduleId: "nightly", cron: "* * * * *", destination: "https://example.com" })
      )
      const replaced = yield* Effect.promise(() => schedules.get("nightly"))
      strictEqual(replaced.destination, "https://example.com")
      strictEqual(replaced.body, undefined)
      strictEqual(replaced.createdAt, read.createdAt)

      yield* Effect.promise(() => schedules.delete("nightly"))
      deepStrictEqual(yield* Effect.promise(() => schedules.list()), [])
      const { scheduleId } = yield* Effect.promise(() =>
        schedules.create({ cron: "* * * * *", destination: "https://example.com" })
      )
      assertTrue(scheduleId.startsWith("scd_"))
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("creates schedules with callbacks, queues, flow control and URL groups", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve({ time: "virtual" })
      const client = clientOf(url)
      const { port: there, received } = yield* worker()
      const destination = `http://127.0.0.1:${there}`
      yield* Effect.promise(() =>
        client.urlGroups.addEndpoints({ name: "g", endpoints: [{ url: `${destination}/g` }] })
      )
      yield* Effect.promise(() =>
        client.schedules.create({
          scheduleId: "all",
          cron: "* * * * *",
          destination: "g",
          queueName: "q",
          callback: `${destination}/callback`,
          failureCallback: `${destination}/failure`,
          flowControl: { key: "k", rate: 5, parallelism: 2, period: "1m" }
        })
      )
      const read = yield* Effect.promise(() => client.schedules.get("all"))
      strictEqual(read.destination, "g")
      strictEqual(read.queueName, "q")
      strictEqual(read.callback, `${destination}/callback`)
      strictEqual(read.failureCallback, `${destination}/failure`)
      strictEqual(read.flowControlKey, "k")
      strictEqual(read.rate, 5)
      strictEqual(read.parallelism, 2)
      strictEqual(read.period, 60)
      yield* advance(port, "1 minutes")
      deepStrictEqual(
        received.map(({ target }) => target),
        ["/g", "/callback"]
      )
      const [, callback] = received
      const told: unknown = JSON.parse(callback?.body.toString() ?? "")
      strictEqual(field(told, "status"), 200)
      strictEqual(field(told, "topicName"), "g")
      strictEqual(field(told, "scheduleId"), "all")
      deepStrictEqual(
        (yield* Effect.promise(() => client.queue().list())).map(({ name }) => name),
        ["q"]
      )
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("publishes to a URL, to a URL group, and in batches", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve({ time: "virtual" })
      const client = clientOf(url)
      const { port: there, received } = yield* worker()
      const to = (path: string) => `http://127.0.0.1:${there}/${path}`
      const paths = () =>
        received
          .splice(0)
          .map((one) => `${one.method} ${one.target} ${one.body.toString()}`)
          .toSorted()
      const one = yield* Effect.promise(() =>
        client.publish({
          url: to("a?b=1&c=%2F"),
          body: "text",
          method: "PUT",
          headers: { "X-Test": "1", Authorization: "Basic mine" },
          retries: 5,
          retryDelay: "1000 * (1 + retried)",
          timeout: 60,
          label: ["x", "y"],
          flowControl: { key: "k", parallelism: 1 }
        })
      )
      assertTrue(one.messageId.startsWith("msg_"))
      yield* advance(port, "1 seconds")
      const [delivery] = received
      assertTrue(delivery !== undefined)
      strictEqual(headerOf(delivery, "X-Test"), "1")
      strictEqual(headerOf(delivery, "Authorization"), "Basic mine")
      strictEqual(headerOf(delivery, "Upstash-Message-Id"), one.messageId)
      deepStrictEqual(paths(), ["PUT /a?b=1&c=%2F text"])

      const first = { url: to("same"), body: { n: 1 }, deduplicationId: "n-1" }
      const known = yield* Effect.promise(() => client.publishJSON(first))
      const again = yield* Effect.promise(() => client.publishJSON(first))
      strictEqual(again.messageId, known.messageId)
      strictEqual(again.deduplicated, true)
      const likewise = { url: to("likewise"), body: { n: 1 }, contentBasedDeduplication: true }
      yield* Effect.promise(() => client.publishJSON(likewise))
      strictEqual((yield* Effect.promise(() => client.publishJSON(likewise))).deduplicated, true)

      yield* Effect.promise(() =>
        client.urlGroups.addEndpoints({ name: "g", endpoints: [{ url: to("g1") }, { url: to("g2") }] })
      )
      const both = yield* Effect.promise(() => client.publishJSON({ urlGroup: "g", body: "x" }))
      deepStrictEqual(
        both.map((each) => each.url),
        [to("g1"), to("g2")]
      )
      yield* advance(port, "1 seconds")
      deepStrictEqual(paths(), [
        'POST /g1 "x"',
        'POST /g2 "x"',
        'POST /likewise {"n":1}',
        'POST /same {"n":1}'
      ])

      const batch = yield* Effect.promise(() =>
        client.batch([
          { url: to("b1"), body: "1", method: "DELETE" },
          { urlGroup: "g", body: "2" },
          { url: to("b3"), queueName: "q" }
        ])
      )
      deepStrictEqual(
        batch.map((each) => (Array.isArray(each) ? each.length : 1)),
        [1, 2, 1]
      )
      const batchJson = yield* Effect.promise(() =>
        client.batchJSON([
          { url: to("b4"), body: { n: 4 } },
          { url: to("b5"), delay: "1h" }
        ])
      )
      strictEqual(batchJson.length, 2)
      yield* advance(port, "1 seconds")
      deepStrictEqual(paths(), ["DELETE /b1 1", "POST /b3 ", 'POST /b4 {"n":4}', "POST /g1 2", "POST /g2 2"])
      yield* advance(port, "1 hours")
      deepStrictEqual(paths(), ["POST /b5 "])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("keeps queues and enqueues into them", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve({ time: "virtual" })
      const client = clientOf(url)
      const { port: there, received } = yield* worker()
      const queue = client.queue({ queueName: "q" })
      yield* Effect.promise(() => queue.upsert({ parallelism: 2 }))
      const made = yield* Effect.promise(() => queue.get())
      strictEqual(made.parallelism, 2)
      strictEqual(made.paused, false)
      strictEqual(made.lag, 0)
      yield* Effect.promise(() => queue.pause())
      strictEqual((yield* Effect.promise(() => queue.get())).paused, true)
      const { messageId } = yield* Effect.promise(() =>
        queue.enqueueJSON({ url: `http://127.0.0.1:${there}/1`, body: { n: 1 } })
      )
      assertTrue(messageId.startsWith("msg_"))
      yield* Effect.promise(() => queue.enqueue({ url: `http://127.0.0.1:${there}/2`, body: "2" }))
      strictEqual((yield* Effect.promise(() => client.messages.get(messageId))).queueName, "q")
      yield* advance(port, "1 minutes")
      deepStrictEqual(received, [])
      strictEqual((yield* Effect.promise(() => queue.get())).lag, 2)
      yield* Effect.promise(() => queue.resume())
      yield* advance(port, "1 minutes")
      strictEqual(received.length, 2)
      yield* Effect.promise(() => queue.upsert({ parallelism: 1, paused: true }))
      deepStrictEqual(
        (yield* Effect.promise(() => queue.list())).map(({ name, paused }) => [name, paused]),
        [["q", true]]
      )
      yield* Effect.promise(() => queue.delete())
      yield* Effect.promise(() => queue.delete())
      const absent = yield* Effect.flip(Effect.tryPromise(() => queue.get()))
      assertInclude(String(absent.error), "queue q not found")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("keeps URL groups", () =>
    Effect.gen(function* () {
      const { url } = yield* serve()
      const { urlGroups } = clientOf(url)
      const [a, b] = [{ name: "First one", url: "https://example.com/a" }, { url: "https://example.com/b" }]
      yield* Effect.promise(() => urlGroups.addEndpoints({ name: "g", endpoints: [a, b] }))
      const group = yield* Effect.promise(() => urlGroups.get("g"))
      deepStrictEqual(group.endpoints, [a, b])
      deepStrictEqual(yield* Effect.promise(() => urlGroups.list()), [group])
      yield* Effect.promise(() => urlGroups.removeEndpoints({ name: "g", endpoints: [a] }))
      deepStrictEqual((yield* Effect.promise(() => urlGroups.get("g"))).endpoints, [b])
      const absent = yield* Effect.flip(
        Effect.tryPromise(() => urlGroups.removeEndpoints({ name: "g", endpoints: [a] }))
      )
      assertInclude(String(absent.error), "topic g not found")
      yield* Effect.promise(() => urlGroups.delete("g"))
      yield* Effect.promise(() => urlGroups.delete("g"))
      deepStrictEqual(yield* Effect.promise(() => urlGroups.list()), [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("reads messages and cancels them, one by one, by filters and all", () =>
    Effect.gen(function* () {
      const { url } = yield* serve()
      const client = clientOf(url)
      const { messages } = client
      const send = (label: string) =>
        Effect.promise(() =>
          client.publish({ url: `https://example.com/${label}`, body: label, delay: "1d", label })
        ).pipe(Effect.map(({ messageId }) => messageId))
      const [a, b, c, d] = [yield* send("a"), yield* send("b"), yield* send("c"), yield* send("d")]
      const read = yield* Effect.promise(() => messages.get(a))
      strictEqual(read.url, "https://example.com/a")
      strictEqual(read.body, "a")
      strictEqual(read.method, "POST")
      strictEqual(read.maxRetries, 3)
      strictEqual(read.label, "a")
      const cancel = (...request: Parameters<typeof messages.cancel>) =>
        Effect.promise(() => messages.cancel(...request)).pipe(Effect.map(({ cancelled }) => cancelled))
      strictEqual(yield* cancel(a), 1)
      strictEqual(yield* cancel([a, b]), 1)
      strictEqual(yield* cancel({ filter: { label: ["c", "x"], host: "example.com" } }), 1)
      strictEqual(yield* cancel({ filter: { fromDate: new Date(0), toDate: 1000 } }), 0)
      strictEqual(yield* cancel({ messageIds: [c, d] }), 1)
      const absent = yield* Effect.flip(Effect.tryPromise(() => messages.get(d)))
      assertInclude(String(absent.error), `message ${d} not found`)

      yield* Effect.flatMap(send("e"), (e) => Effect.promise(() => messages.delete(e)))
      const [f, g] = [yield* send("f"), yield* send("g")]
      strictEqual(yield* Effect.promise(() => messages.deleteMany([f])), 1)
      yield* send("h")
      strictEqual(yield* cancel({ filter: { queueName: "q", urlGroup: "g", callerIp: "127.0.0.1" } }), 0)
      strictEqual(yield* cancel({ all: true, count: 1 }), 1)
      strictEqual(yield* Effect.promise(() => messages.deleteAll()), 1)
      yield* Effect.flip(Effect.tryPromise(() => messages.get(g)))
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("reads, deletes and retries dead letters", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve({ time: "virtual" })
      const client = clientOf(url)
      const { dlq } = client
      const place = { fails: true }
      const { port: there, received } = yield* worker((response) => {
        response.writeHead(place.fails ? 500 : 200, { "X-Answer": "1" }).end("answer")
      })
      const fail = (...labels: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          place.fails = true
          for (const label of labels) {
            yield* Effect.promise(() =>
              client.publish({ url: `http://127.0.0.1:${there}/${label}`, body: label, retries: 0, label })
            )
            yield* advance(port, "1 seconds")
          }
          received.length = 0
          place.fails = false
        })
      const list = (...request: Parameters<typeof dlq.listMessages>) =>
        Effect.promise(() => dlq.listMessages(...request)).pipe(
          Effect.map(({ cursor, messages }) => ({
            cursor,
            messages,
            labels: messages.map(({ label }) => label).join("")
          }))
        )

      yield* fail("a", "b", "c", "d", "e", "f")
      const all = yield* list()
      strictEqual(all.labels, "abcdef")
      strictEqual(all.cursor, undefined)
      const [a, b, c] = all.messages
      assertTrue(a !== undefined && b !== undefined && c !== undefined)
      strictEqual(a.responseStatus, 500)
      strictEqual(a.responseBody, "answer")
      deepStrictEqual(a.responseHeader?.["X-Answer"], ["1"])
      const page = yield* list({ count: 4 })
      strictEqual(page.labels, "abcd")
      assertTrue(page.cursor !== undefined)
      strictEqual((yield* list({ count: 4, cursor: page.cursor })).labels, "ef")
      strictEqual((yield* list({ filter: { label: ["a", "c"], responseStatus: 500 } })).labels, "ac")
      strictEqual((yield* list({ filter: { messageId: b.messageId } })).labels, "b")
      strictEqual((yield* list({ dlqIds: [a.dlqId, c.dlqId] })).labels, "ac")

      deepStrictEqual(yield* Effect.promise(() => dlq.delete(a.dlqId)), { deleted: 1 })
      const twice = yield* Effect.flip(Effect.tryPromise(() => dlq.delete(a.dlqId)))
      assertInclude(String(twice.error), "not found")
      deepStrictEqual(yield* Effect.promise(() => dlq.delete([a.dlqId, b.dlqId])), { deleted: 1 })
      deepStrictEqual(yield* Effect.promise(() => dlq.deleteMany({ dlqIds: [c.dlqId] })), { deleted: 1 })
      deepStrictEqual(yield* Effect.promise(() => dlq.delete({ filter: { label: "d" } })), { deleted: 1 })
      const part = yield* Effect.promise(() => dlq.delete({ all: true, count: 1 }))
      strictEqual(part.deleted, 1)
      const rest = yield* Effect.promise(() =>
        dlq.delete({ all: true, count: 1, ...(part.cursor === undefined ? {} : { cursor: part.cursor }) })
      )
      deepStrictEqual(rest, { deleted: 1 })
      strictEqual((yield* list()).labels, "")

      yield* fail("a", "b", "c", "d", "e")
      const again = (yield* list()).messages.map(({ dlqId }) => dlqId)
      const retry = (...request: Parameters<typeof dlq.retry>) =>
        Effect.promise(() => dlq.retry(...request)).pipe(
          Effect.map(({ cursor, responses }) => [responses.length, cursor !== undefined])
        )
      deepStrictEqual(yield* retry(again[0] ?? ""), [1, false])
      deepStrictEqual(yield* retry([again[0] ?? "", again[1] ?? ""]), [1, false])
      deepStrictEqual(yield* retry({ filter: { label: "c" } }), [1, false])
      deepStrictEqual(yield* retry({ filter: { label: "absent" } }), [0, false])
      deepStrictEqual(yield* retry({ all: true, count: 1 }), [1, true])
      deepStrictEqual(yield* retry({ all: true }), [1, false])
      yield* advance(port, "1 seconds")
      deepStrictEqual(received.map(({ target }) => target).toSorted(), ["/a", "/b", "/c", "/d", "/e"])
      strictEqual((yield* list()).labels, "")
      const gone = yield* Effect.flip(Effect.tryPromise(() => dlq.retry(again[0] ?? "")))
      assertInclude(String(gone.error), `dlq message ${again[0]} not found`)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("reads the log, filtered and page by page", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve({ time: "virtual" })
      const client = clientOf(url)
      const { port: there } = yield* worker()
      const send = (label: string) =>
        Effect.promise(() => client.publish({ url: `http://127.0.0.1:${there}/${label}`, label }))
      const { messageId: a } = yield* send("a")
      const { messageId: b } = yield* send("b")
      yield* advance(port, "1 seconds")
      const logs = (...request: Parameters<typeof client.logs>) =>
        Effect.promise(() => client.logs(...request))
      const all = yield* logs()
      strictEqual(all.logs.length, 6)
      strictEqual(all.cursor, undefined)
      deepStrictEqual(
        (yield* logs({ messageIds: [a] })).logs.map(({ state }) => state),
        ["DELIVERED", "ACTIVE", "CREATED"]
      )
      deepStrictEqual(
        (yield* logs({ filter: { state: "DELIVERED", label: "b" } })).logs.map(({ messageId }) => messageId),
        [b]
      )
      deepStrictEqual((yield* logs({ filter: { host: "example.com", fromDate: 1 } })).logs, [])
      const pages: Array<string> = []
      let cursor: string | undefined
      do {
        const page = yield* logs({ count: 4, ...(cursor === undefined ? {} : { cursor }) })
        pages.push(page.logs.map(({ state }) => state).join(" "))
        cursor = page.cursor
      } while (cursor !== undefined)
      strictEqual(pages.length, 2)
      strictEqual(pages.join(" "), all.logs.map(({ state }) => state).join(" "))
      deepStrictEqual(yield* Effect.promise(() => client.events({})), all)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("steers flow control", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve({ time: "virtual", concurrencyPerTenant: 9 })
      const client = clientOf(url)
      const { flowControl } = client
      const { port: there, received } = yield* worker()
      const send = Effect.promise(() =>
        client.publish({
          url: `http://127.0.0.1:${there}/`,
          flowControl: { key: "k-1", rate: 1, parallelism: 3, period: 3600 }
        })
      )
      yield* send
      const get = Effect.promise(() => flowControl.get("k-1"))
      const made = yield* get
      deepStrictEqual(
        [made.flowControlKey, made.rateMax, made.parallelismMax, made.ratePeriod],
        ["k-1", 1, 3, 3600]
      )
      yield* advance(port, "1 seconds")
      strictEqual((yield* get).rateCount, 1)
      yield* send
      yield* advance(port, "1 seconds")
      strictEqual((yield* get).waitListSize, 1)
      yield* Effect.promise(() => flowControl.resetRate("k-1"))
      yield* advance(port, "1 seconds")
      strictEqual(received.length, 2)
      yield* Effect.promise(() => flowControl.pause("k-1"))
      strictEqual((yield* get).isPaused, true)
      yield* Effect.promise(() => flowControl.resume("k-1"))
      strictEqual((yield* get).isPaused, false)
      yield* Effect.promise(() => flowControl.pin("k-1", { parallelism: 5, rate: 6, period: 60 }))
      const pinned = yield* get
      deepStrictEqual(
        [
          pinned.parallelismMax,
          pinned.rateMax,
          pinned.ratePeriod,
          pinned.isPinnedParallelism,
          pinned.isPinnedRate
        ],
        [5, 6, 60, true, true]
      )
      yield* Effect.promise(() => flowControl.unpin("k-1", { parallelism: true, rate: true }))
      const unpinned = yield* get
      deepStrictEqual([unpinned.isPinnedParallelism, unpinned.isPinnedRate], [false, false])
      deepStrictEqual(yield* Effect.promise(() => flowControl.getGlobalParallelism()), {
        parallelismMax: 9,
        parallelismCount: 0
      })
      const absent = yield* Effect.flip(Effect.tryPromise(() => flowControl.get("absent")))
      assertInclude(String(absent.error), "flow control key absent not found")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is told what is redacted, and what is wrong", () =>
    Effect.gen(function* () {
      const { url } = yield* serve()
      const { schedules } = clientOf(url)
      const base = { cron: "* * * * *", destination: "https://example.com" }
      yield* Effect.promise(() =>
        schedules.create({
          ...base,
          scheduleId: "redacted",
          body: "secret",
          headers: { Authorization: "secret" },
          redact: { body: true, header: ["Authorization"] }
        })
      )
      const { body, header } = yield* Effect.promise(() => schedules.get("redacted"))
      assertInclude(String(body), "REDACTED:")
      assertInclude(String(header?.["Authorization"]), "REDACTED:")
      for (const [text, refused] of Object.entries({
        "Invalid cron expression": { cron: "* * * *" },
        "Upstash-Queue-Name": { queueName: "a b" },
        "Upstash-Callback": { callback: "example.com" }
      })) {
        const error = yield* Effect.flip(Effect.tryPromise(() => schedules.create({ ...base, ...refused })))
        assertInclude(String(error.error), text)
      }
      const absent = yield* Effect.flip(Effect.tryPromise(() => schedules.get("absent")))
      assertInclude(String(absent.error), "schedule absent not found")
      const stranger = new Client({ baseUrl: url, token: "wrong", retry: false })
      const unknown = yield* Effect.flip(Effect.tryPromise(() => stranger.schedules.list()))
      assertInclude(String(unknown.error), "unable to authenticate: invalid token")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("accepts the signatures, of the body and for the URL", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const destination = `http://127.0.0.1:${there}/jobs?x=%2F`
      yield* create(port, destination, {}, '{"tenant":"é"}')
      yield* advance(port, "1 minutes")
      const [delivery] = received
      assertTrue(delivery !== undefined)
      const text = delivery.body.toString()
      for (const receiver of [
        new Receiver({
          currentSigningKey: Redacted.value(DevelopmentUsers.defaultUser.currentSigningKey),
          nextSigningKey: Redacted.value(DevelopmentUsers.defaultUser.nextSigningKey)
        }),
        new Receiver({ devMode: true })
      ]) {
        const verify = (body: string, url: string) =>
          Effect.tryPromise(() =>
            receiver.verify({
              signature: headerOf(delivery, "Upstash-Signature") ?? "",
              body,
              url,
              clockTolerance: 60
            })
          )
        assertTrue(yield* verify(text, destination))
        yield* Effect.flip(verify(`${text} `, destination))
        yield* Effect.flip(verify(text, `${destination}#`))
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("accepts the signatures still when the keys have been rotated once", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const receiver = new Receiver({ devMode: true })
      const isAccepted = Effect.gen(function* () {
        yield* publish(port, `http://127.0.0.1:${there}/`, {}, "text")
        yield* advance(port, "1 seconds")
        const delivery = received.at(-1)
        assertTrue(delivery !== undefined)
        const signature = headerOf(delivery, "Upstash-Signature") ?? ""
        return yield* Effect.isSuccess(
          Effect.tryPromise(() => receiver.verify({ signature, body: "text", clockTolerance: 60 }))
        )
      })
      strictEqual(yield* isAccepted, true)
      yield* call(port, "POST", "/v2/keys/rotate")
      strictEqual(yield* isAccepted, true)
      yield* call(port, "POST", "/v2/keys/rotate")
      strictEqual(yield* isAccepted, false)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("finds the server in its development mode, and fetches nothing from elsewhere", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const asked = yield* Effect.gen(function* () {
        const { port } = yield* serve()
        const home = yield* Effect.acquireRelease(
          Effect.promise(() => mkdtemp(join(tmpdir(), "effect-qstash-"))),
          (made) => Effect.promise(() => rm(made, { recursive: true }))
        )
        const printed = yield* runDevelopmentMode(port, home)
        deepStrictEqual(yield* Effect.promise(() => readdir(home)), [])
        return JSON.parse(printed) as unknown
      }).pipe(Effect.provide(logsInto(lines)))
      deepStrictEqual(asked, {
        hosts: ["127.0.0.1"],
        children: 0,
        schedules: ["nightly"]
      })
      assertTrue(lines.some((line) => line.startsWith("GET /v2/keys 200")))
    })
  )
})

/**
 * The development mode reads the environment and keeps what it finds for the life of the process, so it gets one of its
 * own, in an empty home. It tells whom it asked, and how many processes it started.
 */
const runDevelopmentMode = (port: number, home: string) =>
  Effect.async<string>((resume) => {
    const script = `
      import { createRequire, syncBuiltinESMExports } from "node:module"
      import childProcess from "node:child_process"
      let children = 0
      for (const name of ["spawn", "exec", "execFile", "fork", "spawnSync", "execSync", "execFileSync"]) {
        childProcess[name] = () => { children++; throw new Error("no process is to be started") }
      }
      syncBuiltinESMExports()
      const hosts = new Set()
      const fetchReally = globalThis.fetch
      globalThis.fetch = (input, init) => {
        const url = new URL(typeof input === "string" ? input : input.url ?? input)
        hosts.add(url.hostname)
        return url.hostname === "127.0.0.1" ? fetchReally(input, init) : Promise.reject(new Error("nothing is to be fetched"))
      }
      console.log = () => {}
      const { Client } = await import("@upstash/qstash")
      const client = new Client({ devMode: true })
      await client.schedules.create({ scheduleId: "nightly", cron: "0 4 * * *", destination: "http://localhost:3000" })
      const schedules = (await client.schedules.list()).map(({ scheduleId }) => scheduleId)
      process.stdout.write(JSON.stringify({ hosts: [...hosts], children, schedules }))
    `
    const child = execFile(
      process.execPath,
      ["--input-type=module", "--eval", script],
      {
        cwd: new URL(".", import.meta.url).pathname,
        env: {
          PATH: process.env["PATH"],
          HOME: home,
          XDG_CACHE_HOME: home,
          TMPDIR: home,
          QSTASH_DEV_PORT: String(port)
        }
      },
      (error, stdout, stderr) => resume(error === null ? Effect.succeed(stdout) : Effect.dieMessage(stderr))
    )
    return Effect.sync(() => child.kill())
  })
