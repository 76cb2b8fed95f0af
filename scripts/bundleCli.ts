/**
 * Bundles the command line into the one file that is published. It starts faster than the modules it is made of, and
 * whoever installs it downloads nothing else.
 */
import { build, type Plugin } from "esbuild"
import { readdirSync, readFileSync } from "node:fs"
import { appendFile } from "node:fs/promises"
import { join } from "node:path"
import { readManifest, root } from "./running.ts"

const directory = join(root, "packages/cli")

export const bundleCli = async (): Promise<void> => {
  const outfile = join(directory, "dist/effect-qstash.js")
  const { metafile } = await build({
    absWorkingDir: directory,
    entryPoints: ["src/bin.ts"],
    outfile,
    bundle: true,
    // A command that is imported when it is run stays unevaluated until then, although it is in the same file.
    format: "esm",
    platform: "node",
    // jiti loads a user's TypeScript, and only if there is some. libsql is a native module.
    external: ["jiti", "libsql", "pg-native"],
    plugins: [loadLate("libsql")],
    target: "node20.19",
    // Not minified: stack traces stay readable, and the start takes 7 ms more of 160.
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    // undici is CommonJS and requires modules of Node.
    banner: {
      js: 'import { createRequire } from "node:module"\nconst require = createRequire(import.meta.url)'
    }
  })
  await appendFile(outfile, licenses(Object.keys(metafile.inputs).map((file) => join(directory, file))))
}

/** Makes an import of an external package wait until its importer runs. As it is, every command would load it. */
const loadLate = (name: string): Plugin => ({
  name: `load ${name} late`,
  setup: (building) => {
    building.onResolve({ filter: new RegExp(`^${name}$`) }, ({ kind }) =>
      kind === "import-statement" ? { path: name, namespace: "late" } : undefined
    )
    building.onLoad({ filter: /./, namespace: "late" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`
    }))
  }
})

/** The licenses of the packages of others that are in the bundle, which each of them asks to keep. */
const licenses = (files: ReadonlyArray<string>): string => {
  const packages = new Set(
    files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? [])
  )
  const texts = Array.from(packages, (path) => {
    const { author = "its authors", license, name, version } = readManifest(path)
    const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry))
    const text =
      file === undefined
        ? `Copyright ${typeof author === "string" ? author : author.name}. License: ${license}.`
        : readFileSync(join(path, file), "utf8").trim()
    if (file === undefined && license === undefined) {
      throw new Error(`${name} has no license that the bundle could keep`)
    }
    return `${name} ${version}\n\n${text}\n`
  })
  return `\n/*\nThis file contains:\n\n${texts.toSorted().join("\n\n").replaceAll("*/", "* /")}*/\n`
}

if (process.argv[1] === import.meta.filename) await bundleCli()
