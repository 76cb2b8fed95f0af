/** What `jobs plan` and `jobs apply` ask of the packages of a module, without a process or a module in between. */
import { ScheduleId } from "@effect-qstash/domain"
import { Job, Jobs, Plan } from "@effect-qstash/jobs"
import * as Deploy from "@effect-qstash/jobs/Deploy"
import { describe, it, vi } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Schema } from "effect"
import { answering, serveVirtual, token } from "./support.ts"

const Report = Job.make("report", {
  payload: { secret: Schema.String },
  schedule: { cron: "0 4 * * *", payload: { secret: "planted" } }
})
const jobs = Jobs.make("billing", Report)
const reports = (...keys: ReadonlyArray<readonly [key: string, isPaused?: boolean]>) =>
  Plan.make(
    jobs,
    keys.map(([key, isPaused]) =>
      Report.schedule({ key, cron: "@daily", payload: { secret: "planted" }, isPaused })
    )
  )

const signal = new AbortController().signal

/** Plans against the QStash at a URL. */
const planning =
  (url: string, options: Partial<Deploy.Options> = {}) =>
  (exported: unknown): Effect.Effect<Deploy.Result<Deploy.Deployment>> =>
    Effect.promise(() =>
      Deploy.plan(exported, {
        qstash: { url, token, retryBudgetMillis: 0 },
        worker: { url: "https://api.example.com/jobs", environment: undefined },
        createPaused: false,
        signal,
        ...options
      })
    )

const deploymentOf = (result: Deploy.Result<Deploy.Deployment>): Deploy.Deployment => {
  if (!result.ok) throw new Error(result.problem.message)
  return result.value
}

const problemOf = (result: Deploy.Result<unknown>): Deploy.Problem => {
  if (result.ok) throw new Error("There is no problem")
  return result.problem
}

const apply = (deployment: Deploy.Deployment, prune: boolean) =>
  Effect.promise(() => deployment.apply({ prune, signal }))

/** What a caller of `fetch` has, who knows nothing of Effect. */
const makeController = () => new AbortController()

describe("a deployment", () => {
  it.scopedLive("is a plan as data without bodies, and has nothing to do once it is applied", () =>
    Effect.gen(function* () {
      const { url } = yield* serveVirtual
      const plan = planning(url)
      const first = deploymentOf(yield* plan(reports(["t1"])))
      deepStrictEqual(first.summary, {
        app: "billing",
        create: [
          { scheduleId: "report", cron: "0 4 * * *" },
          { scheduleId: "report.t1", cron: "@daily" }
        ],
        update: [],
        keep: [],
        remove: [],
        urlGroups: [],
        warnings: []
      })
      strictEqual(JSON.stringify(first).includes("planted"), false)
      strictEqual(first.isEmpty, false)
      strictEqual(first.text, "billing: 2 to create\n+ report     0 4 * * *\n+ report.t1  @daily")
      deepStrictEqual(yield* apply(first, true), { ok: true, value: undefined })
      const second = deploymentOf(yield* plan(reports(["t1"])))
      strictEqual(second.isEmpty, true)
      deepStrictEqual(second.summary.keep, ["report", "report.t1"])
    })
  )

  it.scopedLive("deletes only if it is told to prune", () =>
    Effect.gen(function* () {
      const { schedules, url } = yield* serveVirtual
      const plan = planning(url)
      yield* apply(deploymentOf(yield* plan(reports(["t1"]))), true)
      const without = deploymentOf(yield* plan(reports()))
      deepStrictEqual(without.summary.remove, ["report.t1"])
      yield* apply(without, false)
      strictEqual((yield* schedules.list).length, 2)
      yield* apply(without, true)
      strictEqual((yield* schedules.list).length, 1)
    })
  )

  it.scopedLive("pauses what it creates if it is told to, unless the schedule says otherwise", () =>
    Effect.gen(function* () {
      const { schedules, url } = yield* serveVirtual
      const plan = planning(url, { createPaused: true })
      yield* apply(deploymentOf(yield* plan(reports(["t1"], ["t2", false]))), true)
      deepStrictEqual(
        (yield* schedules.list)
          .map(({ isPaused, scheduleId }) => [String(scheduleId), isPaused])
          .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
        [
          ["report", true],
          ["report.t1", true],
          ["report.t2", false]
        ]
      )
    })
  )

  it.scopedLive("belongs to its environment and its worker", () =>
    Effect.gen(function* () {
      const { schedules, url } = yield* serveVirtual
      const worker = { url: "https://preview.example.com/jobs", environment: "preview" }
      const preview = deploymentOf(yield* planning(url, { worker })(reports()))
      strictEqual(preview.summary.app, "preview.billing")
      yield* apply(preview, true)
      const { destination } = yield* schedules.get(ScheduleId.make("preview.report"))
      strictEqual(destination, "https://preview.example.com/jobs/report")
    })
  )

  it.scopedLive("prints nothing of the module's on standard output", () =>
    Effect.gen(function* () {
      const { url } = yield* serveVirtual
      const output: Array<string> = []
      const errors: Array<string> = []
      const log = vi.spyOn(console, "log").mockImplementation((...line) => void output.push(line.join(" ")))
      const error = vi
        .spyOn(console, "error")
        .mockImplementation((...line) => void errors.push(line.join(" ")))
      yield* planning(url)(Effect.zipRight(Effect.log("reads the tenants"), reports())).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            log.mockRestore()
            error.mockRestore()
          })
        )
      )
      deepStrictEqual([output.length, errors.length], [0, 1])
    })
  )
})

describe("a problem", () => {
  const here = planning("http://127.0.0.1:9")

  it.live("of an export that is no plan has a name", () =>
    Effect.gen(function* () {
      const notAPlan = { app: "billing", create: [], update: [], keep: [], remove: [], urlGroups: [] }
      deepStrictEqual(
        yield* Effect.forEach([jobs, Effect.succeed(1), Effect.succeed(notAPlan)], (exported) =>
          Effect.map(here(exported), (result) => problemOf(result).tag)
        ),
        ["NotAnEffect", "NotAPlan", "NotAPlan"]
      )
    })
  )

  it.scopedLive("of QStash keeps its tag and fields, also times", () =>
    Effect.gen(function* () {
      const url = yield* answering(429, "{}", { "Burst-RateLimit-Reset": "99999999999" })
      const { fields, tag } = problemOf(yield* planning(url)(reports()))
      strictEqual(tag, "QStashRateLimited")
      strictEqual(fields["resetAt"], DateTime.formatIso(DateTime.unsafeMake(99_999_999_999_000)))
    })
  )

  it.live("of the module says in one line what it is, and tells a bug from an error", () =>
    Effect.gen(function* () {
      deepStrictEqual(problemOf(yield* here(Effect.die(new Error("a bug\nsomewhere")))), {
        tag: "Defect",
        message: "a bug",
        fields: {}
      })
      const twice = problemOf(
        yield* Effect.flatMap(answering(200, "[]"), (url) => planning(url)(reports(["t1"], ["t1"])))
      )
      deepStrictEqual(
        [twice.tag, twice.fields["scheduleId"], twice.message],
        [
          "ScheduleDeclaredTwice",
          "report.t1",
          `Two schedules have the id "report.t1". Give each a key of its own`
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.live("is all that is left when the caller gives up", () =>
    Effect.gen(function* () {
      const controller = makeController()
      const exported = Effect.zipRight(
        Effect.sync(() => controller.abort()),
        Effect.never
      )
      const result = yield* planning("http://127.0.0.1:9", { signal: controller.signal })(exported)
      assertTrue(!result.ok)
    })
  )
})
