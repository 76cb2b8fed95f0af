import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Schedule } from "effect"
import { execFile, spawn } from "node:child_process"
import { mkdirSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { temporaryDirectory } from "./support.ts"

const repository = fileURLToPath(new URL("../../..", import.meta.url))

interface Instruction {
  readonly name: string
  readonly text: string
}

const instructions: ReadonlyArray<Instruction> = readFileSync(join(repository, "docker/Dockerfile"), "utf8")
  .replaceAll(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [, name = "", text = ""] = /^(\S+)\s+(.*)$/.exec(line) ?? []
    return { name, text }
  })

const all = (name: string): ReadonlyArray<string> =>
  instructions.filter((instruction) => instruction.name === name).map(({ text }) => text)

/** The words of a command that is written as JSON, and so runs without a shell that would keep signals to itself. */
const wordsOf = (text: string): ReadonlyArray<string> => {
  const words: unknown = JSON.parse(text)
  return Array.isArray(words) ? words.map(String) : []
}

const healthcheck = () => wordsOf(all("HEALTHCHECK")[0]?.replace(/^.*? CMD /, "") ?? "[]")

interface Ended {
  readonly code: number
  readonly output: string
}

const run = (
  [file = "", ...args]: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string | undefined>> }
) =>
  Effect.async<Ended>((resume) => {
    const child = execFile(file, args, { ...options, encoding: "utf8" }, (_, stdout, stderr) =>
      resume(Effect.succeed({ code: child.exitCode ?? -1, output: stdout + stderr }))
    )
  })

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

describe("the Dockerfile", () => {
  it("has only known instructions, images with a version, and commands that get signals", () => {
    const known = /^(?:FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|HEALTHCHECK|ENTRYPOINT|CMD)$/
    for (const { name } of instructions) assertMatch(name, known)
    const stages = all("FROM").map((text) => / AS (\w+)$/.exec(text)?.[1])
    for (const text of all("FROM")) assertMatch(text, /^node:\d+-\w+-slim( AS \w+)?$/)
    for (const text of all("COPY")) {
      const from = /--from=(\S+)/.exec(text)?.[1]
      if (from !== undefined) strictEqual(stages.includes(from), true)
    }
    deepStrictEqual(all("EXPOSE"), ["8080"])
    for (const name of ["ENTRYPOINT", "CMD"]) strictEqual(wordsOf(all(name).at(-1) ?? "").length > 0, true)
    strictEqual(healthcheck().length > 0, true)
  })

  it("serves as a user without privileges, who may write to the volume", () => {
    const names = instructions.map(({ name }) => name)
    deepStrictEqual(all("USER"), ["node"])
    strictEqual(names.lastIndexOf("USER") > names.lastIndexOf("RUN"), true)
    deepStrictEqual(all("VOLUME"), [all("WORKDIR").at(-1) ?? ""])
    assertInclude(all("RUN").at(-1) ?? "", `chown node:node ${all("VOLUME")[0]}`)
  })

  it("copies nothing into the image that is built, or secret", () => {
    const ignored = readFileSync(join(repository, "docker/Dockerfile.dockerignore"), "utf8").split("\n")
    for (const name of [".git", "**/node_modules", "**/dist", "**/tenants.json"]) {
      strictEqual(ignored.includes(name), true, name)
    }
  })

  it.scopedLive(
    "has commands that work, here outside of a container",
    () =>
      Effect.gen(function* () {
        const root = yield* temporaryDirectory
        for (const directory of ["app", "bin"]) mkdirSync(join(root, directory))
        const user = `${process.getuid?.()}:${process.getgid?.()}`
        /** The paths of the image, below a directory that is ours. */
        const here = (text: string): string =>
          text
            .replaceAll("/usr/local/bin/", `${root}/bin/`)
            .replaceAll(/(?<=\s)\/(app|data)\b/g, `${root}/$1`)
            .replaceAll("node:node", user)
        const [setup, ...commands] = all("RUN")
        // Whoever runs the tests has run it.
        strictEqual(setup, "npm run setup")
        for (const command of commands) {
          const { code, output } = yield* run(["sh", "-c", here(command)], {
            cwd: repository,
            env: process.env
          })
          strictEqual(code, 0, `${command}\n${output}`)
        }

        const port = String(yield* freePort)
        const options = {
          cwd: join(root, "data"),
          env: {
            PATH: `${root}/bin:${process.env["PATH"]}`,
            ...Object.fromEntries(all("ENV").map((text) => text.split("="))),
            QSTASH_PORT: port
          }
        }
        const entry = wordsOf(all("ENTRYPOINT").at(-1) ?? "")
        const [file = "", ...args] = [...entry, ...wordsOf(all("CMD").at(-1) ?? "")]
        strictEqual((yield* run([...entry, "tenants", "add", "shop"], options)).code, 0)
        const down = yield* run(healthcheck(), options)
        strictEqual(down.code, 1, down.output)

        const ended = yield* Effect.acquireRelease(
          Effect.sync(() => {
            const child = spawn(file, args, { ...options, stdio: "ignore" })
            const exit = new Promise<number | null>((resolve) => child.once("exit", resolve))
            return { child, exit }
          }),
          ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
        )
        yield* Effect.repeat(run(healthcheck(), options), {
          until: ({ code }) => code === 0,
          schedule: Schedule.spaced("200 millis")
        }).pipe(Effect.timeout("30 seconds"))
        ended.child.kill("SIGTERM")
        strictEqual(yield* Effect.promise(() => ended.exit), 0)
      }),
    180_000
  )
})
