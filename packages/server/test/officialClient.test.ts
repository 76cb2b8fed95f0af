import { DevelopmentUsers } from "@effect-qstash/server"
import { describe, it, vi } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Client, Receiver } from "@upstash/qstash"
import { Effect, Redacted } from "effect"
import { execFile } from "node:child_process"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { advance, create, headerOf, logsInto, quiet, serve, token, worker } from "./support.ts"

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

  it.scopedLive("is told what is redacted, and what is not done here", () =>
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
      for (const [option, refused] of Object.entries({
        "Upstash-Callback": { callback: "https://example.com" },
        "Upstash-Failure-Callback": { failureCallback: "https://example.com" },
        "Upstash-Queue-Name": { queueName: "q" },
        "Upstash-Flow-Control": { flowControl: { key: "k", parallelism: 1 } }
      })) {
        const error = yield* Effect.flip(Effect.tryPromise(() => schedules.create({ ...base, ...refused })))
        assertInclude(String(error.error), option)
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
