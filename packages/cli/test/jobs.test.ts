import { ScheduleId } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import {
  answering,
  cli,
  json,
  jsonObject,
  nowhere,
  serveVirtual,
  spawned,
  temporaryDirectory
} from "./support.ts"

const JOBS_URL = "https://api.example.com/jobs"

/** A project of a user, with what `cli` itself has installed. Its enum is more than types that could be cut out. */
const project = Effect.map(temporaryDirectory, (directory) => {
  const at = (file: string) => join(directory, file)
  symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), at("node_modules"))
  writeFileSync(
    at("jobs.ts"),
    `
      import { Job, Jobs } from "@effect-qstash/jobs"
      import { Schema } from "effect"
      enum At { Four = "0 4 * * *" }
      const Report = Job.make("report", {
        payload: { n: Schema.Int },
        schedule: { cron: At.Four, payload: { n: 1 } }
      })
      export const Digest = Job.make("digest", { payload: { n: Schema.Int } })
      export const jobs = Jobs.make("billing", Report, Digest)
    `
  )
  return {
    /** Writes a module, and returns its path. */
    write: (file: string, text: string) => {
      writeFileSync(at(file), text)
      return at(file)
    },
    /** Writes a module that declares the digests with these keys. */
    declare: (file: string, keys: ReadonlyArray<string>, cron = "0 7 * * MON") => {
      writeFileSync(
        at(file),
        `
          import { Plan } from "@effect-qstash/jobs"
          import { Digest, jobs } from "./jobs.js"
          const keys: ReadonlyArray<string> = await Promise.resolve(${JSON.stringify(keys)})
          export default Plan.make(
            jobs,
            keys.map((key) => Digest.schedule({ key, cron: ${JSON.stringify(cron)}, payload: { n: 1 } }))
          )
        `
      )
      return at(file)
    }
  }
})

const serveAndProject = Effect.gen(function* () {
  const server = yield* serveVirtual
  const { declare, write } = yield* project
  const ids = Effect.map(server.schedules.list, (list) =>
    list.map(({ scheduleId }) => String(scheduleId)).toSorted()
  )
  return { ...server, env: { ...server.env, JOBS_URL }, declare, write, ids }
})

