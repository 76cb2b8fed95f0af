import { postgres, whyNoPostgres } from "@effect-qstash/contract/Postgres"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { cli, start, temporaryDirectory } from "./support.ts"

const create = "schedules create https://example.com/jobs --cron @daily --id nightly"

/** Starts `dev`, and returns the variables for the other commands. */
const dev = (flags: string, cwd: string, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const started = yield* start(`dev --port 0 ${flags}`, env, cwd)
    const hello = yield* started.printed("logs --follow")
    const QSTASH_URL = /http:\/\/\S+/.exec(hello)?.[0] ?? ""
    return { ...started, env: { QSTASH_URL } }
  })

const kill = ({ child, ended }: Effect.Effect.Success<ReturnType<typeof dev>>) =>
  Effect.zipRight(
    Effect.sync(() => child.kill("SIGKILL")),
    ended
  )

describe("--db", () => {
  it.scopedLive(
    "dev remembers what it was told, even if it is killed, in a directory of the project that git ignores",
    () =>
      Effect.gen(function* () {
        const cwd = yield* temporaryDirectory
        const first = yield* dev("", cwd)
        strictEqual((yield* cli(create, { env: first.env })).code, 0)
        const directory = join(cwd, ".effect-qstash")
        const second = yield* cli(`dev --port 0 --db ${join(directory, "dev.db")}`)
        strictEqual(second.code, 1)
        strictEqual(second.stdout, "")
        assertInclude(second.stderr, "it is open already")
        assertInclude(second.stderr, "--db")
        yield* kill(first)
        strictEqual(statSync(directory).mode & 0o777, 0o700)
        strictEqual(readFileSync(join(directory, ".gitignore"), "utf8"), "*\n")
        strictEqual(statSync(join(directory, "dev.db")).mode & 0o777, 0o600)
        const again = yield* dev("", cwd)
        assertInclude((yield* cli("schedules list", { env: again.env })).stdout, "nightly")
      }),
    120_000
  )

  it.scopedLive(
    "keeps nothing in memory, nor for a virtual clock",
    () =>
      Effect.gen(function* () {
        const cwd = yield* temporaryDirectory
        yield* dev("--virtual-clock", cwd)
        yield* dev("", cwd, { QSTASH_DEV_DB: "memory" })
        deepStrictEqual(readdirSync(cwd), [])
        yield* dev("--virtual-clock --db kept.db", cwd, { QSTASH_DEV_DB: "memory" })
        strictEqual(existsSync(join(cwd, "kept.db")), true)
      }),
    120_000
  )

  it.scopedLive(
    "says what is wrong with a database, without its password",
    () =>
      Effect.gen(function* () {
        const QSTASH_DEV_DB = "postgres://someone:planted@127.0.0.1:1/state"
        const refused = yield* cli("dev --port 0", { env: { QSTASH_DEV_DB } })
        strictEqual(refused.code, 1)
        assertInclude(refused.stderr, "Postgres at 127.0.0.1:1/state")
        strictEqual(refused.stderr.includes("planted"), false)
        const unknown = yield* cli("dev --db mysql://planted")
        strictEqual(unknown.code, 2)
        assertInclude(unknown.stderr, "expected memory, the path of a file, or postgres://…")
        strictEqual(unknown.stderr.includes("planted"), false)
      }),
    120_000
  )

  it.scopedLive.skipIf(whyNoPostgres !== undefined)(
    "keeps its state on Postgres",
    () =>
      Effect.gen(function* () {
        const cwd = yield* temporaryDirectory
        const env = { QSTASH_DEV_DB: yield* postgres }
        const first = yield* dev("", cwd, env)
        strictEqual((yield* cli(create, { env: first.env })).code, 0)
        yield* kill(first)
        const again = yield* dev("", cwd, env)
        assertInclude((yield* cli("schedules list", { env: again.env })).stdout, "nightly")
        deepStrictEqual(readdirSync(cwd), [])
      }),
    120_000
  )
})
