import {
  type QStashServices,
  QStashSchedules,
  QStashUrlGroups,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import { Job, Jobs, Plan } from "@effect-qstash/jobs"
import type { Worker } from "@effect-qstash/jobs/Worker"
import { QStashTest } from "@effect-qstash/testing"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Exit, FastCheck as fc, Layer, Schema } from "effect"
import { crashing } from "./crashing.ts"

const Report = Job.make("report", {
  payload: { n: Schema.Int },
  schedule: { cron: "0 4 * * *", payload: { n: 1 } },
  settings: { labels: ["reports"] }
})
const Digest = Job.make("digest", { payload: { n: Schema.Int } })
const Mail = Job.make("mail", { payload: { n: Schema.Int } })
const jobs = Jobs.make("billing", Report, Digest, Mail)
const everyone = Job.urlGroup(UrlGroupName.make("everyone"), Digest, Mail)

const digestOf = (key: string, cron = "0 7 * * MON", n = 1) => Digest.schedule({ key, cron, payload: { n } })

type Services = QStashServices | QStashTest.QStashTest | Worker

const worker = (options: Partial<Parameters<typeof Jobs.layer>[0]> = {}) =>
  Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs", ...options }))

const planning = <A, E>(test: Effect.Effect<A, E, Services>) =>
  Effect.provide(test, Layer.merge(QStashTest.layer, worker()))

const applied = (schedules: ReadonlyArray<Job.Schedule>, prune = true) =>
  Effect.flatMap(Plan.make(jobs, schedules), (plan) => Effect.as(Plan.apply(plan, { prune }), plan))

/** What QStash has, without what changes by itself. */
const state = Effect.gen(function* () {
  const schedules = yield* (yield* QStashSchedules).list
  const groups = yield* (yield* QStashUrlGroups).list
  return {
    schedules: schedules
      .map(({ createdAt: _c, nextScheduleTime: _n, lastScheduleTime: _l, ...schedule }) => schedule)
      .toSorted((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1)),
    groups: groups.map(({ endpoints, name }) => ({ name, urls: endpoints.map(({ url }) => url).toSorted() }))
  }
})

