/**
 * Checks what would be published: builds and packs each public package, looks into the tarballs, and has a project
 * outside of the workspace install them, compile the examples of the READMEs against them, and run them.
 *
 * That project needs no network: it takes the tarballs from the disk, and all else by links into the workspace. The
 * install lines of the documentation are tried against the npm registry; `installLines.ts` does that.
 */
import { existsSync, readdirSync, realpathSync } from "node:fs"
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { homedir, tmpdir } from "node:os"
import { basename, join, posix, relative, sep } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { faultsOfCommands, faultsOfStart } from "./commandLines.ts"
import { faultsOfPins, tryInstallLines } from "./installLines.ts"
import {
  bareEnvironment,
  demand,
  exampleOf,
  type Faults,
  type Manifest,
  progress,
  readManifest,
  root,
  run,
  startServer,
  type Tarball,
  tool
} from "./running.ts"

/** A package as the project has installed it. */
interface Package extends Tarball {
  readonly directory: string
  readonly manifest: Manifest
  /** Paths within the package, in the form that `exports` has. */
  readonly contents: ReadonlyArray<string>
}

const atOnce = 2

/** The directories of the packages that are published. */
const directories: ReadonlyArray<string> = readdirSync(join(root, "packages"))
  .map((name) => join(root, "packages", name))
  .filter((directory) => existsSync(join(directory, "package.json")))
  .filter((directory) => readManifest(directory).private !== true)

// ---- The tarballs

/** All files below a directory, as paths from it. */
const filesOf = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"))

const build = async (): Promise<void> => {
  const projects = directories.map((directory) => join(directory, "tsconfig.src.json"))
  await demand("The build", tool("tsc"), ["-b", "--pretty", "false", ...projects], { cwd: root })
  // tsc leaves the outputs of a source that is gone, and they would be published.
  for (const directory of directories) {
    // The command line has nothing there before it is bundled.
    if (!existsSync(join(directory, "dist"))) continue
    for (const output of filesOf(join(directory, "dist"))) {
      const source = output.replace(/\.(?:js|d\.ts)(?:\.map)?$/, ".ts")
      if (!existsSync(join(directory, "src", source))) await rm(join(directory, "dist", output))
    }
  }
}

const pack = async (destination: string): Promise<ReadonlyArray<Tarball>> => {
  const filters = directories.flatMap((directory) => ["--filter", readManifest(directory).name])
  const args = ["--recursive", ...filters, "pack", "--json", "--pack-destination", destination]
  const output = await demand("Packing", tool("pnpm"), args, { cwd: root })
  // pnpm names the scripts that it runs before the JSON.
  return JSON.parse(output.replaceAll(/^>.*$/gm, ""))
}

/** The modules of a package, by what stands after its name: those that others may import, and those that they may not. */
const modulesOf = ({ contents, manifest: { exports = {} } }: Package) => {
  const paths = contents.flatMap((file) => /^dist(\/.*)\.js$/.exec(file)?.[1] ?? [])
  const isOpen = (path: string) => "./*" in exports && !path.startsWith("/internal/")
  return {
    open: [...("." in exports ? [""] : []), ...paths.filter(isOpen)],
    closed: paths.filter((path) => !isOpen(path))
  }
}

const faultsOfManifest = ({ bin, dependencies = {}, peerDependencies = {} }: Manifest): Faults => [
  ...Object.entries({ ...dependencies, ...peerDependencies })
    .filter(([, range]) => /^(?:workspace|catalog|link|file):/.test(range))
    .map(([name, range]) => `depends on ${name} as ${range}, which means nothing outside of the workspace`),
  // With a second copy of one of these, the tags and schemas of an application would not be those of the package.
  ...["effect", "@effect/platform"]
    .filter((name) => bin === undefined && name in dependencies)
    .map((name) => `has ${name} among its dependencies, where a library has it as a peer`)
]

const belonging =
  /^(?:package\.json|LICENSE|README\.md|CHANGELOG\.md|src\/.+(?<!\.test)\.ts|dist\/.+\.(?:js|d\.ts)(?:\.map)?)$/