describe("jobs plan and apply", () => {
  it.scopedLive("show what would change, change it, and then have nothing to do", () =>
    Effect.gen(function* () {
      const { declare, env, ids, schedules, url } = yield* serveAndProject
      const before = declare("before.ts", ["t1", "t2"])
      const text = [
        "billing: 3 to create",
        "+ report     0 4 * * *",
        "+ digest.t1  0 7 * * MON",
        "+ digest.t2  0 7 * * MON",
        ""
      ].join("\n")
      deepStrictEqual(yield* cli(`jobs plan ${before}`, { env }), { code: 0, stdout: text, stderr: "" })
      deepStrictEqual(yield* ids, [])
      deepStrictEqual(yield* cli(`jobs apply ${before} --yes`, { env }), {
        code: 0,
        stdout: `${text}Applied at ${url}.\n`,
        stderr: ""
      })
      deepStrictEqual(yield* ids, ["digest.t1", "digest.t2", "report"])
      const { destination } = yield* schedules.get(ScheduleId.make("report"))
      strictEqual(destination, `${JOBS_URL}/report`)

      const written = yield* schedules.list
      deepStrictEqual(yield* cli(`jobs apply ${before} --yes`, { env }), {
        code: 0,
        stdout: `billing: 3 unchanged\nNothing to change at ${url}.\n`,
        stderr: ""
      })
      deepStrictEqual(yield* schedules.list, written)

      const after = declare("after.ts", ["t2", "t3"], "0 8 * * MON")
      strictEqual(
        (yield* cli(`jobs plan ${after}`, { env })).stdout,
        [
          "billing: 1 to create, 1 to update, 1 to delete, 1 unchanged",
          "+ digest.t3  0 8 * * MON",
          "~ digest.t2  cron: 0 7 * * MON -> 0 8 * * MON",
          "- digest.t1",
          ""
        ].join("\n")
      )
    })
  )

  it.scopedLive("take modules of JavaScript as well", () =>
    Effect.gen(function* () {
      const { env, write } = yield* serveAndProject
      const module = write(
        "deploy.mjs",
        'import { Plan } from "@effect-qstash/jobs"; import { jobs } from "./jobs.ts"; export default Plan.make(jobs)'
      )
      strictEqual(
        (yield* cli(`jobs plan ${module}`, { env })).stdout,
        "billing: 1 to create\n+ report  0 4 * * *\n"
      )
    })
  )

  it.scopedLive("end with 3 with --check if there is anything to change", () =>
    Effect.gen(function* () {
      const { declare, env, ids, url } = yield* serveAndProject
      const module = declare("deploy.ts", [])
      const { code, stderr, stdout } = yield* cli(`jobs plan ${module} --check`, { env })
      strictEqual(code, 3)
      assertInclude(stdout, "+ report")
      assertInclude(stderr, `error: The schedules at ${url} are not what deploy.ts declares.\n`)
      assertInclude(stderr, "effect-qstash jobs apply")
      deepStrictEqual(yield* ids, [])
      strictEqual((yield* cli(`jobs apply ${module} --yes`, { env })).code, 0)
      deepStrictEqual(yield* cli(`jobs plan ${module} --check`, { env }), {
        code: 0,
        stdout: "billing: 1 unchanged\n",
        stderr: ""
      })
    })
  )

  it.scopedLive("print the plan without bodies with --json, and nothing else", () =>
    Effect.gen(function* () {
      const { declare, env, ids, write } = yield* serveAndProject
      yield* cli(`jobs apply ${declare("before.ts", ["t1", "t2"])} --yes`, { env })
      const module = declare("after.ts", ["t2", "t3"], "30 2 29 3 *")
      const planned = {
        app: "billing",
        create: [{ scheduleId: "digest.t3", cron: "30 2 29 3 *" }],
        update: [
          { scheduleId: "digest.t2", cron: "30 2 29 3 *", changes: ["cron: 0 7 * * MON -> 30 2 29 3 *"] }
        ],
        keep: ["report"],
        remove: ["digest.t1"],
        urlGroups: [],
        warnings: []
      }
      deepStrictEqual(json(yield* cli(`jobs plan ${module} --json`, { env })), planned)
      const checked = yield* cli(`jobs plan ${module} --json --check`, { env })
      strictEqual(checked.code, 3)
      deepStrictEqual(json(checked), planned)
      deepStrictEqual(json(yield* cli(`jobs apply ${module} --json --yes`, { env })), planned)
      deepStrictEqual(yield* ids, ["digest.t2", "digest.t3", "report"])

      const never = write(
        "never.ts",
        'import { Plan } from "@effect-qstash/jobs"; import { Digest, jobs } from "./jobs.ts"; export default Plan.make(jobs, [Digest.schedule({ cron: "0 0 31 2 *", payload: { n: 1 } })])'
      )
      deepStrictEqual(jsonObject(json(yield* cli(`jobs plan ${never} --json`, { env })))["warnings"], [
        { scheduleId: "digest", text: "never fires: no date matches its cron" }
      ])
    })
  )

  it.scopedLive("ask before they delete", () =>
    Effect.gen(function* () {
      const { declare, env, ids, url } = yield* serveAndProject
      yield* cli(`jobs apply ${declare("before.ts", ["t1"])} --yes`, { env })
      const module = declare("after.ts", ["t2"])
      for (const line of [`jobs apply ${module}`, `jobs apply ${module} --json`]) {
        const { code, stderr, stdout } = yield* cli(line, { env })
        strictEqual(code, 2)
        strictEqual(stdout, "")
        assertInclude(stderr, "--yes")
      }
      const no = yield* cli(`jobs apply ${module}`, { env, columns: 80, types: "n\r" })
      strictEqual(no.code, 1)
      assertInclude(no.stdout, "\n- digest.t1\n")
      assertInclude(no.stdout, `Apply this and delete 1 schedule at ${url}? (y/N) `)
      strictEqual(no.stderr, "error: Nothing was changed.\n")
      deepStrictEqual(yield* ids, ["digest.t1", "report"])
      const yes = yield* cli(`jobs apply ${module}`, { env, columns: 80, types: "y\r" })
      strictEqual(yes.code, 0)
      deepStrictEqual(yield* ids, ["digest.t2", "report"])
    })
  )

  it.scopedLive("do not ask if there is nothing to delete", () =>
    Effect.gen(function* () {
      const { declare, env, ids } = yield* serveAndProject
      const { code, stdout } = yield* cli(`jobs apply ${declare("deploy.ts", [])}`, {
        env,
        columns: 80,
        types: "n\r"
      })
      strictEqual(code, 0)
      strictEqual(stdout.includes("(y/N)"), false)
      deepStrictEqual(yield* ids, ["report"])
    })
  )

  it.scopedLive("delete nothing with --no-prune, and then need no confirmation", () =>
    Effect.gen(function* () {
      const { declare, env, ids, url } = yield* serveAndProject
      yield* cli(`jobs apply ${declare("before.ts", ["t1"])} --no-prune`, { env })
      const { code, stdout } = yield* cli(`jobs apply ${declare("after.ts", ["t2"])} --no-prune`, { env })
      strictEqual(code, 0)
      assertInclude(stdout, `Applied at ${url}, without deleting 1 schedule.\n`)
      deepStrictEqual(yield* ids, ["digest.t1", "digest.t2", "report"])
    })
  )

  it.scopedLive("keep deployments apart by --env or JOBS_ENVIRONMENT", () =>
    Effect.gen(function* () {
      const { declare, env, ids, schedules } = yield* serveAndProject
      const module = declare("deploy.ts", [])
      yield* cli(`jobs apply ${module} --yes`, { env })
      const preview = "--env preview --url https://preview.example.com/jobs/"
      const { stdout } = yield* cli(`jobs apply ${module} ${preview} --create-paused --yes`, { env })
      assertInclude(stdout, "preview.billing: 1 to create\n+ preview.report  0 4 * * *\n")
      deepStrictEqual(yield* ids, ["preview.report", "report"])
      const { destination, isPaused, labels } = yield* schedules.get(ScheduleId.make("preview.report"))
      strictEqual(destination, "https://preview.example.com/jobs/report")
      strictEqual(isPaused, true)
      assertInclude(labels.join(" "), "app:preview.billing")
      strictEqual((yield* schedules.get(ScheduleId.make("report"))).isPaused, false)
      const variables = {
        ...env,
        JOBS_ENVIRONMENT: "preview",
        JOBS_URL: "https://preview.example.com/jobs"
      }
      strictEqual((yield* cli(`jobs plan ${module} --check`, { env: variables })).code, 0)
    })
  )

  it.scopedLive(
    "end although the module keeps something open, and print on standard error what it prints",
    () =>
      Effect.gen(function* () {
        const { env, write } = yield* serveAndProject
        const module = write(
          "open.ts",
          'import { Plan } from "@effect-qstash/jobs"; import { Effect } from "effect"; import { jobs } from "./jobs.ts"; setInterval(() => {}, 1000); console.log("is loaded"); export default Effect.zipRight(Effect.log("reads the tenants"), Plan.make(jobs))'
        )
        const { code, stderr, stdout } = yield* spawned(`jobs plan ${module}`, env)
        strictEqual(code, 0)
        strictEqual(stdout, "billing: 1 to create\n+ report  0 4 * * *\n")
        assertInclude(stderr, "is loaded\n")
        assertInclude(stderr, "reads the tenants")
      }),
    60_000
  )
})

