import { ScheduleId } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { spawn } from "node:child_process"
import { createServer, type ServerResponse } from "node:http"
import { answering, bin, cli, loader, serve, spawned, start, token } from "./support.ts"

const parallel = { concurrency: 2 }

describe("the program", () => {
  it.scopedLive(
    "ends with 0 for success, and has its reader live where the machine is",
    () =>
      Effect.gen(function* () {
        const { env } = yield* serve
        const created = yield* spawned(
          "schedules create https://example.com/jobs --cron @daily --id nightly --json",
          env
        )
        strictEqual(created.stderr, "")
        strictEqual(created.stdout, '{\n  "scheduleId": "nightly"\n}\n')
        strictEqual(created.code, 0)
        const listed = yield* spawned("schedules list", env)
        strictEqual(listed.stderr, "")
        assertInclude(listed.stdout, "HERE (Asia/Tokyo)")
        strictEqual(listed.stdout.includes("\u001b"), false)
        strictEqual(listed.code, 0)
      }),
    60_000
  )

  it.scopedLive(
    "ends with 1 for a failure, and with 2 where it cannot ask",
    () =>
      Effect.gen(function* () {
        const { env, schedules } = yield* serve
        yield* schedules.create({ cron: "@daily", destination: "https://example.com/jobs" })
        const [absent, unasked] = yield* Effect.all(
          [spawned("schedules get absent", env), spawned("schedules delete --all", env)],
          parallel
        )
        strictEqual(absent.code, 1)
        strictEqual(absent.stdout, "")
        assertMatch(absent.stderr, /^error: No schedule has the id "absent" at .*\n.*\n$/)
        strictEqual(unasked.code, 2)
        strictEqual(unasked.stdout, "")
        assertInclude(unasked.stderr, "--yes")
        strictEqual((yield* schedules.list).length, 1)
      }),
    60_000
  )

  it.scopedLive(
    "works with every TZ, in UTC when Intl rejects the zone that Node reports",
    () =>
      Effect.gen(function* () {
        const next = "schedules next @daily --count 1 --after 2026-01-01"
        const zones = ["", "Etc/Unknown", "Foo/Bar", "GMT+5", "CET-1CEST,M3.5.0,M10.5.0/3"]
        const ended = yield* Effect.forEach(zones, (TZ) => spawned(next, { TZ }), parallel)
        deepStrictEqual(
          ended.map(({ code, stderr, stdout }) => [code, stderr, stdout.includes("HERE (UTC)")]),
          zones.map(() => [0, "", true])
        )
        const { env, schedules } = yield* serve
        yield* schedules.create({ cron: "@daily", destination: "https://example.com/jobs" })
        const [helped, listed] = yield* Effect.all(
          [spawned("--help", { TZ: "" }), spawned("schedules list", { ...env, TZ: "" })],
          parallel
        )
        strictEqual(helped.stderr, "")
        strictEqual(helped.code, 0)
        assertInclude(listed.stdout, "HERE (UTC)")
        strictEqual(listed.code, 0)
      }),
    60_000
  )
})

