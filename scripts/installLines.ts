/**
 * Does what a newcomer does: takes the install lines of a document, runs them with npm in an empty folder, then compiles
 * and runs the document's first example. Our own packages come from tarballs, all else from the npm registry.
 */
import { readdirSync, readFileSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { join, relative } from "node:path"
import {
  bareEnvironment,
  exampleOf,
  type Faults,
  progress,
  root,
  run,
  startServer,
  type Tarball,
  tool
} from "./running.ts"

interface Document {
  /** Its path from the root of the repository. */
  readonly path: string
  /** The words after `npm install` on each line. */
  readonly lines: ReadonlyArray<ReadonlyArray<string>>
  readonly example: string
}

const atOnce = 2

const documents: ReadonlyArray<Document> = [
  join(root, "docs/getting-started.md"),
  ...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name, "README.md"))
].flatMap((file) => {
  const example = exampleOf(file)
  if (example === undefined) return []
  const lines = Array.from(readFileSync(file, "utf8").matchAll(/^\$ npm install (.+)$/gm), ([, words = ""]) =>
    words.split(" ")
  )
  return lines.length === 0 ? [] : [{ path: relative(root, file), lines, example }]
})

const isOurs = (name: string): boolean => name === "effect-qstash" || name.startsWith("@effect-qstash/")

/** `^3.22` for the catalog's `^3.22.4`: what is tested here, and the patches and compatible minors after it. */
const pins = (): ReadonlyMap<string, string> => {
  const workspace = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8")
  const entries = workspace.matchAll(/^ {2}"?([@\w/-]+)"?: \^?(\d+\.\d+)\.\d+$/gm)
  return new Map(Array.from(entries, ([, name = "", minor = ""]) => [name, `^${minor}`]))
}

/** Each package of others has the range of the catalog: without one, npm takes the next major of Effect. */
export const faultsOfPins = (): Faults => {
  const expected = pins()
  return documents.flatMap(({ lines, path }) =>
    lines
      .flat()
      .filter((word) => !word.startsWith("-") && !isOurs(word))
      .flatMap((word) => {
        const name = word.replace(/(?<=.)@.*$/, "")
        const pin = expected.get(name)
        if (pin === undefined) return [`${path} installs ${name}, which the catalog does not have`]
        return word === `${name}@${pin}`
          ? []
          : [`${path} installs ${word}; the catalog asks for ${name}@${pin}`]
      })
  )
}

/** How npm reports that it cannot reach a registry. */
const unreachable =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|E\w*TIMEDOUT|E\w*TIMEOUT)\b/

/** Asks once, because an installation without a network takes minutes to give up. */
const isOffline = async (): Promise<boolean> => {
  const args = ["view", "effect", "version", "--fetch-retries=0", "--fetch-timeout=10000"]
  const { ok, output } = await run("npm", args, { cwd: root, env: npmEnvironment })
  return !ok && unreachable.test(output)
}

/** `npm test` passes its own settings and the workspace's `.npmrc` on; a newcomer has neither. */
const npmEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_(?!config_(?:registry|cache|userconfig)$)|NODE_PATH$)/i.test(name)
  )
)

/** Runs the lines of a document in a new folder. A problem is what npm printed. */
const install = async (
  folder: string,
  { lines }: Document,
  tarballs: ReadonlyMap<string, string>
): Promise<string | undefined> => {
  const named = new Set(lines.flat())
  // What the lines do not name comes with the packages that need it.
  const overrides = Object.fromEntries([...tarballs].filter(([name]) => !named.has(name)))
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", overrides }))
  for (const line of lines) {
    const words = line.map((word) => tarballs.get(word) ?? word)
    const args = ["install", ...words, "--no-audit", "--no-fund", "--prefer-offline"]
    const { ok, output } = await run("npm", args, { cwd: folder, env: npmEnvironment })
    if (!ok) return output
  }
  return undefined
}

const compile = async (folder: string, example: string): Promise<string | undefined> => {
  await mkdir(join(folder, "src"))
  await writeFile(join(folder, "src", `example.${isTest(example) ? "test.ts" : "ts"}`), example)
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2023", "DOM"],
    types: [],
    module: "NodeNext",
    strict: true,
    skipLibCheck: true,
    rootDir: "src",
    outDir: "dist"
  }
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }))
  const { ok, output } = await run(tool("tsc"), ["--pretty", "false"], { cwd: folder })
  return ok ? undefined : output
}

const isTest = (example: string): boolean => example.includes('"@effect/vitest"')

/** Runs the example, and the command line if the lines install it. */
const runExample = async (
  folder: string,
  { example, lines }: Document,
  server: Readonly<Record<string, string>>
): Promise<string | undefined> => {
  const installed = (name: string) => join(folder, "node_modules/.bin", name)
  const programs = [
    isTest(example) ? [installed("vitest"), "run", "src"] : [process.execPath, "dist/example.js"],
    ...(lines.flat().includes("effect-qstash") ? [[installed("effect-qstash"), "schedules", "list"]] : [])
  ]
  for (const [program = "", ...args] of programs) {
    const { ok, output } = await run(program, args, { cwd: folder, env: { ...bareEnvironment, ...server } })
    if (!ok) return output
  }
  return undefined
}

/** The server's own example serves the others: it runs until they have. */
const isServer = ({ path }: Document): boolean => path === "packages/server/README.md"

/** What does not work, or "offline" if npm cannot reach its registry. */
export const tryInstallLines = async (
  directory: string,
  tarballs: ReadonlyArray<Tarball>
): Promise<Faults | "offline"> => {
  if (await isOffline()) return "offline"
  const files = new Map(tarballs.map(({ filename, name }) => [name, filename]))
  const faults: Array<string> = []
  const folderOf = ({ path }: Document) => join(directory, path.replaceAll(/\W+/g, "-"))

  const queue = documents.values()
  const prepare = async (): Promise<void> => {
    for (const document of queue) {
      progress(`installing what ${document.path} says`)
      const refusal = await install(folderOf(document), document, files)
      const problem = refusal ?? (await compile(folderOf(document), document.example))
      if (problem !== undefined) faults.push(`${document.path}: ${problem}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, prepare))

  const [server] = documents.filter(isServer)
  if (faults.length > 0 || server === undefined) return faults
  const { environment, stop } = await startServer(folderOf(server), "dist/example.js")
  try {
    for (const document of documents.filter((each) => !isServer(each))) {
      const problem = await runExample(folderOf(document), document, environment)
      if (problem !== undefined) faults.push(`${document.path}: ${problem}`)
    }
  } finally {
    await stop()
  }
  return faults
}
