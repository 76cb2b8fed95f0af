import { describe, it } from "@effect/vitest"
import { assertInclude, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

const workspace = fileURLToPath(new URL("../../..", import.meta.url))

describe("npm run bench", () => {
  it.live(
    "has a row for each comparison",
    () =>
      Effect.gen(function* () {
        const { code, stdout } = yield* Effect.async<{
          readonly code: number | string
          readonly stdout: string
        }>((resume) => {
          const child = execFile(
            "node_modules/.bin/tsx",
            ["packages/benchmarks/src/main.ts", "--quick"],
            { cwd: workspace },
            (error, out) => resume(Effect.succeed({ code: error?.code ?? 0, stdout: out }))
          )
          return Effect.sync(() => child.kill())
        })
        strictEqual(code, 0)
        for (const text of [
          "effect/Cron",
          "croner",
          "cron-parser",
          "into a function",
          "into an `HttpApp`",
          "among 5,000 schedules",
          "heap for one stored schedule",
          "a delivery of 100 B, `receiver/node`",
          "a delivery of 1 MB, `receiver` on WebCrypto",
          "client: `create`"
        ]) {
          assertInclude(stdout, text)
        }
        strictEqual(stdout.includes("NaN"), false)
      }),
    90_000
  )
})
