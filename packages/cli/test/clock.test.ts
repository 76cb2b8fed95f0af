import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, Effect } from "effect"
import { answering, cli, type Ended, json, jsonObject, responding, serve, serveVirtual } from "./support.ts"

const instantOf = (ended: Ended): DateTime.Utc => DateTime.unsafeMake(String(jsonObject(json(ended))["now"]))

describe("clock", () => {
  it.scopedLive("shows the time of a virtual server, which stands still", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serveVirtual
      const first = yield* cli("clock now --json", { env })
      strictEqual(first.code, 0)
      const now = DateTime.formatIso(instantOf(first))
      deepStrictEqual(json(first), { now })
      deepStrictEqual(yield* cli("clock now --json", { env }), first)
      const text = yield* cli("clock now", { env })
      strictEqual(text.stderr, "")
      strictEqual(text.code, 0)
      const [is, here] = text.stdout.split("\n")
      strictEqual(is, `It is ${now} at ${url},`)
      assertMatch(here ?? "", /^that is \w{3} \d{4}-\d\d-\d\d \d\d:\d\d here \(Europe\/London\)\.$/)
    })
  )

  it.scopedLive("moves on by a span, and what falls due on the way happens", () =>
    Effect.gen(function* () {
      const { env, messages } = yield* serveVirtual
      let deliveries = 0
      const worker = yield* responding(() => {
        deliveries += 1
        return { status: 200, body: "" }
      })
      yield* messages.publish({ destination: worker, delay: "6 days" })
      let before = instantOf(yield* cli("clock now --json", { env }))
      for (const [span, duration] of [
        ["1h", "1 hour"],
        ["1d30m", "1470 minutes"],
        ["'2 weeks'", "2 weeks"],
        ["'1 millis'", "1 millis"],
        ["0s", "0 millis"],
        ["0", "0 millis"]
      ] as const) {
        const after = instantOf(yield* cli(`clock advance ${span} --json`, { env }))
        strictEqual(DateTime.distance(before, after), Duration.toMillis(duration))
        before = after
      }
      strictEqual(deliveries, 1)
      const text = yield* cli("clock advance 1h", { env })
      assertInclude(text.stdout, `It is ${DateTime.formatIso(DateTime.add(before, { hours: 1 }))} at `)
    })
  )

  it.scopedLive("moves on to an instant, and never back", () =>
    Effect.gen(function* () {
      const { env } = yield* serveVirtual
      for (const [instant, now] of [
        ["2999-01-01", "2999-01-01T00:00:00.000Z"],
        ["2999-01-01T00:00:00Z", "2999-01-01T00:00:00.000Z"],
        ["2999-06-01T12:00:00+02:00", "2999-06-01T10:00:00.000Z"]
      ] as const) {
        deepStrictEqual(json(yield* cli(`clock to ${instant} --json`, { env })), { now })
      }
      const back = yield* cli("clock to 2999-05-01", { env })
      strictEqual(back.code, 1)
      strictEqual(back.stdout, "")
      assertMatch(
        back.stderr,
        /^error: to: .* cannot go back to 2999-05-01T00:00:00\.000Z\.\nThe clock was not moved\.\n$/
      )
      const beyond = yield* cli("clock advance 9000000d", { env })
      strictEqual(beyond.code, 1)
      assertInclude(beyond.stderr, "beyond the year 9999")
      strictEqual((yield* cli("clock now", { env })).stdout.includes("2999-06-01T10:00:00.000Z"), true)
    })
  )

  it.scopedLive("says that a server in real time, or one that is not ours, has no clock to move", () =>
    Effect.gen(function* () {
      const { env } = yield* serve
      const others = [
        env,
        { QSTASH_URL: yield* answering(404, '{"error":"not found"}') },
        { QSTASH_URL: yield* answering(404, "<h1>Not found</h1>") },
        { QSTASH_URL: yield* answering(405, "") },
        { QSTASH_URL: yield* answering(200, "<h1>Welcome</h1>") },
        { QSTASH_URL: yield* answering(200, '{"now":"soon"}') },
        { QSTASH_URL: yield* answering(302, "", { Location: "http://127.0.0.1:9/elsewhere" }) }
      ]
      for (const other of others) {
        for (const command of ["clock now", "clock advance 1h", "clock to 2999-01-01", "clock now --json"]) {
          const { code, stderr, stdout } = yield* cli(command, { env: other })
          strictEqual(code, 1)
          strictEqual(stdout, "")
          strictEqual(
            stderr,
            `error: ${other.QSTASH_URL} has no clock that can be moved.\n` +
              "Only a server that was started with `effect-qstash dev --virtual-clock` has one.\n"
          )
        }
      }
    })
  )

  it.scopedLive("sends the token of the environment, and shows it in no error", () =>
    Effect.gen(function* () {
      const seen: Array<string | undefined> = []
      const url = yield* responding(({ headers }) => {
        seen.push(headers.authorization)
        return { status: 401, body: '{"error":"no such token"}' }
      })
      const region = {
        QSTASH_REGION: "us-east-1",
        US_EAST_1_QSTASH_URL: url,
        US_EAST_1_QSTASH_TOKEN: "planted-2"
      }
      for (const env of [
        { QSTASH_URL: url, QSTASH_TOKEN: "planted-1" },
        { ...region, QSTASH_TOKEN: "planted-1" },
        { QSTASH_URL: "http://127.0.0.1:9", QSTASH_TOKEN: "planted-1" }
      ]) {
        const { code, stderr } = yield* cli("clock now", { env })
        strictEqual(code, 1)
        strictEqual(stderr.includes("planted"), false)
      }
      deepStrictEqual(seen, ["Bearer planted-1", "Bearer planted-2"])
    })
  )

  it.scopedLive("says what to do if no server is there, or the response is lost", () =>
    Effect.gen(function* () {
      const nobody = yield* cli("clock now", { env: { QSTASH_URL: "http://127.0.0.1:9" } })
      strictEqual(nobody.code, 1)
      assertInclude(
        nobody.stderr,
        "error: QStash could not be reached: the connection to http://127.0.0.1:9 failed."
      )
      assertInclude(nobody.stderr, "Start a server with `effect-qstash dev`")
      const lost = yield* cli("clock advance 1h", { env: { QSTASH_URL: yield* answering(503, "") } })
      strictEqual(lost.code, 1)
      assertInclude(
        lost.stderr,
        "Whether the clock was moved is not known: look with `effect-qstash clock now`."
      )
    })
  )
})
