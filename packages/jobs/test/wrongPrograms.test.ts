/** Programs that must not compile, and the first line of what TypeScript says about each. */
import { it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const prelude = `
import { QueueName } from "@effect-qstash/domain"
import { Job, Jobs } from "@effect-qstash/jobs"
import { Effect, Schema } from "effect"
class Down extends Schema.TaggedError<Down>()("Down", {}) {}
class Gone extends Schema.TaggedError<Gone>()("Gone", {}) {}
const TenantId = Schema.String.pipe(Schema.brand("TenantId"))
const Mail = Job.make("mail", {
  payload: { to: Schema.String, kind: Schema.Literal("a", "b") },
  error: Down,
  onError: { Down: Job.retry }
})
const Digest = Job.make("digest", { payload: { tenantId: TenantId } })
const Export = Job.make("export", {
  payload: { id: Schema.Int },
  success: Schema.Struct({ url: Schema.String }),
  outcome: true
})
const Shape = Job.make("shape", {
  payload: Schema.Union(
    Schema.TaggedStruct("Circle", { r: Schema.Int }),
    Schema.TaggedStruct("Square", { a: Schema.Int })
  )
})
const jobs = Jobs.make("app", Mail, Digest, Export)
const handlers = {
  mail: () => Effect.void,
  digest: () => Effect.void,
  export: () => Effect.succeed({ url: "" }),
  "export/outcome": () => Effect.void
}
const digest = { tenantId: TenantId.make("t") }
const queue = QueueName.make("q")
`

const programs: Readonly<Record<string, readonly [program: string, firstLine: string]>> = {
  "a literal that the payload does not have": [
    `Mail.publish({ to: "x", kind: "c" })`,
    `Type '"c"' is not assignable to type '"a" | "b"'.`
  ],
  "a payload without a field": [
    `Mail.publish({ to: "x" })`,
    `Property 'kind' is missing in type '{ to: string; }' but required in type '{ readonly to: string; readonly kind: "a" | "b"; }'.`
  ],
  "a payload with another field": [
    `Mail.publish({ to: "x", kind: "a", more: 1 })`,
    `Object literal may only specify known properties, and 'more' does not exist in type '{ readonly to: string; readonly kind: "a" | "b"; }'.`
  ],
  "a string for a branded id": [
    `Digest.publish({ tenantId: "t" })`,
    `Type 'string' is not assignable to type 'string & Brand<"TenantId">'.`
  ],
  "an unknown tag of a payload": [
    `Shape.publish({ _tag: "Triangle", r: 1 })`,
    `Type '"Triangle"' is not assignable to type '"Circle" | "Square"'.`
  ],
  "a field of another tag": [
    `Shape.publish({ _tag: "Square", r: 1 })`,
    `Object literal may only specify known properties, and 'r' does not exist in type '{ readonly _tag: "Square"; readonly a: number; }'.`
  ],
  "a wrong payload among many": [
    `Digest.publishMany([digest, { tenantId: "t" }])`,
    `Type 'string' is not assignable to type 'string & Brand<"TenantId">'.`
  ],
  "a key of a field that the payload does not have": [
    `Job.make("j", { payload: { id: Schema.Int }, key: ({ no }) => no })`,
    `Property 'no' does not exist on type '{ readonly id: number; }'.`
  ],
  "the payload of another job in a schedule": [
    `Mail.schedule({ cron: "@daily", payload: { to: "x", kind: "c" } })`,
    `Type '"c"' is not assignable to type '"a" | "b"'.`
  ],
  "a wrong payload in the job's own schedule": [
    `Job.make("j", { payload: { n: Schema.Int }, schedule: { cron: "@daily", payload: { n: "1" } } })`,
    `Type 'string' is not assignable to type 'number'.`
  ],
  "a job without a handler": [
    `jobs.toLayer({ digest: handlers.digest, export: handlers.export, "export/outcome": handlers["export/outcome"] })`,
    `Property 'mail' is missing in type`
  ],
  "an outcome without a handler": [
    `jobs.toLayer({ mail: handlers.mail, digest: handlers.digest, export: handlers.export })`,
    `Property '"export/outcome"' is missing in type`
  ],
  "a handler for no job": [
    `jobs.toLayer({ ...handlers, other: () => Effect.void })`,
    `Type '() => Effect.Effect<void, never, never>' is not assignable to type '"No job needs a handler other"'.`
  ],
  "an outcome handler of a job without outcomes": [
    `jobs.toLayer({ ...handlers, "mail/outcome": () => Effect.void })`,
    `Type '() => Effect.Effect<void, never, never>' is not assignable to type '"No job needs a handler mail/outcome"'.`
  ],
  "a handler that uses what the payload does not have": [
    `jobs.toLayer({ ...handlers, mail: ({ no }) => Effect.succeed(no) })`,
    `Property 'no' does not exist on type '{ readonly to: string; readonly kind: "a" | "b"; }'.`
  ],
  "a handler with another result": [
    `jobs.toLayer({ ...handlers, export: () => Effect.succeed({ url: 1 }) })`,
    `Type 'Effect<{ url: number; }, never, never>' is not assignable to type 'Effect<{ readonly url: string; }, never, unknown>'`
  ],
  "a handler with an undeclared error": [
    `jobs.toLayer({ ...handlers, mail: () => new Gone() })`,
    `Type 'Gone' is not assignable to type 'Effect<unknown, Down, unknown>'.`
  ],
  "a handler for another payload": [
    `jobs.toLayer({ ...handlers, mail: (payload: { to: number }) => Effect.succeed(payload) })`,
    `Type '(payload: { to: number; }) => Effect.Effect<{ to: number; }, never, never>' is not assignable to type 'Handler<Job<"mail", { readonly to: string; readonly kind: "a" | "b"; }, void, Down, never>, unknown>'.`
  ],
  "an outcome handler that may fail": [
    `jobs.toLayer({ ...handlers, "export/outcome": () => new Gone() })`,
    `Type 'Gone' is not assignable to type 'Effect<unknown, never, unknown>'.`
  ],
  "an error without verdicts": [
    `Job.make("j", { payload: {}, error: Down })`,
    `Argument of type '{ payload: {}; error: typeof Down; }' is not assignable to parameter of type 'Options<{}, void, never, Down, { readonly _tag: "Down"; }, false, undefined> & { readonly onError: { readonly Down: Verdict; }; }'.`
  ],
  "an error of two without a verdict": [
    `Job.make("j", { payload: {}, error: Schema.Union(Down, Gone), onError: { Down: Job.retry } })`,
    `Property 'Gone' is missing in type '{ Down: Job.Verdict; }' but required in type '{ readonly Down: Verdict; readonly Gone: Verdict; }'.`
  ],
  "a verdict for an unknown error": [
    `Job.make("j", { payload: {}, error: Down, onError: { Down: Job.retry, Gone: Job.giveUp } })`,
    `Object literal may only specify known properties, and 'Gone' does not exist in type '{ readonly Down: Verdict; }'.`
  ],
  "two jobs of one name": [
    `Jobs.make("app", Mail, Digest, Job.make("mail", { payload: {} }))`,
    `Argument of type 'Job<"mail", {}, void, never, never>' is not assignable to parameter of type '"Two jobs are named mail"'.`
  ],
  "a delay in a queue": [
    `Digest.enqueue(queue, digest, { delay: "1 second" })`,
    `Object literal may only specify known properties, and 'delay' does not exist in type 'EnqueueOptions'.`
  ],
  "flow control in a queue": [
    `Digest.enqueue(queue, digest, { flowControl: { key: "k", parallelism: 1 } })`,
    `Object literal may only specify known properties, and 'flowControl' does not exist in type 'EnqueueOptions'.`
  ],
  "a callback among the settings": [
    `Job.make("j", { payload: {}, settings: { callback: "https://x.test" } })`,
    `Object literal may only specify known properties, and 'callback' does not exist in type 'Settings'.`
  ],
  "a trigger of a job without a schedule": [
    `Job.trigger(Mail)`,
    `Argument of type 'Job<"mail", { readonly to: string; readonly kind: "a" | "b"; }, void, Down, never>' is not assignable to parameter of type 'Schedule | Scheduled'.`
  ],
  "a backfill of a job without a schedule": [
    `Job.backfill(Mail, { from: 0, until: 1 })`,
    `Argument of type 'Job<"mail", { readonly to: string; readonly kind: "a" | "b"; }, void, Down, never>' is not assignable to parameter of type 'Schedule | Scheduled'.`
  ],
  "a URL group of jobs with different payloads": [
    `Job.urlGroup(UrlGroupName.make("g"), Digest, Export)`,
    `Argument of type 'Job<"export", { readonly id: number; }, { readonly url: string; }, never, "outcome">' is not assignable to parameter of type 'Takes<{ readonly tenantId: string & Brand<"TenantId">; }>'`
  ],
  "an outcome's value of another type": [
    `jobs.toLayer({ ...handlers, "export/outcome": ({ exit }) => Effect.succeed(exit._tag === "Success" ? exit.value.no : 1) })`,
    `Property 'no' does not exist on type '{ readonly url: string; }'.`
  ]
}

const root = fileURLToPath(new URL("../build/", import.meta.url))
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc")

it("says in one line what is wrong", { timeout: 60_000 }, async () => {
  mkdirSync(root, { recursive: true })
  const folder = mkdtempSync(join(root, "wrong-"))
  try {
    const names = Object.keys(programs)
    names.forEach((name, index) => {
      const [program] = programs[name] ?? [""]
      const imports = program.includes("UrlGroupName")
        ? `import { UrlGroupName } from "@effect-qstash/domain"`
        : ""
      writeFileSync(join(folder, `${index}.ts`), `${imports}${prelude}${program}\n`)
    })
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../../../../tsconfig.base.json",
        compilerOptions: {
          composite: false,
          declaration: false,
          declarationMap: false,
          lib: ["ES2023", "DOM"],
          noEmit: true,
          noUnusedLocals: false
        },
        include: ["*.ts"]
      })
    )
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, [tsc, "-p", folder, "--pretty", "false"], (_, stdout) => resolve(stdout))
    })
    const said = names.map((name, index) => {
      const first = output.split("\n").find((line) => new RegExp(`(?:^|/)${index}\\.ts\\(`).test(line))
      const text = first?.replace(/^.*?: error TS\d+: /, "") ?? "compiles"
      const [, expected = ""] = programs[name] ?? []
      return [name, text.startsWith(expected) ? expected : text]
    })
    deepStrictEqual(
      said,
      names.map((name) => [name, programs[name]?.[1]])
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