const faultsOfContents = async ({ contents, directory }: Package): Promise<Faults> => {
  const has = new Set(contents)
  const faults = ["LICENSE", "README.md"].filter((file) => !has.has(file)).map((file) => `${file} is missing`)

  for (const file of contents) {
    const text = await readFile(join(directory, file), "utf8")
    if (!belonging.test(file)) faults.push(`${file} does not belong into a package`)
    if ([root, join(homedir(), sep)].some((path) => text.includes(path))) {
      faults.push(`${file} names a path of this machine`)
    }
    for (const output of outputsOf(file)) {
      if (!has.has(output)) faults.push(`${output} is missing; \`npx tsc -b --force\` writes it again`)
    }
    for (const [written, path] of referencesOf(file, text)) {
      if (!has.has(posix.join(posix.dirname(file), path))) {
        faults.push(`${file} leads to ${written}, which is not in the package`)
      }
    }
  }
  return faults
}

/** What a source is compiled to. */
const outputsOf = (file: string): ReadonlyArray<string> => {
  const stem = /^src\/(.*)\.ts$/.exec(file)?.[1]
  return stem === undefined
    ? []
    : ["js", "js.map", "d.ts", "d.ts.map"].map((suffix) => `dist/${stem}.${suffix}`)
}

/** The files that an output leads to, as it names them and as they are to be found from where it is. */
const referencesOf = (
  file: string,
  text: string
): ReadonlyArray<readonly [written: string, path: string]> => {
  if (file.endsWith(".map")) {
    const { sources }: { readonly sources: ReadonlyArray<string> } = JSON.parse(text)
    return sources.map((source) => [source, source])
  }
  if (!file.startsWith("dist/")) return []
  return Array.from(text.matchAll(/\b(?:from|import)[\s(]*"(\.[^"]*)"/g), ([, specifier = ""]) =>
    // A declaration file keeps the ".ts" of its source, beside which TypeScript finds the ".d.ts". Node would not.
    file.endsWith(".d.ts") ? [specifier, specifier.replace(/\.[jt]s$/, ".d.ts")] : [specifier, specifier]
  )
}

const faultsOfLinters = async (installed: Package): Promise<Faults> => {
  const bytes = Uint8Array.from(await readFile(installed.filename))
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true })
  // Unless it is told of each one, attw looks at no module behind a wildcard.
  const { open } = modulesOf(installed)
  const entrypoints = open.length > 0 ? ["--entrypoints", ...open.map((path) => `.${path}`)] : []
  // Looking for types in other packages would need the network.
  const form = ["--no-definitely-typed", "--format=ascii", "--no-color", "--no-emoji"]
  const attw = await run(tool("attw"), [installed.filename, "--profile=esm-only", ...form, ...entrypoints], {
    cwd: root
  })
  return [
    ...messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code),
    ...(attw.ok ? [] : [attw.output.split("\n").filter(isProblem).join("\n")])
  ]
}

