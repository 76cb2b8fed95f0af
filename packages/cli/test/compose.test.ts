import { postgres, whyNoPostgres } from "@effect-qstash/contract/Postgres"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"
import { start, temporaryDirectory } from "./support.ts"

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes: ReadonlyArray<string>
  readonly ports?: ReadonlyArray<string>
  readonly healthcheck?: { readonly test: ReadonlyArray<string> }
  readonly restart: string
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
}

const directory = fileURLToPath(new URL("../../../docker", import.meta.url))

const read = (name: string): Compose => parse(readFileSync(join(directory, name), "utf8"))

/** The command of a service, on a free port of this machine. */
const serving = ({ command = [] }: Service): string => command.join(" ").replace("--host 0.0.0.0", "--port 0")

const serves = (service: Service, env: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const cwd = yield* temporaryDirectory
    const added = yield* start("tenants add shop", {}, cwd)
    strictEqual((yield* added.ended).code, 0)
    const { child, ended, logged } = yield* start(serving(service), env, cwd)
    const line = yield* logged("QStash is running at")
    const url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? ""
    strictEqual((yield* Effect.promise(() => fetch(`${url}/ready`))).status, 200)
    child.kill("SIGTERM")
    strictEqual((yield* ended).code, 0)
  })

describe("the compose files", () => {
  it.each(["compose.sqlite.yaml", "compose.postgres.yaml"])(
    "%s names its images, volumes and ports, and leaves no password in the file",
    (name) => {
      const { services, volumes } = read(name)
      const used = Object.values(services).flatMap((service) => service.volumes)
      deepStrictEqual(
        Array.from(new Set(used.map((volume) => volume.split(":")[0] ?? ""))).toSorted(),
        Object.keys(volumes).toSorted()
      )
      for (const { build, environment, image, ports = [], restart } of Object.values(services)) {
        if (build === undefined) assertMatch(image ?? "", /^[a-z]+:\d+-[a-z]+$/)
        else strictEqual(join(directory, build.context, build.dockerfile), join(directory, "Dockerfile"))
        for (const port of ports) assertMatch(port, /^127\.0\.0\.1:\d+:8080$/)
        for (const value of Object.values(environment ?? {}))
          if (/password|:\/\//i.test(value)) assertInclude(value, "${POSTGRES_PASSWORD:?")
        strictEqual(restart, "unless-stopped")
      }
      for (const { healthcheck } of Object.values(services)) {
        if (healthcheck !== undefined) strictEqual(healthcheck.test[0], "CMD")
      }
    }
  )

  it.scopedLive(
    "the command for SQLite runs, is ready, and stops when it is told to",
    () => serves(read("compose.sqlite.yaml").services["qstash"] ?? { volumes: [], restart: "" }, {}),
    120_000
  )

  it.scopedLive.skipIf(whyNoPostgres !== undefined)(
    "the command for Postgres runs, is ready, and stops when it is told to",
    () =>
      Effect.gen(function* () {
        const service = read("compose.postgres.yaml").services["qstash"] ?? { volumes: [], restart: "" }
        const url = service.environment?.["QSTASH_DB"] ?? ""
        const here = (yield* postgres).replace(/^postgres:\/\//, "")
        // The same variable, with the server and the password of this machine.
        const QSTASH_DB = url.replace(/(?<=^postgres:\/\/).*$/, here)
        assertMatch(url, /^postgres:\/\/qstash:\$\{POSTGRES_PASSWORD:\?[a-z ]+\}@postgres:5432\/qstash$/)
        yield* serves(service, { QSTASH_DB })
      }),
    120_000
  )
})