describe("plan and apply", () => {
  it.effect("creates, updates, keeps and deletes, and then has nothing to do", () =>
    planning(
      Effect.gen(function* () {
        yield* applied([digestOf("t1"), digestOf("t2"), digestOf("t3")])
        const plan = yield* Plan.make(jobs, [digestOf("t1"), digestOf("t2", "0 8 * * MON"), digestOf("t4")])
        strictEqual(
          Plan.render(plan),
          [
            "billing: 1 to create, 1 to update, 1 to delete, 2 unchanged",
            "+ digest.t4  0 7 * * MON",
            "~ digest.t2  cron: 0 7 * * MON -> 0 8 * * MON",
            "- digest.t3"
          ].join("\n")
        )
        yield* Plan.apply(plan, { prune: true })
        assertTrue(
          Plan.isEmpty(
            yield* Plan.make(jobs, [digestOf("t1"), digestOf("t2", "0 8 * * MON"), digestOf("t4")])
          )
        )
        deepStrictEqual(
          (yield* (yield* QStashSchedules).list).map(({ scheduleId }) => scheduleId).toSorted(),
          ["digest.t1", "digest.t2", "digest.t4", "report"]
        )
      })
    )
  )

  it.effect("deletes nothing without prune, nor with ensure", () =>
    planning(
      Effect.gen(function* () {
        yield* applied([digestOf("t1")])
        yield* applied([], false)
        yield* Plan.ensure(jobs)
        strictEqual((yield* (yield* QStashSchedules).list).length, 2)
      })
    )
  )

  it.effect("writes nothing the second time", () =>
    planning(
      Effect.gen(function* () {
        const grouped = Digest.schedule({ key: "t1", cron: "@daily", payload: { n: 1 }, to: everyone })
        const paused = Digest.schedule({ key: "t2", cron: "@daily", payload: { n: 1 }, isPaused: true })
        yield* applied([grouped, paused])
        // The first write would fail.
        yield* Effect.provide(applied([grouped, paused]), crashing(1, "before"))
        yield* Effect.provide(Plan.ensure(jobs, [grouped, paused]), crashing(1, "before"))
      })
    )
  )

  it.effect("offers the old schedule of a renamed job for deletion", () =>
    planning(
      Effect.gen(function* () {
        yield* applied([])
        const Renamed = Job.make("summary", {
          payload: { n: Schema.Int },
          schedule: { cron: "0 4 * * *", payload: { n: 1 } }
        })
        const plan = yield* Plan.make(Jobs.make("billing", Renamed))
        strictEqual(
          Plan.render(plan),
          ["billing: 1 to create, 1 to delete", "+ summary  0 4 * * *", "- report"].join("\n")
        )
      })
    )
  )

  it.effect("sees a new cron alone, a new destination alone, and a pause alone", () =>
    planning(
      Effect.gen(function* () {
        yield* applied([digestOf("t1")])
        const changesOf = (schedule: Job.Schedule) =>
          Effect.map(Plan.make(jobs, [schedule]), ({ update }) => update.flatMap(({ changes }) => changes))
        deepStrictEqual(yield* changesOf(digestOf("t1", "0 8 * * MON")), ["cron: 0 7 * * MON -> 0 8 * * MON"])
        deepStrictEqual(
          yield* changesOf(
            Digest.schedule({ key: "t1", cron: "0 7 * * MON", payload: { n: 1 }, to: everyone })
          ),
          ["destination: https://api.example.com/jobs/digest -> everyone"]
        )
        deepStrictEqual(
          yield* changesOf(
            Digest.schedule({ key: "t1", cron: "0 7 * * MON", payload: { n: 1 }, isPaused: true })
          ),
          ["pause"]
        )
      })
    )
  )

  it.effect("sees every change of a setting, and none in another spelling", () =>
    planning(
      Effect.gen(function* () {
        const withSettings = (settings: Parameters<typeof Job.make>[1]["settings"]) => {
          const Timed = Job.make("timed", { payload: { n: Schema.Int }, settings })
          return Plan.make(Jobs.make("timed", Timed), [Timed.schedule({ cron: "@daily", payload: { n: 1 } })])
        }
        yield* Effect.flatMap(withSettings({ timeout: "1 minute", retries: 2 }), (plan) =>
          Plan.apply(plan, { prune: true })
        )
        assertTrue(Plan.isEmpty(yield* withSettings({ retries: 2, timeout: "60 seconds" })))
        const { update } = yield* withSettings({ timeout: "2 minutes", retries: 2 })
        deepStrictEqual(
          update.map(({ changes }) => changes),
          [["payload or settings"]]
        )
      })
    )
  )

  it.effect("sees a change of the payload alone", () =>
    planning(
      Effect.gen(function* () {
        yield* applied([digestOf("t1")])
        const { update } = yield* Plan.make(jobs, [digestOf("t1", "0 7 * * MON", 2)])
        deepStrictEqual(
          update.map(({ changes }) => changes),
          [["payload or settings"]]
        )
      })
    )
  )

  it.effect("keeps a pause, unless the schedule declares one", () =>
    planning(
      Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        yield* applied([digestOf("t1")])
        const id = ScheduleId.make("digest.t1")
        yield* schedules.pause(id)
        yield* applied([digestOf("t1", "0 9 * * *")])
        assertTrue((yield* schedules.get(id)).isPaused)
        const active = Digest.schedule({ key: "t1", cron: "0 9 * * *", payload: { n: 1 }, isPaused: false })
        const plan = yield* applied([active])
        deepStrictEqual(
          plan.update.map(({ changes }) => changes),
          [["resume"]]
        )
        strictEqual((yield* schedules.get(id)).isPaused, false)
      })
    )
  )

  it.effect("never touches a schedule of somebody else, and takes one over only if told", () =>
    planning(
      Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        const foreign = ScheduleId.make("digest.t1")
        yield* schedules.create({ scheduleId: foreign, cron: "@daily", destination: "https://other.test" })
        yield* schedules.create({
          scheduleId: ScheduleId.make("other"),
          cron: "@daily",
          destination: "https://other.test",
          labels: ["app:billing2", "spec:1"]
        })
        yield* applied([])
        const error = yield* Effect.flip(Plan.make(jobs, [digestOf("t1")]))
        strictEqual(
          error.message,
          "These schedules exist and do not belong to this application: digest.t1. Plan with adopt: true to take them over"
        )
        yield* Effect.flatMap(Plan.make(jobs, [digestOf("t1")], { adopt: true }), (plan) =>
          Plan.apply(plan, { prune: true })
        )
        strictEqual((yield* schedules.get(foreign)).destination, "https://api.example.com/jobs/digest")
        strictEqual((yield* schedules.list).length, 3)
      })
    )
  )

  it.effect("rejects two schedules with one id", () =>
    planning(
      Effect.gen(function* () {
        const error = yield* Effect.flip(Plan.make(jobs, [digestOf("t1"), digestOf("t1")]))
        strictEqual(error.message, `Two schedules have the id "digest.t1". Give each a key of its own`)
      })
    )
  )

  it.effect("keeps environments apart", () =>
    Effect.gen(function* () {
      yield* applied([digestOf("t1")])
      const preview = worker({ environment: "preview" })
      const plan = yield* Effect.provide(Plan.make(jobs, [], { createPaused: true }), preview)
      deepStrictEqual(
        plan.create.map(({ isPaused, scheduleId }) => ({ isPaused, id: String(scheduleId) })),
        [{ isPaused: true, id: "preview.report" }]
      )
      deepStrictEqual(plan.remove, [])
      yield* Plan.apply(plan, { prune: true })
      assertTrue(Plan.isEmpty(yield* Plan.make(jobs, [digestOf("t1")])))
      assertTrue(Plan.isEmpty(yield* Effect.provide(Plan.make(jobs), preview)))
      assertTrue((yield* (yield* QStashSchedules).get(ScheduleId.make("preview.report"))).isPaused)
    }).pipe(Effect.provide(Layer.merge(QStashTest.layer, worker())))
  )

  it.effect("leaves the URL groups of another environment alone", () =>
    Effect.gen(function* () {
      const grouped = Digest.schedule({ cron: "@daily", payload: { n: 1 }, to: everyone })
      yield* applied([grouped])
      const preview = worker({ environment: "preview", url: "https://preview.example.com/jobs" })
      yield* Effect.provide(applied([grouped]), preview)
      deepStrictEqual((yield* state).groups, [
        {
          name: UrlGroupName.make("everyone"),
          urls: ["https://api.example.com/jobs/digest", "https://api.example.com/jobs/mail"]
        },
        {
          name: UrlGroupName.make("preview.everyone"),
          urls: ["https://preview.example.com/jobs/digest", "https://preview.example.com/jobs/mail"]
        }
      ])
      deepStrictEqual((yield* (yield* QStashSchedules).get(ScheduleId.make("preview.digest"))).destination, {
        urlGroup: UrlGroupName.make("preview.everyone")
      })
      assertTrue(Plan.isEmpty(yield* Plan.make(jobs, [grouped])))
      assertTrue(Plan.isEmpty(yield* Effect.provide(Plan.make(jobs, [grouped]), preview)))
    }).pipe(Effect.provide(Layer.merge(QStashTest.layer, worker())))
  )

  it.effect("gives a URL group exactly the declared endpoints", () =>
    planning(
      Effect.gen(function* () {
        const groups = yield* QStashUrlGroups
        yield* groups.upsertEndpoints(everyone.name, [
          { url: "https://old.test", name: "old" },
          { url: "https://api.example.com/jobs/mail", name: "other-name" }
        ])
        const grouped = Digest.schedule({ cron: "@daily", payload: { n: 1 }, to: everyone })
        yield* applied([grouped])
        deepStrictEqual(
          (yield* groups.get(everyone.name)).endpoints.toSorted((a, b) => (a.url < b.url ? -1 : 1)),
          [
            { url: "https://api.example.com/jobs/digest", name: "digest" },
            { url: "https://api.example.com/jobs/mail", name: "mail" }
          ]
        )
        assertTrue(Plan.isEmpty(yield* Plan.make(jobs, [grouped])))
      })
    )
  )

  it.effect("warns of nights when the clocks change, and of a cron that never fires", () =>
    planning(
      Effect.gen(function* () {
        const plan = yield* Plan.make(jobs, [
          digestOf("berlin", "CRON_TZ=Europe/Berlin 30 2 * * *"),
          digestOf("never", "0 0 31 2 *")
        ])
        deepStrictEqual(
          plan.warnings.map(({ scheduleId, text }) => `${scheduleId}: ${text}`),
          [
            "digest.berlin: 2025-03-30 02:30 Europe/Berlin does not exist that day, so it does not fire",
            "digest.berlin: 2025-10-26 02:30 Europe/Berlin comes twice that day, so it fires twice",
            "digest.never: never fires: no date matches its cron"
          ]
        )
      })
    )
  )

  it.effect("warns of a schedule whose job has a key, which a ledger would take for repeats", () =>
    planning(
      Effect.gen(function* () {
        const Once = Job.make("once", { payload: { n: Schema.Int }, key: ({ n }) => String(n) })
        const { warnings } = yield* Plan.make(Jobs.make("billing", Once), [
          Once.schedule({ cron: "0 4 * * *", payload: { n: 1 } })
        ])
        deepStrictEqual(
          warnings.map(({ text }) => text),
          ["once has a key: a ledger takes each firing for a repeat of the one before, and skips it"]
        )
      })
    )
  )

  it.effect("fails for a payload that does not encode, before anything is written", () =>
    planning(
      Effect.gen(function* () {
        const error = yield* Effect.flip(Plan.make(jobs, [digestOf("t1", "@daily", 1.5)]))
        strictEqual(error.message, "The request was not sent: body: payload.n does not match its schema")
      })
    )
  )
})