describe("standard output", () => {
  /** Runs a line of bash, in which `$qstash` is the program. */
  const bash = (script: string, env: Readonly<Record<string, string>>) =>
    Effect.async<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>(
      (resume) => {
        const child = spawn("bash", ["-c", script], {
          env: {
            PATH: process.env["PATH"],
            TZ: "Asia/Tokyo",
            qstash: `${process.execPath} --import ${loader} ${bin}`,
            ...env
          },
          stdio: ["ignore", "pipe", "pipe"]
        })
        let stdout = ""
        let stderr = ""
        child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()))
        child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()))
        child.once("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
        return Effect.sync(() => child.kill("SIGKILL"))
      }
    )

  it.scopedLive(
    "ends with 1 and one line if the disk is full",
    () =>
      Effect.gen(function* () {
        const { env, schedules } = yield* serve
        const full = yield* Effect.forEach(
          ["schedules list --json", "--help"],
          (line) => bash(`$qstash ${line} > /dev/full`, env),
          parallel
        )
        for (const { code, stderr } of full) {
          strictEqual(code, 1)
          assertMatch(stderr, /^error: Standard output could not be written: ENOSPC: .*\.\n$/)
        }
        const created = yield* bash(
          "$qstash schedules create https://example.com/jobs --cron @daily > /dev/full",
          env
        )
        strictEqual(created.code, 1)
        strictEqual((yield* schedules.list).length, 1)
        const failed = yield* bash("$qstash schedules get absent > /dev/full 2>&1", env)
        strictEqual(failed.code, 1)
      }),
    120_000
  )

  it.scopedLive(
    "may be closed early: the command does what it was told to, and ends with its own exit code",
    () =>
      Effect.gen(function* () {
        const { env, schedules } = yield* serve
        const ids = Array.from({ length: 300 }, (_, index) => ScheduleId.make(`schedule-${index}`))
        yield* Effect.forEach(
          ids,
          (scheduleId) =>
            schedules.create({ scheduleId, cron: "@daily", destination: "https://example.com/jobs" }),
          { concurrency: 8 }
        )
        const pipeline = (line: string) => bash(`set -o pipefail; $qstash ${line} | head -1`, env)
        const listed = yield* Effect.forEach(["schedules list --json", "--help"], pipeline, parallel)
        for (const { code, stderr, stdout } of listed) {
          strictEqual(code, 0)
          strictEqual(stderr, "")
          strictEqual(stdout.split("\n").length, 2)
        }
        const paused = yield* pipeline("schedules pause --all --yes")
        strictEqual(paused.code, 0)
        strictEqual(paused.stderr, "")
        strictEqual(
          (yield* schedules.list).every(({ isPaused }) => isPaused),
          true
        )
        const failing = yield* pipeline(`schedules resume ${ids.slice(0, 100).join(" ")} absent`)
        strictEqual(failing.code, 1)
      }),
    120_000
  )

  it.scopedLive(
    "ends logs --follow when nobody reads any more",
    () =>
      Effect.gen(function* () {
        const { env, messages } = yield* serve
        const publish = messages.publish({ destination: "http://127.0.0.1:9/jobs", retries: 0 })
        yield* publish
        yield* Effect.forkScoped(Effect.forever(Effect.delay(publish, "500 millis")))
        const { code, stderr } = yield* bash("set -o pipefail; $qstash logs --follow | head -1", env)
        strictEqual(code, 0)
        strictEqual(stderr, "")
      }),
    60_000
  )

  it.scopedLive(
    "gets the bytes of a response body as they are, and no warning of plain http",
    () =>
      Effect.gen(function* () {
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
        const letter = {
          dlqId: "1-0",
          messageId: "msg_1",
          url: "https://example.com",
          method: "POST",
          maxRetries: 0,
          notBefore: 0,
          createdAt: 0,
          responseBodyBase64: bytes.toString("base64")
        }
        const url = yield* answering(200, JSON.stringify(letter))
        // This is a way to write this machine that does not count as such, so there is a warning as well.
        const env = { QSTASH_URL: url.replace("127.0.0.1", "[::ffff:127.0.0.1]"), QSTASH_TOKEN: "planted" }
        const { code, stderr, stdout } = yield* bash(
          "set -o pipefail; $qstash dlq get 1-0 --body | base64 -w 0",
          env
        )
        strictEqual(code, 0)
        strictEqual(stdout, letter.responseBodyBase64)
        assertMatch(stderr, /^\[.*\] WARN .*: The token is sent to http:\S+ unencrypted\. [^\n]*\n$/)
        strictEqual(stderr.includes("planted"), false)
      }),
    60_000
  )
})

