import { it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { build } from "esbuild"
import { builtinModules } from "node:module"
import { fileURLToPath } from "node:url"

it("bundles for the edge without a module of Node", { timeout: 60_000 }, async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL("edgeWorker.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    metafile: true,
    logLevel: "silent",
    external: ["node:*", ...builtinModules]
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path))
  deepStrictEqual(imports, [])
})
