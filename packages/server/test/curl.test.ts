import { it } from "@effect/vitest"
import { assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { execFile, spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { quiet, serve, token, worker } from "./support.ts"

const docs = fileURLToPath(new URL("../../../docs", import.meta.url))

interface Example {
  readonly place: string
  readonly command: string
}

/** The curl commands of the blocks that show a shell, each with the lines that go on from it. */
const examplesOf = (file: string): ReadonlyArray<Example> => {
  const examples: Array<Example> = []
  let isShell = false
  let open: Example | undefined
  for (const [index, line] of readFileSync(join(docs, file), "utf8").split(/\r?\n/).entries()) {
    const fence = /^\s*(?:```|~~~)(\w*)/.exec(line)
    if (fence !== null) {
      isShell = ["sh", "bash", "console"].includes(fence[1] ?? "")
      open = undefined
      continue
    }
    if (open !== undefined) open = { ...open, command: `${open.command}\n${line}` }
    else if (isShell && /^(?:\$ )?curl /.test(line)) {
      open = { place: `docs/${file}:${index + 1}`, command: line.replace(/^\$ /, "") }
    }
    if (open !== undefined && !line.endsWith("\\")) {
      examples.push(open)
      open = undefined
    }
  }
  return examples
}

const byFile = readdirSync(docs)
  .filter((file) => file.endsWith(".md"))
  .map((file) => [file, examplesOf(file)] as const)
  .filter(([, examples]) => examples.length > 0)

/** Runs a command in a shell, in which curl says nothing but the status of the answer, on its error stream. */
const run = (command: string, env: Readonly<Record<string, string>>) =>
  Effect.async<string>((resume) => {
    const child = execFile(
      "sh",
      ["-c", command],
      { env: { PATH: process.env["PATH"], ...env } },
      (_, stdout, stderr) => resume(Effect.succeed(`${stderr.trim()} ${stdout}`))
    )
    return Effect.sync(() => child.kill())
  })

it("the documentation has examples with curl", () => {
  assertTrue(byFile.flatMap(([, examples]) => examples).length > 10)
})

for (const [file, examples] of byFile) {
  it.scopedLive(
    `the curl commands of docs/${file} are served as they stand there`,
    (context) =>
      Effect.gen(function* () {
        if (spawnSync("curl", ["--version"]).error !== undefined) {
          return context.skip("there is no curl on this machine")
        }
        const { port, url } = yield* serve({ time: "virtual" })
        const { port: there } = yield* worker()
        const home = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-qstash-"))),
          (made) => Effect.sync(() => rmSync(made, { recursive: true }))
        )
        writeFileSync(join(home, ".curlrc"), 'silent\nshow-error\nwrite-out = "%{stderr}%{http_code}"\n')
        const refused: Array<string> = []
        for (const { command, place } of examples) {
          // The documents speak of the usual port, and of a worker on another one.
          const here = command
            .replace(/(localhost|127\.0\.0\.1):8080/g, `$1:${port}`)
            .replace(/localhost:3000/g, `127.0.0.1:${there}`)
          assertTrue(!/https?:\/\/(?!127\.0\.0\.1|localhost)/.test(here), `${place} calls another host`)
          const answer = yield* run(here, {
            CURL_HOME: home,
            HOME: home,
            QSTASH_URL: url,
            QSTASH_TOKEN: token
          })
          if (!/^2\d\d /.test(answer)) refused.push(`${place}: ${answer}`)
        }
        deepStrictEqual(refused, [])
      }).pipe(Effect.provide(quiet)),
    30_000
  )
}