/** Of the lines of attw, those that are neither well nor left out by the profile. */
const isProblem = (line: string): boolean =>
  line.trim() !== "" && !/\(ignored|\(ignoring|: OK|^\*+$/.test(line)

// ---- The project outside

/** Modules that can be imported by a test alone, and the test that does it. */
const testModules = new Map([
  [
    "@effect-qstash/engine/StoreLaws",
    [
      'import * as MemoryStore from "@effect-qstash/engine/MemoryStore"',
      'import * as StoreLaws from "@effect-qstash/engine/StoreLaws"',
      'StoreLaws.laws("memory", MemoryStore.layer, { runs: 1 })'
    ].join("\n")
  ]
])

/** A project that has what the READMEs tell to install, and their examples as its sources. */
const makeProject = async (
  project: string,
  tarballs: ReadonlyArray<Tarball>
): Promise<ReadonlyArray<Package>> => {
  const files = Object.fromEntries(tarballs.map(({ filename, name }) => [name, `file:${filename}`]))
  const linked = (from: string, names: ReadonlyArray<string>) =>
    names.map((name) => [name, `link:${realpathSync(join(from, "node_modules", name))}`] as const)
  const links = Object.fromEntries([
    ...linked(root, ["typescript"]),
    ...linked(join(root, "packages/testing"), ["@effect/vitest", "@types/node", "vitest"]),
    // The README of server runs its example with it.
    ...linked(join(root, "packages/examples"), ["@effect/platform-node"]),
    ...directories.flatMap((directory) => {
      const { dependencies, peerDependencies } = readManifest(directory)
      const names = Object.keys({ ...dependencies, ...peerDependencies })
      return linked(
        directory,
        names.filter((name) => !(name in files))
      )
    })
  ])
  const write = (file: string, content: unknown) =>
    writeFile(join(project, file), typeof content === "string" ? content : JSON.stringify(content))

  await mkdir(join(project, "src"), { recursive: true })
  await write("package.json", {
    private: true,
    type: "module",
    dependencies: { ...links, ...files },
    pnpm: { overrides: { ...links, ...files } }
  })
  await write("tsconfig.json", {
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2023"],
      types: ["node"],
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      rootDir: "src",
      outDir: "dist"
    },
    include: ["src"]
  })
  await cp(join(root, "scripts/importAll.ts"), join(project, "src/importAll.ts"))
  for (const directory of [root, ...directories]) {
    const example = exampleOf(join(directory, "README.md"))
    const name = directory === root ? "readme" : basename(directory)
    const suffix = example?.includes('"@effect/vitest"') === true ? "test.ts" : "ts"
    if (example !== undefined) await write(`src/${name}.${suffix}`, example)
  }
  for (const [name, test] of testModules) await write(`src/${basename(name)}.test.ts`, test)
  const places = [
    `--store-dir=${join(project, "../store")}`,
    `--virtual-store-dir=${join(project, "../packages")}`
  ]
  // A package finds what it declares, and nothing else: not what the project or another package has.
  const strictly = ["hoist=false", "strict-peer-dependencies=true", "auto-install-peers=false"]
  await demand(
    "The installation of the tarballs",
    tool("pnpm"),
    [
      "install",
      "--offline",
      "--ignore-workspace",
      ...places,
      ...strictly.map((setting) => `--config.${setting}`)
    ],
    { cwd: project }
  )
  return tarballs.map(({ filename, name }) => {
    const directory = join(project, "node_modules", name)
    const contents = filesOf(directory).filter((file) => !file.startsWith("node_modules/"))
    return { name, filename, directory, manifest: readManifest(directory), contents }
  })
}

const compile = async (project: string): Promise<Faults> => {
  const { ok, output } = await run(tool("tsc"), ["--pretty", "false"], { cwd: project })
  // The declarations of all packages are checked, but those that the links lead to are for others to mend.
  const elsewhere = relative(project, realpathSync(join(root, "node_modules")))
  const errors = output.split(/\n(?! )/).filter((error) => !error.startsWith(elsewhere.split(sep).join("/")))
  return ok ? [] : errors
}

const faultsOfImports = async (project: string, packages: ReadonlyArray<Package>): Promise<Faults> => {
  const named = (part: "open" | "closed") =>
    packages
      .flatMap((installed) => modulesOf(installed)[part].map((path) => installed.name + path))
      .filter((name) => !testModules.has(name))
  const lists = [named("open"), named("closed")].map((list) => JSON.stringify(list))
  const { ok, output } = await run(process.execPath, ["dist/importAll.js", ...lists], {
    cwd: project,
    env: bareEnvironment
  })
  return ok && output === "" ? [] : [output]
}

/** Runs the examples one after the other: what one leaves on the server, the next ones find there. */
const faultsOfRuns = async (project: string): Promise<Faults> => {
  const faults: Array<string> = []
  const { environment, stop } = await startServer(project, "dist/server.js")
  const env = { ...bareEnvironment, ...environment }
  const expectRun = async (
    name: string,
    program: string,
    args: ReadonlyArray<string>,
    expected: string
  ): Promise<void> => {
    const { ok, output, stdout } = await run(program, args, { cwd: project, env })
    if (!ok) faults.push(`${name} failed:\n${output}`)
    else if (!stdout.includes(expected)) faults.push(`${name} does not print "${expected}", but:\n${output}`)
  }
  const cli = join(project, "node_modules/.bin/effect-qstash")
  const { version } = readManifest(join(project, "node_modules/effect-qstash"))
  try {
    await expectRun("README.md", process.execPath, ["dist/readme.js"], "")
    await expectRun(
      "packages/client/README.md",
      process.execPath,
      ["dist/client.js"],
      "nightly-report: CRON_TZ=Europe/Berlin 0 4 * * *, active"
    )
    // From where npm links it.
    await expectRun("effect-qstash schedules list", cli, ["schedules", "list"], "nightly-report")
    await expectRun("effect-qstash --version", cli, ["--version"], version)
    await expectRun(
      "packages/testing/README.md",
      join(project, "node_modules/.bin/vitest"),
      ["run", "src/testing.test.ts"],
      "1 passed"
    )
    for (const name of testModules.keys()) {
      const file = `src/${basename(name)}.test.ts`
      await expectRun(name, join(project, "node_modules/.bin/vitest"), ["run", file], "1 passed")
    }
  } finally {
    await stop()
  }
  return faults
}

// ---- The next release

/** Makes the next release in a copy: each changeset has to name public packages, which all get the same version. */
const faultsOfRelease = async (copy: string): Promise<Faults> => {
  const names = readdirSync(join(root, "packages")).map((name) => `packages/${name}/package.json`)
  for (const file of [".changeset", "package.json", "pnpm-workspace.yaml", ...names]) {
    if (existsSync(join(root, file))) await cp(join(root, file), join(copy, file), { recursive: true })
  }
  const { ok, output } = await run(tool("changeset"), ["version"], { cwd: copy })
  const versions = new Set(
    directories.map((directory) => readManifest(join(copy, relative(root, directory))).version)
  )
  if (!ok) return [output]
  return versions.size === 1 ? [] : [`The packages would get different versions: ${[...versions].join(", ")}`]
}

// ---- All of it

const report = (title: string, faults: Faults): void => {
  if (faults.length > 0) process.exitCode = 1
  const lines = faults.map((fault) => `  - ${fault.replaceAll("\n", "\n    ")}\n`)
  process.stdout.write(`${faults.length > 0 ? "✗" : "✓"} ${title}\n${lines.join("")}`)
}

const check = async (directory: string): Promise<void> => {
  progress("building")
  await build()
  const project = join(directory, "project")
  progress("packing")
  const tarballs = await pack(directory)
  progress("installing the tarballs in a project")
  const packages = await makeProject(project, tarballs)

  const queue = packages.values()
  const inspect = async (): Promise<void> => {
    for (const installed of queue) {
      const { contents, manifest, name } = installed
      progress(`looking into ${name}`)
      report(`${name} ${manifest.version}, ${contents.length} files`, [
        ...faultsOfManifest(manifest),
        ...(await faultsOfContents(installed)),
        ...(await faultsOfLinters(installed))
      ])
    }
  }
  await Promise.all(Array.from({ length: atOnce }, inspect))

  const cli = join(project, "node_modules/effect-qstash/dist/effect-qstash.js")
  const steps: ReadonlyArray<readonly [title: string, find: () => Faults | Promise<Faults | "offline">]> = [
    ["installed elsewhere, their types and the examples of their READMEs compile", () => compile(project)],
    ["public modules can be imported, and no others", () => faultsOfImports(project, packages)],
    ["the examples run", () => faultsOfRuns(project)],
    ["every command runs", () => faultsOfCommands(project, cli)],
    ["the command line starts quickly", () => faultsOfStart(project, cli)],
    ["the install lines pin what the catalog has", faultsOfPins],
    [
      "the install lines work in an empty folder, and the examples run there",
      () => tryInstallLines(join(directory, "newcomers"), tarballs)
    ],
    ["the changesets make a release", () => faultsOfRelease(join(directory, "release"))]
  ]
  for (const [title, find] of steps) {
    progress(`checking that ${title}`)
    const faults = await find()
    if (faults === "offline") process.stdout.write(`– not tried without an npm registry: ${title}\n`)
    else report(title, faults)
  }
}

const directory = realpathSync(await mkdtemp(join(tmpdir(), "effect-qstash-")))
try {
  await check(directory)
} catch (error) {
  report("could not be checked", [error instanceof Error ? error.message : String(error)])
} finally {
  await rm(directory, { recursive: true, force: true })
}
