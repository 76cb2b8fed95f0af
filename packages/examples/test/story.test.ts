import { describe, it } from "@effect/vitest"
import { assertMatch, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

const workspace = fileURLToPath(new URL("../../..", import.meta.url))

/** Runs a program of the workspace as `npm start` does, and gives what it printed and how it ended. */
const run = (file: string, env: Record<string, string>) =>
  Effect.async<{ readonly code: number | string; readonly stdout: string; readonly stderr: string }>(
    (resume) => {
      const child = execFile(
        "node_modules/.bin/tsx",
        [file],
        { cwd: workspace, env: { ...process.env, ...env } },
        (error, stdout, stderr) => resume(Effect.succeed({ code: error?.code ?? 0, stdout, stderr }))
      )
      return Effect.sync(() => child.kill())
    }
  )

describe("npm start", () => {
  it.live(
    "tells the story to its end, whatever account the environment names",
    () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* run("packages/examples/src/story.ts", {
          QSTASH_TOKEN: "planted-token",
          QSTASH_URL: "http://127.0.0.1:1"
        })
        strictEqual(stderr, "")
        strictEqual(code, 0)
        const chapters = stdout.split(/^ {2}(?=\d\. )/m).slice(1)
        strictEqual(chapters.length, 7)
        const [
          deploy = "",
          firing = "",
          retry = "",
          duplicate = "",
          deadLetter = "",
          shutdown = "",
          killed = ""
        ] = chapters
        assertMatch(deploy, /billing: 21 to create\n.+nightly-report.+\n[^]+billing: 21 unchanged/)
        assertMatch(
          firing,
          /04:00:00 {2}nightly-report {2}sends the report of eu for Wed \d+ \w+ 04:00 → 204/
        )
        assertMatch(
          retry,
          /is down → 503, next attempt at 04:00:30\n +04:00:30 .+ sends the report of eu → 204/
        )
        assertMatch(duplicate, /drops the second[^]+ writes e1 → 200\n[^]+ nothing runs → 200/)
        strictEqual(duplicate.split("writes e1").length, 2)
        assertMatch(deadLetter, /→ 489, no further attempt\n.+has failed → 204\n.+"_tag":"NoSuchTable"/)
        assertMatch(shutdown, /refuses new requests[^]+ writes e2 → 200\n[^]+ stopped[^]+ nothing runs → 200/)
        strictEqual(shutdown.split("writes e2").length, 2)
        assertMatch(killed, /has the schedule: 0 4 \* \* \*\.\n.+delivers the order: \/late-order\./)
        strictEqual(/INFO|WARN|ERROR/.test(stdout), false)
        strictEqual(stdout.includes("planted-token"), false)
      }),
    120_000
  )
})
