/** Two versions of an application at once: each applies its schedules, and either may get any delivery. */
import { QStashSchedules, type QStashServices } from "@effect-qstash/domain"
import { Job, Jobs, Ledger, Plan, type Run } from "@effect-qstash/jobs"
import type { Worker } from "@effect-qstash/jobs/Worker"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, FastCheck as fc, Layer, Logger, Option, Schema } from "effect"
import { crashing } from "./crashing.ts"

const settings = { retries: 10 }
const everyMinute = "* * * * *"

const oldVersion = (() => {
  const Digest = Job.make("digest", { payload: { tenant: Schema.String }, settings })
  const digestOf = (tenant: string) =>
    Digest.schedule({ key: tenant, cron: everyMinute, payload: { tenant } })
  const same = digestOf("same")
  return {
    Digest,
    same,
    jobs: Jobs.make("billing", Digest),
    schedules: [same, digestOf("changed"), digestOf("dropped")]
  }
})()

const newVersion = (() => {
  const Digest = Job.make("digest", {
    payload: { tenant: Schema.String, language: Schema.optionalWith(Schema.String, { default: () => "en" }) },
    settings
  })
  const Welcome = Job.make("welcome", { payload: { tenant: Schema.String }, settings })
  const digestOf = (tenant: string, language: string) =>
    Digest.schedule({ key: tenant, cron: everyMinute, payload: { tenant, language } })
  return {
    Digest,
    Welcome,
    jobs: Jobs.make("billing", Digest, Welcome),
    schedules: [
      oldVersion.same,
      digestOf("changed", "de"),
      digestOf("added", "en"),
      Welcome.schedule({ key: "added", cron: everyMinute, payload: { tenant: "added" } })
    ]
  }
})()

interface Work {
  readonly version: "old" | "new"
  readonly job: string
  readonly tenant: string
  readonly language?: string
  readonly firing: string
}

type Services = QStashServices | QStashTest.QStashTest | Worker

/** Runs a test with workers of both versions behind one URL and on one ledger. `next` says which gets a delivery. */
const rolling = <A, E>(
  next: () => "old" | "new",
  test: (done: ReadonlyArray<Work>) => Effect.Effect<A, E, Services>
) => {
  const done: Array<Work> = []
  const note = (run: Run, work: Omit<Work, "firing">) =>
    Effect.map(run.scheduledFor, (at) => {
      done.push({ ...work, firing: Option.match(at, { onNone: () => "none", onSome: DateTime.formatIso }) })
    })
  const oldHandlers = oldVersion.jobs.toLayer({
    digest: ({ tenant }, run) => note(run, { version: "old", job: "digest", tenant })
  })
  const newHandlers = newVersion.jobs.toLayer({
    digest: ({ language, tenant }, run) => note(run, { version: "new", job: "digest", tenant, language }),
    welcome: ({ tenant }, run) => note(run, { version: "new", job: "welcome", tenant })
  })
  const app = Effect.suspend(() =>
    next() === "old"
      ? Effect.provide(oldVersion.jobs.httpApp, oldHandlers)
      : Effect.provide(newVersion.jobs.httpApp, newHandlers)
  )
  const services = Layer.mergeAll(
    Ledger.layerMemory(),
    Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys)),
    Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" }))
  )
  return Effect.provide(
    Effect.suspend(() => test(done)),
    QStashTest.serve(app).pipe(
      Layer.provideMerge(services),
      Layer.provideMerge(QStashTest.layerWith({ settle: "100 millis" })),
      Layer.provide(Logger.remove(Logger.defaultLogger))
    )
  )
}

const apply = (version: "old" | "new", prune: boolean) => {
  const { jobs, schedules } = version === "old" ? oldVersion : newVersion
  return Effect.flatMap(Plan.make(jobs, schedules), (plan) => Plan.apply(plan, { prune }))
}

/** What the schedules say, without times. */
const declared = Effect.flatMap(QStashSchedules, ({ list }) =>
  Effect.map(list, (all) =>
    all
      .map(({ body, cron, destination, isPaused, labels, scheduleId }) => ({
        scheduleId,
        cron,
        body,
        destination,
        isPaused,
        labels
      }))
      .toSorted((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1))
  )
)

const pause = fc.integer({ min: 0, max: 60_000 })
const version = fc.constantFrom<"old" | "new">("old", "new")

