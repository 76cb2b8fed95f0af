import { build } from "esbuild"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { bundles } from "./forkBundle.ts"

const directory = fileURLToPath(new URL("..", import.meta.url))

/**
 * Compiles what runs in processes of its own. tsx would keep the name of each function by setting it whenever one is
 * made, so that decoding a record takes a third longer than it does for a user.
 */
export const bundle = async (): Promise<void> => {
  const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(`${directory}/package.json`, "utf8")
  )
  await build({
    absWorkingDir: directory,
    entryPoints: [
      "part",
      "decodingSide",
      "client/server",
      "client/side",
      "jobs/ours",
      "jobs/official",
      "jobs/officialApp",
      "jobs/bareApp",
      "storage/storeSide",
      "storage/bullmqSide"
    ].map((name) => `src/${name}.ts`),
    entryNames: "[name]",
    outdir: bundles,
    bundle: true,
    // As a user has them, in modules of their own.
    external: Object.keys(dependencies).filter((name) => !name.startsWith("@effect-qstash/")),
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "warning"
  })
}
