import { describe, it } from "@effect/vitest"
import { assertFalse, assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Schedule } from "effect"
import { chmodSync, renameSync, writeFileSync } from "node:fs"
import { createServer, request, type ServerResponse } from "node:http"
import { join } from "node:path"
import { cli, start, temporaryDirectory } from "./support.ts"

const tenant = (name: string) => ({
  name,
  token: `planted-token-of-${name}`,
  currentSigningKey: `planted-key-of-${name}`,
  nextSigningKey: `planted-next-key-of-${name}`
})

interface Line {
  readonly message: string
  readonly logLevel: string
  readonly annotations: Readonly<Record<string, unknown>>
}

const metricsToken = "planted-metrics-token"

/** The status of a request, 0 if nobody listens. `fetch` would not send this Host. */
const statusOf = (
  url: string,
  token: string,
  { host, method = "GET" }: { readonly host?: string; readonly method?: string } = {}
) =>
  Effect.async<number>((resume) => {
    const headers = { Authorization: `Bearer ${token}`, ...(host === undefined ? {} : { Host: host }) }
    request(url, { method, headers, agent: false }, (response) => {
      response.resume().on("end", () => resume(Effect.succeed(response.statusCode ?? 0)))
    })
      .on("error", () => resume(Effect.succeed(0)))
      .end()
  })

const until = (status: number, ask: Effect.Effect<number>) =>
  Effect.repeat(ask, {
    until: (found) => found === status,
    schedule: Schedule.spaced("50 millis")
  }).pipe(Effect.timeout("20 seconds"))

/** A worker that holds its first request back. */
const holdingWorker = Effect.gen(function* () {
  const arrived = yield* Deferred.make<ServerResponse>()
  const worker = createServer((_, response) => Deferred.unsafeDone(arrived, Exit.succeed(response)))
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => {
      worker.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () => Effect.sync(() => worker.close())
  )
  const address = worker.address()
  return { arrived, url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` }
})

describe("serve", () => {
  it.scopedLive(
    "follows its file, keeps secrets to itself, and lets a delivery end before it does",
    () =>
      Effect.gen(function* () {
        const file = join(yield* temporaryDirectory, "tenants.json")
        const write = (contents: unknown) => {
          const beside = `${file}.test`
          writeFileSync(beside, typeof contents === "string" ? contents : JSON.stringify(contents), {
            mode: 0o600
          })
          renameSync(beside, file)
        }
        const [shop, blog] = [tenant("shop"), tenant("blog")]
        write({ tenants: [shop] })
        const { child, ended, logged } = yield* start(
          `serve --tenants ${file} --log json --log-level debug`,
          {
            QSTASH_PORT: "0",
            QSTASH_METRICS_TOKEN: metricsToken
          }
        )
        const hello = yield* logged("QStash is running at")
        const url = /running at (http:\/\/127\.0\.0\.1:\d+) for shop"/.exec(hello)?.[1] ?? ""
        const keys = `${url}/v2/keys`
        strictEqual(yield* statusOf(keys, shop.token), 200)
        strictEqual(yield* statusOf(keys, blog.token), 401)
        strictEqual(yield* statusOf(`${url}/ready`, ""), 200)
        strictEqual(yield* statusOf(`${url}/metrics`, shop.token), 401)
        strictEqual(yield* statusOf(`${url}/metrics`, metricsToken), 200)
        strictEqual(yield* statusOf(keys, shop.token, { host: "qstash.example.com" }), 403)

        write({
          allowedHosts: ["qstash.example.com"],
          tenants: [{ ...shop, token: "planted-other-token" }, blog]
        })
        yield* until(200, statusOf(keys, blog.token, { host: "qstash.example.com" }))
        strictEqual(yield* statusOf(keys, shop.token), 401)
        strictEqual(yield* statusOf(keys, "planted-other-token"), 200)

        write('{"tenants": [{"token": "planted-half')
        yield* logged("it is not valid JSON")
        yield* Effect.sleep("1200 millis")
        strictEqual(yield* statusOf(keys, blog.token), 200)
        write({ tenants: [blog] })
        yield* until(401, statusOf(keys, "planted-other-token"))
        chmodSync(file, 0o644)
        yield* logged("chmod 600")
        strictEqual(yield* statusOf(keys, blog.token), 200)

        const { arrived, url: worker } = yield* holdingWorker
        strictEqual(yield* statusOf(`${url}/v2/publish/${worker}`, blog.token, { method: "POST" }), 200)
        const held = yield* Deferred.await(arrived)
        child.kill("SIGTERM")
        yield* until(0, statusOf(keys, blog.token))
        strictEqual(child.exitCode, null)
        held.end()

        const { code, stderr, stdout } = yield* ended
        strictEqual(code, 0)
        strictEqual(stdout, "")
        assertFalse(stderr.includes("planted"))
        const lines = stderr
          .trim()
          .split("\n")
          .map((line): Line => JSON.parse(line))
        const errors = lines.filter(({ logLevel }) => logLevel === "ERROR")
        strictEqual(errors.length, 2)
        for (const { message } of errors) assertInclude(message, "Until then the tenants stay as they were.")
        const delivered = lines.find(({ message }) => message.includes("delivered, 200"))
        const { messageId, ...fields } = delivered?.annotations ?? {}
        assertMatch(String(messageId), /^msg_/)
        deepStrictEqual(fields, { tenant: "blog", state: "DELIVERED", status: 200, retried: 0 })
        const refused = lines.find(({ annotations }) => annotations["status"] === 403)
        const { millis, ...parts } = refused?.annotations ?? {}
        strictEqual(typeof millis, "number")
        deepStrictEqual(parts, { method: "GET", path: "/v2/keys", status: 403 })
      }),
    90_000
  )

  it.scopedLive(
    "ends with 0 on SIGINT, and says on standard output that it listens",
    () =>
      Effect.gen(function* () {
        const { child, ended, printed } = yield* start("serve --port 0 --host 127.0.0.1", {
          QSTASH_TENANTS: JSON.stringify({ tenants: [tenant("shop"), tenant("blog")] })
        })
        const hello = yield* printed("\n")
        child.kill("SIGINT")
        const { code, stderr, stdout } = yield* ended
        strictEqual(code, 0)
        strictEqual(stdout, hello)
        deepStrictEqual(
          hello.replace(/:\d+ /, ":PORT "),
          "QStash is running at http://127.0.0.1:PORT for shop, blog\n"
        )
        strictEqual(stderr, "")
      }),
    60_000
  )

  it.effect("refuses a short token for metrics, and two lists of tenants", () =>
    Effect.gen(function* () {
      const QSTASH_TENANTS = JSON.stringify({ tenants: [tenant("shop")] })
      const short = yield* cli("serve", { env: { QSTASH_TENANTS, QSTASH_METRICS_TOKEN: "planted" } })
      strictEqual(short.code, 2)
      assertInclude(short.stderr, "error: QSTASH_METRICS_TOKEN: expected at least 16 characters")
      assertFalse(short.stderr.includes("planted"))
      const both = yield* cli("serve", { env: { QSTASH_TENANTS, QSTASH_TENANTS_FILE: "tenants.json" } })
      strictEqual(both.code, 2)
      assertInclude(both.stderr, "error: QSTASH_TENANTS and QSTASH_TENANTS_FILE are both set")
    })
  )
})
