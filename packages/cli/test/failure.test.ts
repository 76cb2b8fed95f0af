import { describe, it } from "@effect/vitest"
import { assertInclude, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { createServer } from "node:http"
import { answering, cli, serve } from "./support.ts"

describe("what QStash fails with", () => {
  const list = "schedules list --json"

  const answers: ReadonlyArray<readonly [status: number, body: string, what: string, next: string]> = [
    [401, '{"error":"no such token"}', "did not accept the token (401): no such token", "QSTASH_TOKEN"],
    [503, '{"error":"busy"}', "responded with 503: busy", "again later"],
    [429, '{"error":"slow down"}', "rate limit", "again"],
    [404, "<h1>Not found</h1>", "did not respond as QStash does (404)", "Set QSTASH_URL"],
    [200, "{}", "did not respond as QStash does (200)", "Set QSTASH_URL"]
  ]
  for (const [status, body, what, next] of answers) {
    it.scopedLive(`ends with 1 and says what to do next: ${status} ${body}`, () =>
      Effect.gen(function* () {
        const env = { QSTASH_URL: yield* answering(status, body), QSTASH_TOKEN: "planted" }
        const { code, stderr, stdout } = yield* cli(list, { env })
        strictEqual(code, 1)
        strictEqual(stdout, "")
        const [first = "", second = ""] = stderr.split("\n")
        assertInclude(first, what)
        assertInclude(second, next)
        strictEqual(stderr.includes("planted"), false)
        strictEqual(stderr.includes("    at "), false)
      })
    )
  }

  it.scopedLive("names the quota, and the way out of it", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: yield* answering(412, '{"error":"quota maxSchedules exceeded"}') }
      const { code, stderr } = yield* cli("schedules create https://example.com --cron @daily", { env })
      strictEqual(code, 1)
      assertInclude(stderr, "maxSchedules")
      assertInclude(stderr, "Delete what you no longer need, ask for less")
    })
  )

  it.scopedLive("cannot rewrite the screen", () =>
    Effect.gen(function* () {
      const error = JSON.stringify({ error: "\u001b[2Jgone\u202e" })
      const env = { QSTASH_URL: yield* answering(400, error) }
      const { stderr } = yield* cli(list, { env, hasColors: true })
      assertInclude(stderr, "gone")
      strictEqual(stderr.includes("\u001b[2J"), false)
      strictEqual(stderr.includes("\u202e"), false)
    })
  )

  it.live("sends whoever finds no server on this machine to `effect-qstash dev`", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* cli(list, { env: { QSTASH_URL: "http://127.0.0.1:9" } })
      strictEqual(code, 1)
      assertInclude(
        stderr,
        "error: QStash could not be reached: the connection to http://127.0.0.1:9 failed.\n"
      )
      assertInclude(stderr, "Start a server with `effect-qstash dev`")
    })
  )
})

describe("the environment", () => {
  const wrong: ReadonlyArray<readonly [env: Readonly<Record<string, string>>, what: string, next: string]> = [
    [{}, "QSTASH_TOKEN is not set", "effect-qstash dev"],
    [{ QSTASH_TOKEN: "" }, "QSTASH_TOKEN is not set", "Set it to the token of your account"],
    [{ QSTASH_URL: "https://qstash.upstash.io" }, "QSTASH_TOKEN is not set", "effect-qstash dev"],
    [{ QSTASH_URL: "planted" }, "QSTASH_URL: ", "Fix the variable"],
    [{ QSTASH_URL: "http://127.0.0.1:9/v2" }, "QSTASH_URL: ", "Fix the variable"],
    [{ QSTASH_TOKEN: "pla nted" }, "QSTASH_TOKEN: token contains ", "Set it to the token of your account"],
    [{ QSTASH_TOKEN: "", QSTASH_URL: "planted" }, "QSTASH_URL: ", "Fix the variable"]
  ]
  for (const [env, what, next] of wrong) {
    it.effect(`ends with 2 where it names no QStash: ${JSON.stringify(env)}`, () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* cli("schedules list", { env })
        strictEqual(code, 2)
        strictEqual(stdout, "")
        assertInclude(stderr, what)
        assertInclude(stderr, next)
        strictEqual(/pla ?nted/.test(stderr), false)
      })
    )
  }

  it.live("ends `dev` with 2 where it names no port", () =>
    Effect.gen(function* () {
      for (const port of ["http", "99999", "-1", "80.5", "0x50"]) {
        const { code, stderr, stdout } = yield* cli("dev", { env: { QSTASH_DEV_PORT: port } })
        strictEqual(code, 2)
        strictEqual(stdout, "")
        assertInclude(
          stderr,
          `error: QSTASH_DEV_PORT: expected a whole number from 0 to 65535, got ${JSON.stringify(port)}.\n`
        )
        assertInclude(stderr, "--port")
      }
    })
  )

  it.scopedLive("has `dev` listen on port 8080 where its variable is empty", () =>
    Effect.gen(function* () {
      const holder = createServer()
      yield* Effect.acquireRelease(
        Effect.async<void>((resume) => {
          // Where something else holds the port already, that does as well.
          holder.once("error", () => resume(Effect.void))
          holder.listen(8080, "127.0.0.1", () => resume(Effect.void))
        }),
        () => Effect.sync(() => holder.close())
      )
      for (const port of ["", "  "]) {
        const { code, stderr } = yield* cli("dev --host 127.0.0.1", { env: { QSTASH_DEV_PORT: port } })
        strictEqual(code, 1)
        assertInclude(stderr, "Port 8080 is in use")
      }
    })
  )

  it.scopedLive("may name a region", () =>
    Effect.gen(function* () {
      const { url } = yield* serve
      const env = { QSTASH_REGION: "eu-central-1", EU_CENTRAL_1_QSTASH_URL: url }
      const refused = yield* cli("schedules list", {
        env: { ...env, EU_CENTRAL_1_QSTASH_TOKEN: "unknown" }
      })
      strictEqual(refused.code, 1)
      assertInclude(refused.stderr, `${url} did not accept the token`)
    })
  )
})