describe("jobs plan and apply say in a line what is wrong", () => {
  const start =
    'import { Plan } from "@effect-qstash/jobs"; import { Config, Context, Effect } from "effect"; import { Digest, jobs } from "./jobs.ts";\n'
  const digest = 'Digest.schedule({ key: "t1", cron: "@daily", payload: { n: 1 } })'
  const modules: ReadonlyArray<readonly [source: string, code: number, error: RegExp]> = [
    ["export const plan = Plan.make(jobs)", 2, /deploy\.ts has no default export\.\n.*export default Plan/],
    ["export default jobs", 2, /default export of deploy\.ts is not a plan\. It is not an Effect\.\n/],
    ["export default Effect.succeed(1)", 2, /is not a plan\. Its Effect does not give a plan\.\n/],
    ['throw new Error("boom\\nagain")', 1, /deploy\.ts could not be loaded: boom\.\n.*--log-level debug/],
    ["const x: = 1", 1, /could not be loaded: .*Unexpected token at \S+deploy\.ts:2:9\.\n/],
    ['import "./absent.ts"', 1, /could not be loaded: Cannot find module '\.\/absent\.ts'\.\n/],
    ['import "absent"', 1, /could not be loaded: .*absent/],
    ['export default Effect.fail("no tenants")', 1, /deploy\.ts failed: no tenants\.\n/],
    ['export default Effect.die(new Error("a bug."))', 1, /deploy\.ts failed: a bug\.\n/],
    ['export default Config.string("DB_URL")', 1, /deploy\.ts failed: .*DB_URL/],
    ['export default Context.GenericTag("Database")', 1, /deploy\.ts failed: Service not found: Database/],
    [`export default Plan.make(jobs, [${digest}, ${digest}])`, 1, /Two schedules have the id "digest\.t1"\./]
  ]
  for (const [source, code, error] of modules) {
    it.scopedLive(source, () =>
      Effect.gen(function* () {
        const { env, write } = yield* serveAndProject
        const ended = yield* cli(`jobs plan ${write("deploy.ts", start + source)}`, { env })
        assertMatch(ended.stderr, error)
        strictEqual(ended.code, code)
        strictEqual(ended.stdout, "")
        strictEqual(ended.stderr.trim().split("\n").length <= 2, true)
      })
    )
  }

  it.scopedLive("schedules of others", () =>
    Effect.gen(function* () {
      const { declare, env, schedules } = yield* serveAndProject
      yield* schedules.create({ cron: "@daily", destination: nowhere, scheduleId: ScheduleId.make("report") })
      const { code, stderr } = yield* cli(`jobs apply ${declare("deploy.ts", [])} --yes`, { env })
      strictEqual(code, 1)
      strictEqual(
        stderr,
        "error: These schedules exist and do not belong to this application: report. Plan with adopt: true to take them over.\n"
      )
    })
  )

  it.scopedLive("the file, the URL and the name of the deployment", () =>
    Effect.gen(function* () {
      const { declare, env } = yield* serveAndProject
      const module = declare("deploy.ts", [])
      const wrong: ReadonlyArray<readonly [line: string, more: Record<string, string>, error: string]> = [
        ["absent.ts", {}, '<module>: there is no file "absent.ts".'],
        [".", {}, '<module>: there is no file ".".'],
        [module, { JOBS_URL: "" }, "JOBS_URL is not set."],
        [module, { JOBS_URL: "ftp://a" }, "JOBS_URL: it must be a URL that starts with http:// or https://."],
        [`${module} --url a`, {}, "--url: it must be a URL that starts with http:// or https://."],
        [`${module} --env a.b`, {}, "--env: it must consist of letters, digits, - and _."],
        [module, { JOBS_ENVIRONMENT: "a.b" }, "JOBS_ENVIRONMENT: it must consist of"],
        ["", {}, "<module>"]
      ]
      for (const [line, more, error] of wrong) {
        const { code, stderr, stdout } = yield* cli(`jobs plan ${line}`, { env: { ...env, ...more } })
        strictEqual(code, 2, error)
        strictEqual(stdout, "")
        assertInclude(stderr, error)
      }
    })
  )

  it.scopedLive("a QStash that refuses", () =>
    Effect.gen(function* () {
      const { declare, env, url } = yield* serveAndProject
      const module = declare("deploy.ts", [])
      const denied = yield* cli(`jobs plan ${module}`, { env: { ...env, QSTASH_TOKEN: "planted" } })
      strictEqual(denied.code, 1)
      assertInclude(denied.stderr, `error: ${url} did not accept the token (401)`)
      strictEqual(denied.stderr.includes("planted"), false)
      const limited = yield* answering(429, "{}", { "Burst-RateLimit-Reset": "99999999999" })
      const busy = yield* cli(`jobs plan ${module}`, { env: { ...env, QSTASH_URL: limited } })
      strictEqual(busy.code, 1)
      assertInclude(busy.stderr, "burst limit is reached; it resets at 5138-11-16T09:46:39.000Z.\n")
      assertInclude(busy.stderr, "Wait for it")
      const gone = yield* cli(`jobs plan ${module}`, { env: { ...env, QSTASH_URL: "http://127.0.0.1:9" } })
      strictEqual(gone.code, 1)
      assertInclude(gone.stderr, "effect-qstash dev")
    })
  )

  it.scopedLive("packages that are not installed", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { env } = yield* serveVirtual
      const module = join(directory, "deploy.ts")
      writeFileSync(module, "export default 1")
      // In a process of its own, since pnpm gives this one a NODE_PATH that leads into the workspace.
      const { code, stderr } = yield* spawned(`jobs plan ${module}`, { ...env, JOBS_URL })
      strictEqual(code, 2)
      assertInclude(stderr, "deploy.ts cannot be planned with what is installed: ")
      assertInclude(stderr, "npm install @effect-qstash/jobs@latest @effect-qstash/client@latest")
    })
  )
})
