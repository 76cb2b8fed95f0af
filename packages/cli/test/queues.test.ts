import { QueueName } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { cells, cli, json, jsonObject, jsonObjects, serveVirtual } from "./support.ts"

const orders = QueueName.make("orders")
const mails = QueueName.make("mails")

const serveTwo = Effect.gen(function* () {
  const server = yield* serveVirtual
  yield* server.queues.upsert({ queueName: orders, parallelism: 2 })
  yield* server.queues.upsert({ queueName: mails, isPaused: true })
  yield* server.messages.enqueue(mails, { destination: "https://example.com" })
  return server
})

describe("queues list and get", () => {
  it.scopedLive("show the queues, by name", () =>
    Effect.gen(function* () {
      const { env } = yield* serveTwo
      const ended = yield* cli("queues list", { env })
      strictEqual(ended.code, 0)
      const [titles, ...rows] = cells(ended)
      deepStrictEqual(titles, ["NAME", "STATE", "PARALLELISM", "PENDING", "CHANGED (Europe/London)"])
      deepStrictEqual(
        rows.map((row) => row.slice(0, 4)),
        [
          ["mails", "paused", "1", "1"],
          ["orders", "active", "2", "0"]
        ]
      )
      const records = jsonObjects(json(yield* cli("queues list --json", { env })))
      deepStrictEqual(
        records.map(({ lag, name, parallelism, paused }) => ({ name, parallelism, paused, lag })),
        [
          { name: "mails", parallelism: 1, paused: true, lag: 1 },
          { name: "orders", parallelism: 2, paused: false, lag: 0 }
        ]
      )
    })
  )

  it.scopedLive("show one queue", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serveTwo
      const [title, ...fields] = cells(yield* cli("queues get mails", { env }))
      deepStrictEqual(title, ["mails", "paused"])
      deepStrictEqual(fields.slice(0, 2), [
        ["parallelism", "1"],
        ["pending", "1"]
      ])
      strictEqual(jsonObject(json(yield* cli("queues get mails --json", { env })))["name"], "mails")
      const absent = yield* cli("queues get absent", { env })
      strictEqual(absent.code, 1)
      assertInclude(absent.stderr, `error: No queue has the name "absent" at ${url}.`)
      assertInclude(absent.stderr, "`effect-qstash queues list`")
    })
  )

  it.scopedLive("say how to begin where there are none", () =>
    Effect.gen(function* () {
      const { env } = yield* serveVirtual
      assertInclude((yield* cli("queues list", { env })).stdout, "effect-qstash queues upsert")
      deepStrictEqual(json(yield* cli("queues list --json", { env })), [])
    })
  )
})

describe("queues upsert", () => {
  it.scopedLive("creates a queue and changes it", () =>
    Effect.gen(function* () {
      const { env, queues, url } = yield* serveVirtual
      const made = yield* cli("queues upsert orders --parallelism 3", { env })
      deepStrictEqual(made, { code: 0, stdout: `Saved orders at ${url}.\n`, stderr: "" })
      strictEqual((yield* queues.get(orders)).parallelism, 3)
      const changed = yield* cli("queues upsert orders --paused --json", { env })
      deepStrictEqual(json(changed), { queueName: "orders", outcome: "saved" })
      const { isPaused, parallelism } = yield* queues.get(orders)
      deepStrictEqual({ isPaused, parallelism }, { isPaused: true, parallelism: 1 })
      yield* cli("queues upsert orders --parallelism 2", { env })
      strictEqual((yield* queues.get(orders)).isPaused, true)
      const resumed = yield* cli("queues upsert orders --paused=false", { env })
      deepStrictEqual(resumed, { code: 0, stdout: `Saved orders at ${url}.\n`, stderr: "" })
      strictEqual((yield* queues.get(orders)).isPaused, false)
      yield* cli("queues upsert orders --paused=true", { env })
      strictEqual((yield* queues.get(orders)).isPaused, true)
    })
  )

  it.effect("ends with 2 for a name or a number that is wrong", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: "http://127.0.0.1:9" }
      const name = yield* cli("queues upsert 'a b'", { env })
      strictEqual(name.code, 2)
      assertInclude(name.stderr, "<name>: Expected a queue name")
      const number = yield* cli("queues upsert a --parallelism 0", { env })
      strictEqual(number.code, 2)
      assertInclude(number.stderr, "--parallelism: expected a whole number of at least 1")
    })
  )
})

describe("queues pause, resume and delete", () => {
  it.scopedLive("do it to those that are named, or to all that it concerns", () =>
    Effect.gen(function* () {
      const { env, queues } = yield* serveTwo
      const paused = yield* cli("queues pause orders absent --json", { env })
      strictEqual(paused.code, 1)
      deepStrictEqual(
        jsonObjects(json(paused)).map(({ outcome, queueName }) => [queueName, outcome]),
        [
          ["orders", "paused"],
          ["absent", "failed"]
        ]
      )
      const resumed = yield* cli("queues resume --all --yes", { env })
      deepStrictEqual(resumed, { code: 0, stdout: "mails is resumed.\norders is resumed.\n", stderr: "" })
      deepStrictEqual(
        (yield* queues.list).map(({ isPaused }) => isPaused),
        [false, false]
      )
    })
  )

  it.scopedLive("ask before a delete", () =>
    Effect.gen(function* () {
      const { env, queues, url } = yield* serveTwo
      strictEqual((yield* cli("queues delete orders", { env })).code, 2)
      const no = yield* cli("queues delete orders", { env, columns: 80, types: "n" })
      assertInclude(no.stdout, `Delete 1 queue at ${url}?`)
      strictEqual((yield* queues.list).length, 2)
      strictEqual((yield* cli("queues delete orders", { env, columns: 80, types: "y\r" })).code, 0)
      deepStrictEqual(
        (yield* queues.list).map(({ name }) => name),
        [mails]
      )
    })
  )
})
