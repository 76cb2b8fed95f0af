import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { advance, call, each, field, itemsOf, publish, quiet, refusalOf, serve, worker } from "./support.ts"

const limited = (key: string, value: string) => ({
  "Upstash-Flow-Control-Key": key,
  "Upstash-Flow-Control-Value": value
})

/** Some fields of a key. */
const stateOf = (port: number, key: string, ...names: ReadonlyArray<string>) =>
  Effect.map(call(port, "GET", `/v2/flowControl/${key}`), ({ json }) =>
    names.map((name) => field(json, name))
  )

const post = (port: number, target: string) =>
  Effect.map(call(port, "POST", `/v2/flowControl/${target}`), ({ status, text }) => {
    strictEqual(status, 200, `${target}: ${text}`)
    strictEqual(text, "")
  })

describe("a flow-control key", () => {
  it.scopedLive("is there once a message has used it, with all its fields", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      deepStrictEqual((yield* call(port, "GET", "/v2/flowControl/")).json, [])
      const later = { "Upstash-Delay": "1h" }
      yield* publish(port, "https://example.com", { ...later, ...limited("a b/c", "parallelism=3") })
      yield* publish(port, "https://example.com", {
        ...later,
        ...limited("other", "rate=5, parallelism=2, period=1m")
      })
      const { json, status } = yield* call(port, "GET", "/v2/FlowControl/a%20b%2Fc")
      strictEqual(status, 200)
      deepStrictEqual(json, {
        flowControlKey: "a b/c",
        waitListSize: 0,
        parallelismMax: 3,
        parallelismCount: 0,
        rateMax: 0,
        rateCount: 0,
        ratePeriod: 0,
        ratePeriodStart: 0,
        isPaused: false,
        isPinnedParallelism: false,
        isPinnedRate: false
      })
      deepStrictEqual(yield* stateOf(port, "other", "parallelismMax", "rateMax", "ratePeriod"), [2, 5, 60])
      for (const [target, keys] of [
        ["/v2/flowControl", ["a b/c", "other"]],
        ["/v2/flowcontrol/?search=", ["a b/c", "other"]],
        ["/v2/flowControl?search=%20b", ["a b/c"]],
        ["/v2/flowControl?search=absent", []]
      ] as const) {
        deepStrictEqual(each(itemsOf((yield* call(port, "GET", target)).json), "flowControlKey"), keys)
      }
      deepStrictEqual(refusalOf(yield* call(port, "GET", "/v2/flowControl/absent")), [
        404,
        "flow control key absent not found"
      ])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("holds its messages while it is paused, and can be made by a pause", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      yield* post(port, "k/pause")
      yield* post(port, "k/Pause/")
      deepStrictEqual(yield* stateOf(port, "k", "isPaused"), [true])
      yield* publish(port, `http://127.0.0.1:${there}/`, limited("k", "parallelism=1"))
      yield* advance(port, "1 hours")
      deepStrictEqual(received, [])
      deepStrictEqual(yield* stateOf(port, "k", "waitListSize"), [1])
      yield* post(port, "k/resume")
      yield* post(port, "k/resume")
      yield* advance(port, "1 seconds")
      strictEqual(received.length, 1)
      deepStrictEqual(yield* stateOf(port, "k", "isPaused", "waitListSize"), [false, 0])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("keeps what is pinned against later messages, until it is unpinned", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const limits = stateOf(
        port,
        "k",
        "parallelismMax",
        "isPinnedParallelism",
        "rateMax",
        "ratePeriod",
        "isPinnedRate"
      )
      const say = (value: string) =>
        publish(port, "https://example.com", { "Upstash-Delay": "1h", ...limited("k", value) })
      yield* post(port, "k/pin?parallelism=7&rate=8&period=60")
      deepStrictEqual(yield* limits, [7, true, 8, 60, true])
      yield* say("parallelism=1, rate=1, period=1s")
      deepStrictEqual(yield* limits, [7, true, 8, 60, true])
      yield* post(port, "k/unpin?parallelism=true")
      deepStrictEqual(yield* limits, [7, false, 8, 60, true])
      yield* say("parallelism=1, rate=1, period=1s")
      deepStrictEqual(yield* limits, [1, false, 8, 60, true])
      yield* post(port, "k/unpin?rate=true&parallelism=false")
      yield* say("parallelism=1, rate=2")
      deepStrictEqual(yield* limits, [1, false, 2, 1, false])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("stays pinned if an unpin names neither limit", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      yield* post(port, "k/pin?parallelism=7&rate=8")
      for (const target of [
        "k/unpin",
        "k/unpin?rate=false",
        "k/unpin?parallelism=false&rate=",
        "new/unpin"
      ]) {
        const reply = yield* call(port, "POST", `/v2/flowControl/${target}`)
        deepStrictEqual([reply.status, reply.text], [200, ""], target)
      }
      deepStrictEqual(yield* stateOf(port, "k", "isPinnedParallelism", "isPinnedRate"), [true, true])
      strictEqual((yield* call(port, "GET", "/v2/flowControl/new")).status, 404)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("starts anew within its period when the rate is reset, under both names", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      for (let count = 0; count < 3; count++) {
        yield* publish(port, `http://127.0.0.1:${there}/`, limited("k", "rate=1, period=1d"))
      }
      yield* advance(port, "1 minutes")
      strictEqual(received.length, 1)
      deepStrictEqual(yield* stateOf(port, "k", "rateCount", "waitListSize"), [1, 2])
      yield* post(port, "k/resetRate")
      yield* advance(port, "1 minutes")
      strictEqual(received.length, 2)
      yield* post(port, "k/reset")
      yield* advance(port, "1 minutes")
      strictEqual(received.length, 3)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is not changed by a request that is wrong", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const [target, text] of [
        ["k/pin", "parallelism"],
        ["k/pin?unknown=1", "parallelism"],
        ["k/pin?parallelism=0", "parallelism"],
        ["k/pin?parallelism=1.5", "parallelism"],
        ["k/pin?rate=many", "rate"],
        ["k/pin?period=60", "period"],
        ["k/pin?rate=1&period=0", "period"],
        ["k/pin?rate=1&period=8d", "period"],
        ["k/unpin?rate=yes", "rate"],
        ["%20/pause", "flowControlKey"],
        ["%E2%82%AC/pause", "flowControlKey"],
        ["%zz/pause", "percent-encoded"]
      ] as const) {
        const [status, error] = refusalOf(yield* call(port, "POST", `/v2/flowControl/${target}`))
        strictEqual(status, 400, target)
        assertInclude(String(error), text)
      }
      deepStrictEqual((yield* call(port, "GET", "/v2/flowControl")).json, [])
    }).pipe(Effect.provide(quiet))
  )
})

describe("the limit of the account", () => {
  it.scopedLive("is how many deliveries the server makes at once", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ concurrencyPerTenant: 7 })
      const { json, status } = yield* call(port, "GET", "/v2/globalparallelism/")
      strictEqual(status, 200)
      deepStrictEqual(json, { parallelismMax: 7, parallelismCount: 0 })
    }).pipe(Effect.provide(quiet))
  )
})
