/**
 * Compiles each `ts` block of the documentation as a module of its own, and reports errors at their place in the
 * Markdown. A block below the line `<!-- continues -->` starts with all of the block before it. A block below the line
 * `<!-- file: worker.ts -->` has that name, so that other blocks can import it.
 *
 * Also looks for stilted phrases, in the documentation and in the sources.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stiltedInMarkdown, stiltedInSource } from "./stiltedPhrases.ts"

interface Line {
  readonly text: string
  /** `README.md:12`, counted from 1. */
  readonly place: string
}

interface Block {
  readonly name: string
  readonly lines: ReadonlyArray<Line>
}

const root = fileURLToPath(new URL("..", import.meta.url))
// Node resolves imports upwards from here, so a block sees what the examples package depends on: what a user installs.
const output = "packages/examples/build/docs"
const faults = new Set<string>()

const markdownFiles = (): ReadonlyArray<string> => {
  const docs = existsSync(join(root, "docs"))
    ? readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((file) => `docs/${file}`)
    : []
  const readmes = readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`)
  return [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    ...docs.filter((file) => file.endsWith(".md")),
    ...readmes
  ]
    .filter((file) => existsSync(join(root, file)))
    .toSorted()
}

const blocksOf = (file: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  let fence:
    | { readonly mark: string; readonly indent: number; readonly lines: Array<Line> | undefined }
    | undefined
  let continues: string | undefined
  let fileName: string | undefined
  for (const [index, text] of readFileSync(join(root, file), "utf8").split(/\r?\n/).entries()) {
    const place = `${file}:${index + 1}`
    if (fence !== undefined) {
      if (text.trim() === fence.mark) fence = undefined
      else fence.lines?.push({ text: text.slice(Math.min(fence.indent, text.search(/\S|$/))), place })
      continue
    }
    const [, blanks = "", mark, language] = /^(\s*)(`{3,}|~{3,})\s*([^\s`]*)/.exec(text) ?? []
    if (mark !== undefined) {
      const previous = blocks.at(-1)
      let lines: Array<Line> | undefined
      if (language === "ts") {
        if (continues !== undefined && previous === undefined) faults.add(`${place} continues no block`)
        lines = continues !== undefined && previous !== undefined ? [...previous.lines] : []
        blocks.push({ name: fileName ?? `${file.replace(/[^A-Za-z0-9]+/g, "-")}-${index + 1}.ts`, lines })
        fileName = undefined
      } else if (continues !== undefined) faults.add(`${continues} is not followed by a ts block`)
      fence = { mark, indent: blanks.length, lines }
      continues = undefined
    } else if (text.startsWith("<!-- file: ")) {
      fileName = /^<!-- file: ([\w.]+\.ts) -->$/.exec(text)?.[1]
      if (fileName === undefined) faults.add(`${place} does not name a .ts file`)
    } else if (text.trim() === "<!-- continues -->") {
      continues = place
    } else if (text.trim() !== "" && continues !== undefined) {
      faults.add(`${continues} is not followed by a ts block`)
      continues = undefined
    }
  }
  if (fence !== undefined) faults.add(`${file} ends within a code block`)
  return blocks
}

const stiltedSources = (packageName: string): ReadonlyArray<string> =>
  readdirSync(join(root, "packages", packageName, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `packages/${packageName}/src/${file}`)
    .flatMap((file) => stiltedInSource(file, readFileSync(join(root, file), "utf8")))

const files = markdownFiles()
for (const file of files) {
  for (const fault of stiltedInMarkdown(file, readFileSync(join(root, file), "utf8"))) faults.add(fault)
}

for (const packageName of readdirSync(join(root, "packages"))) {
  for (const fault of stiltedSources(packageName)) faults.add(fault)
}

const blocks = new Map<string, Block>()
for (const block of files.flatMap(blocksOf)) {
  if (blocks.has(block.name))
    faults.add(`${block.lines[0]?.place}: ${block.name} is the name of another block`)
  blocks.set(block.name, block)
}

rmSync(join(root, output), { recursive: true, force: true })
mkdirSync(join(root, output), { recursive: true })
writeFileSync(
  join(root, output, "tsconfig.json"),
  JSON.stringify({
    extends: "../../../../tsconfig.base.json",
    compilerOptions: {
      noEmit: true,
      lib: ["ES2023", "DOM"],
      types: ["node"],
      // A block shows a value without using it.
      noUnusedLocals: false,
      noUnusedParameters: false
    },
    include: ["*.ts"],
    references: ["domain", "client", "engine", "jobs", "receiver", "server", "testing"].map((name) => ({
      path: `../../../${name}/tsconfig.src.json`
    }))
  })
)
for (const { lines, name } of blocks.values()) {
  writeFileSync(join(root, output, name), `${lines.map((line) => line.text).join("\n")}\n`)
}

if (blocks.size > 0) {
  const tsc = spawnSync(join(root, "node_modules/.bin/tsc"), ["-b", output, "--pretty", "false"], {
    cwd: root,
    encoding: "utf8"
  })
  for (const text of `${tsc.stdout}${tsc.stderr}`.split("\n")) {
    const [, name = "", line, column, message] = /^.*?([^/]+)\((\d+),(\d+)\): (.*)$/.exec(text) ?? []
    const place = blocks.get(name)?.lines[Number(line) - 1]?.place
    if (text.trim() !== "") faults.add(place === undefined ? text : `${place}:${column} ${message}`)
  }
  if (tsc.status !== 0 && faults.size === 0) faults.add(`tsc ended with status ${String(tsc.status)}`)
}

if (faults.size > 0) {
  process.stderr.write(`${[...faults].join("\n")}\n`)
  process.exitCode = 1
} else {
  process.stdout.write(`${blocks.size} code blocks in ${files.length} Markdown files compile.\n`)
}