/** An old instance that restarts deletes nothing. */
const applying = fc.record({
  kind: fc.constant("apply" as const),
  version,
  /** Which write the process dies at, before it or before its response. */
  dies: fc.option(
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom<"before" | "after">("before", "after"))
  ),
  pause
})
const publishing = fc.record({ kind: fc.constant("publish" as const), version, pause })
const losing = fc.record({ kind: fc.constant("lose a response" as const), pause })

const steps = fc.array(fc.oneof(applying, publishing, losing), { minLength: 1, maxLength: 8 })

type Steps = typeof steps extends fc.Arbitrary<infer A> ? A : never

/** A rollout with these steps, on workers of both versions; then everything is new. */
const rollOut = (all: Steps, done: ReadonlyArray<Work>, end: () => void) =>
  Effect.gen(function* () {
    const schedules = yield* QStashSchedules
    let digests = 0
    let welcomes = 0
    let added: DateTime.Utc | undefined
    yield* apply("old", true)
    const begin = yield* DateTime.now
    for (const one of all) {
      if (one.kind === "apply") {
        const change = apply(one.version, one.version === "new")
        yield* one.dies === null ? change : Effect.ignore(Effect.provide(change, crashing(...one.dies)))
        if (one.version === "new" && one.dies === null) added ??= yield* DateTime.now
      } else if (one.kind === "publish") {
        const tenant = `published ${++digests}`
        if (one.version === "old") yield* oldVersion.Digest.publish({ tenant })
        else {
          yield* newVersion.Digest.publish({ tenant, language: "fr" })
          yield* newVersion.Welcome.publish({ tenant: `published ${++welcomes}` })
        }
      } else yield* QStashTest.loseResponse
      yield* QStashTest.advance(one.pause)
    }
    end()
    yield* apply("new", true)
    added ??= yield* DateTime.now
    assertTrue(Plan.isEmpty(yield* Plan.make(newVersion.jobs, newVersion.schedules)))
    const alone = yield* rolling(
      () => "new",
      () => Effect.zipRight(apply("new", true), declared)
    )
    deepStrictEqual(yield* declared, alone)

    yield* QStashTest.advance("2 minutes")
    const until = yield* DateTime.now
    for (const { scheduleId } of yield* schedules.list) yield* schedules.delete(scheduleId)
    // Time for the retries.
    yield* QStashTest.advance("1 day")
    deepStrictEqual(yield* QStashTest.dlq, [])
    deepStrictEqual(yield* QStashTest.messages, [])
    const names = done.map(({ firing, job, tenant }) => `${job} ${tenant} ${firing}`)
    deepStrictEqual(names.length, new Set(names).size)
    const startingWith = (start: string) => names.filter((name) => name.startsWith(start)).toSorted()
    strictEqual(startingWith("digest published").length, digests)
    strictEqual(startingWith("welcome published").length, welcomes)
    const expected = (tenant: string, from: DateTime.Utc) =>
      Job.firings(oldVersion.same, {
        from: DateTime.add(from, { millis: 1 }),
        until: DateTime.add(until, { millis: 1 })
      }).map((at) => `digest ${tenant} ${DateTime.formatIso(at)}`)
    deepStrictEqual(startingWith("digest same"), expected("same", begin))
    // A new version that died may have added it before.
    for (const name of expected("added", added)) assertTrue(names.includes(name), name)
  })

describe("a rolling deploy", () => {
  it.effect(
    "loses nothing, does nothing twice, and ends as the new version declares",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(steps, fc.infiniteStream(version), (all, workers) => {
            let isOver = false
            const next = () => (isOver ? "new" : (workers.next().value ?? "new"))
            return Effect.runPromise(
              rolling(next, (done) =>
                rollOut(all, done, () => {
                  isOver = true
                })
              )
            )
          }),
          { numRuns: 50 }
        )
      ),
    60_000
  )

  it.effect("lets either version work on messages of the other", () => {
    const workers = ["new", "old"] as const
    let delivered = 0
    return rolling(
      () => workers[delivered++] ?? "new",
      (done) =>
        Effect.gen(function* () {
          yield* oldVersion.Digest.publish({ tenant: "a" })
          yield* QStashTest.advance(0)
          yield* newVersion.Digest.publish({ tenant: "b", language: "de" })
          yield* QStashTest.advance(0)
          deepStrictEqual(done, [
            { version: "new", job: "digest", tenant: "a", language: "en", firing: "none" },
            { version: "old", job: "digest", tenant: "b", firing: "none" }
          ])
        })
    )
  })
})
