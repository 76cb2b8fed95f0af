import { describe, it } from "@effect/vitest"
import { assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
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
        assertMatch(stdout, /1\. The application creates the schedule "nightly-report"/)
        const chapters = stdout.split(/^ {2}(?=\d\. )/m).slice(1)
        const deliveries = chapters.map((chapter) => chapter.split("✓").length - 1)
        deepStrictEqual(deliveries, [0, 3, 0, 2, 0, 0, 2, 1, 1])
        assertMatch(stdout, /✗ mail to ada.+\n.+✓ mail to ada.+\n.+✓ mail to bob/)
        assertMatch(stdout, /9\. .+\n.+✓ mail to eve/)
        assertMatch(stdout, /It responds with 401/)
        strictEqual(/INFO|WARN|ERROR/.test(stdout), false)
        strictEqual(stdout.includes("planted-token"), false)
      }),
    60_000
  )
})
