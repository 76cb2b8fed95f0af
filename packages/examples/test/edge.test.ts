import edge, { Purge } from "@effect-qstash/examples/edge"
import { Jobs } from "@effect-qstash/jobs"
import * as JobsTest from "@effect-qstash/jobs/JobsTest"
import { QStashTest } from "@effect-qstash/testing"
import { HttpApp } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer, Redacted } from "effect"
import { build } from "esbuild"
import { builtinModules } from "node:module"
import { fileURLToPath } from "node:url"

const url = "https://edge.example.com/jobs"

const env = {
  JOBS_URL: url,
  QSTASH_TOKEN: "token",
  QSTASH_CURRENT_SIGNING_KEY: Redacted.value(QStashTest.signingKeys.currentSigningKey),
  QSTASH_NEXT_SIGNING_KEY: Redacted.value(QStashTest.signingKeys.nextSigningKey)
}

describe("the edge handler", () => {
  it.effect("takes what QStash signed, and nothing else", () =>
    Effect.gen(function* () {
      yield* Purge.publish({ path: "/news" })
      yield* QStashTest.advance(0)
      deepStrictEqual(
        (yield* JobsTest.deliveries(Purge)).map(({ status }) => status),
        [204]
      )
      const forged = new Request(`${url}/purge`, { method: "POST", body: `{"path":"/"}` })
      strictEqual((yield* Effect.promise(() => edge.fetch(forged, env))).status, 401)
    }).pipe(
      Effect.provide(
        QStashTest.serve(HttpApp.fromWebHandler((request) => edge.fetch(request, env))).pipe(
          Layer.provideMerge(Jobs.layer({ url })),
          // The handler has a clock of its own, which has to see valid tokens.
          Layer.provideMerge(QStashTest.layerWith({ start: new Date() }))
        )
      )
    )
  )

  it("bundles without a module of Node", { timeout: 60_000 }, async () => {
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL("../src/edge.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "esm",
      platform: "browser",
      metafile: true,
      logLevel: "silent",
      external: ["node:*", ...builtinModules]
    })
    const imports = Object.values(metafile.outputs).flatMap((output) =>
      output.imports.map(({ path }) => path)
    )
    deepStrictEqual(imports, [])
  })
})