describe("a crash at any step", () => {
  const schedule = fc.record({
    key: fc.constantFrom("t1", "t2", "t3", "t4"),
    cron: fc.constantFrom("0 7 * * MON", "@daily", "CRON_TZ=Europe/Berlin 0 4 * * *"),
    n: fc.integer({ min: 1, max: 3 }),
    isPaused: fc.constantFrom(undefined, true, false),
    isGroup: fc.boolean()
  })
  const declared = fc
    .uniqueArray(schedule, { selector: ({ key }) => key, maxLength: 4 })
    .map((all) =>
      all.map(({ cron, isGroup, isPaused, key, n }) =>
        Digest.schedule({ key, cron, payload: { n }, isPaused, to: isGroup ? everyone : undefined })
      )
    )

  it.effect(
    "leaves what a second plan finishes",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(declared, declared, (before, after) =>
            Effect.runPromise(
              Effect.gen(function* () {
                const wanted = yield* planning(
                  Effect.zipRight(Effect.zipRight(applied(before), applied(after)), state)
                )
                for (const when of ["before", "after"] as const) {
                  // Until a step comes that there is not.
                  for (let step = 1, isCrashed = true; isCrashed; step++) {
                    isCrashed = yield* planning(
                      Effect.gen(function* () {
                        yield* applied(before)
                        const exit = yield* Effect.exit(Effect.provide(applied(after), crashing(step, when)))
                        yield* applied(after)
                        assertTrue(Plan.isEmpty(yield* Plan.make(jobs, after)))
                        deepStrictEqual(yield* state, wanted)
                        return Exit.isFailure(exit)
                      })
                    )
                  }
                }
              })
            )
          ),
          { numRuns: 20 }
        )
      ),
    60_000
  )
})