describe("dev", () => {
  const portIn = (printed: string): string =>
    /running at http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)?.[1] ?? ""

  const statusOf = (url: string, headers: Readonly<Record<string, string>> = {}) =>
    Effect.promise(() => fetch(url, { headers: { Authorization: `Bearer ${token}`, ...headers } })).pipe(
      Effect.map(({ status }) => status)
    )

  const ends = (signal: NodeJS.Signals, line: string) =>
    Effect.gen(function* () {
      const { child, ended, printed } = yield* start(line, { QSTASH_DEV_PORT: "0" })
      const hello = yield* printed("clock advance")
      assertInclude(hello, `QSTASH_TOKEN=${token}`)
      assertInclude(hello, "QSTASH_CURRENT_SIGNING_KEY=sig_")
      const url = `http://127.0.0.1:${portIn(hello)}/v2/schedules`
      strictEqual(yield* statusOf(url), 200)
      strictEqual(yield* statusOf(url, { Origin: "https://a.example" }), 200)
      strictEqual(yield* statusOf(url, { Origin: "https://b.example" }), 200)
      strictEqual(yield* statusOf(url, { Origin: "https://c.example" }), 403)
      child.kill(signal)
      strictEqual((yield* ended).code, 0)
    })

  it.scopedLive(
    "serves whom it is told to until SIGTERM, SIGINT or SIGHUP, and ends with 0",
    () => {
      const line = "dev --virtual-clock --allow-origin https://a.example --allow-origin=https://b.example"
      return Effect.all([ends("SIGTERM", line), ends("SIGINT", line), ends("SIGHUP", line)], parallel)
    },
    60_000
  )

  it.scopedLive(
    "lets a delivery under way end before it does",
    () =>
      Effect.gen(function* () {
        const arrived = yield* Deferred.make<ServerResponse>()
        const worker = createServer((_, response) => Deferred.unsafeDone(arrived, Exit.succeed(response)))
        yield* Effect.acquireRelease(
          Effect.async<void>((resume) => {
            worker.listen(0, "127.0.0.1", () => resume(Effect.void))
          }),
          () => Effect.sync(() => worker.close())
        )
        const address = worker.address()
        const workerPort = typeof address === "object" ? address?.port : undefined

        const { child, ended, printed } = yield* start("dev --virtual-clock", { QSTASH_DEV_PORT: "0" })
        const url = `http://127.0.0.1:${portIn(yield* printed("clock advance"))}`
        const post = (path: string, headers: Readonly<Record<string, string>>, body?: string) =>
          Effect.promise(() =>
            fetch(url + path, {
              method: "POST",
              headers: { Authorization: `Bearer ${token}`, ...headers },
              ...(body === undefined ? {} : { body })
            })
          )
        yield* post(`/v2/schedules/http://127.0.0.1:${workerPort}/`, {
          "Upstash-Cron": "@yearly"
        })
        const advancing = yield* Effect.fork(post("/dev/clock/advance", {}, '{"duration":"366 days"}'))
        const held = yield* Deferred.await(arrived)
        child.kill("SIGTERM")
        held.end()
        strictEqual((yield* Fiber.join(advancing)).status, 200)
        const { code, stderr } = yield* ended
        strictEqual(code, 0)
        assertInclude(stderr, "delivered, 200")
      }),
    60_000
  )

  it.effect("refuses an address that is open to the network, because its tokens are public", () =>
    Effect.gen(function* () {
      for (const host of ["0.0.0.0", "::", "10.0.0.7", "example.com"]) {
        const { code, stderr, stdout } = yield* cli(`dev --port 0 --host ${host}`)
        strictEqual(code, 2)
        strictEqual(stdout, "")
        assertInclude(
          stderr,
          `everybody who reaches "${host}" could use the server, because its tokens are public`
        )
        assertInclude(stderr, "`effect-qstash serve`")
      }
    })
  )

  it.scopedLive(
    "keeps running when nobody reads its output any more",
    () =>
      Effect.gen(function* () {
        const { child, ended, printed } = yield* start("dev --virtual-clock", { QSTASH_DEV_PORT: "0" })
        const url = `http://127.0.0.1:${portIn(yield* printed("running at"))}/v2/schedules`
        // As behind `2>&1 | head -1`, once that has its line.
        child.stdout?.destroy()
        child.stderr?.destroy()
        for (let count = 0; count < 5; count++) strictEqual(yield* statusOf(url), 200)
        strictEqual(child.exitCode, null)
        child.kill("SIGTERM")
        strictEqual((yield* ended).code, 0)
      }),
    60_000
  )

  it.scopedLive(
    "ends with 1 and one clear line where its port is taken",
    () =>
      Effect.gen(function* () {
        const { port } = yield* serve
        const { code, stderr, stdout } = yield* spawned(`dev --port ${port}`)
        strictEqual(code, 1)
        strictEqual(stdout, "")
        assertMatch(stderr, /^error: Port \d+ is in use on 127\.0\.0\.1: .* --port or QSTASH_DEV_PORT\.\n$/)
      }),
    60_000
  )
})
