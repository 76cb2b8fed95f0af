import { describe, it } from "@effect/vitest"
import { assertInclude, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { chartOf } from "../src/chart.ts"
import type { Row } from "../src/measure.ts"
import { pageOf } from "../src/report.ts"

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
          "a delivery of 100 B, the router of jobs as an `HttpApp`",
          "decoding a schedule",
          "decoding signing keys",
          "client: create, 1 at once, `client/node`",
          "client: list of 1,000, 1 at once, undici `dispatch`"
        ]) {
          assertInclude(stdout, text)
        }
        strictEqual(stdout.includes("NaN"), false)
      }),
    120_000
  )

  it("draws bars and lists where it is slower", () => {
    const row = (ratio: number, label: string): Row => ({
      what: "publish",
      ours: "1 µs",
      theirs: "2 µs",
      ratio,
      meaning: "times as fast",
      headline: `publish, ${label}`,
      bar: { chart: "client", group: "publish <one>", label }
    })
    const rows = [row(2, "over undici"), row(0.5, "over fetch")]
    const page = pageOf(rows, [["Node", "v20"]])
    assertInclude(page, "| publish, over undici | 1 µs | 2 µs | 2.00 times as fast |")
    assertInclude(page, "- to publish, over fetch: 0.50 times as fast")
    strictEqual(page.includes("- to publish, over undici"), false)
    const chart = chartOf("client", "The client", rows)
    assertInclude(chart, "publish &lt;one&gt;")
    strictEqual(chart.split("<rect").length - 1, 1 + 2 + 2)
    strictEqual(chart.includes("NaN"), false)
  })
})
