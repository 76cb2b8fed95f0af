import { QStashMessages, UrlGroupName } from "@effect-qstash/domain"
import { Job, Jobs, Ledger, Plan } from "@effect-qstash/jobs"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Exit, Layer, Option, Schema } from "effect"
import { Export, ExportId, NoSuchTable } from "./billing.ts"
import { exportOf, forms, type Handlers, serving } from "./support.ts"

/** The result, or what the error says. */
const endOf = (exit: Exit.Exit<{ readonly fileUrl: string }, Error>): string =>
  Exit.match(exit, {
    onSuccess: ({ fileUrl }) => fileUrl,
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), {
        onNone: () => Cause.pretty(cause),
        onSome: (error) => (error instanceof NoSuchTable ? `no table ${error.table}` : error.message)
      })
  })

/** An outcome handler that notes what it gets. */
const noting = () => {
  const outcomes: Array<readonly [id: string, end: string]> = []
  const handler: Handlers["export/outcome"] = ({ exit, payload }) =>
    Effect.sync(() => void outcomes.push([payload.exportId, endOf(exit)]))
  return { outcomes, handler }
}

const callbacks = Effect.map(QStashTest.deliveries, (all) =>
  all.filter(({ url }) => url.endsWith("/outcome"))
)

for (const [name, form] of Object.entries(forms)) {
  describe(`the outcome of a message, by the router as ${name}`, () => {
    it.effect("comes once, though QStash hears of neither the work nor the outcome", () => {
      const { handler, outcomes } = noting()
      return serving(
        form,
        { "export/outcome": handler },
        Effect.gen(function* () {
          yield* QStashTest.loseResponse
          yield* Export.publish(exportOf("e1"))
          yield* QStashTest.advance("1 hour")
          const [ofFailure, ofSuccess] = yield* callbacks
          for (const callback of [ofFailure, ofSuccess])
            yield* QStashTest.redeliver(Option.getOrThrow(Option.fromNullable(callback)).messageId)
          yield* QStashTest.advance("1 day")
          strictEqual((yield* callbacks).length, 4)
          deepStrictEqual(outcomes, [["e1", "https://files.test/e1"]])
        })
      )
    })

    it.effect("comes again if its handler dies", () => {
      const { handler, outcomes } = noting()
      let calls = 0
      return serving(
        form,
        {
          export: () => new NoSuchTable({ table: "t" }),
          "export/outcome": (outcome) =>
            Effect.suspend(() => (++calls === 1 ? Effect.die("broken") : handler(outcome)))
        },
        Effect.gen(function* () {
          yield* Export.publish(exportOf("e1"))
          yield* QStashTest.advance("1 day")
          strictEqual(calls, 2)
          deepStrictEqual(outcomes, [["e1", "no table t"]])
        })
      )
    })

    it.effect("is that it gave up for a message that was skipped, or never answered", () => {
      const { handler, outcomes } = noting()
      return serving(
        form,
        {
          export: ({ exportId }) =>
            exportId === "slow" ? Effect.never : Effect.succeed({ fileUrl: exportId }),
          "export/outcome": handler
        },
        Effect.gen(function* () {
          yield* Export.publish(exportOf("slow"))
          yield* Export.publish(exportOf("late"), { delay: "25 hours" })
          yield* QStashTest.advance("2 days")
          deepStrictEqual(outcomes, [
            ["slow", "The message failed for good: the last attempt ended with no response"],
            ["late", "The message was older than the job accepts and was skipped"]
          ])
        })
      )
    })

    it.effect("is the result of work that was done in time, though QStash hears of it too late", () => {
      const { handler, outcomes } = noting()
      return serving(
        form,
        { "export/outcome": handler },
        Effect.gen(function* () {
          yield* Export.publish(exportOf("e1"), { delay: Duration.subtract("1 day", "5 seconds") })
          yield* QStashTest.loseResponse
          yield* QStashTest.advance("2 days")
          deepStrictEqual(outcomes, [["e1", "https://files.test/e1"]])
        })
      )
    })

    it.effect("comes for each of two messages about the same thing, of which one did the work", () => {
      const { handler, outcomes } = noting()
      let runs = 0
      return serving(
        form,
        {
          export: () => Effect.sync(() => ({ fileUrl: `run ${++runs}` })),
          "export/outcome": handler
        },
        Effect.gen(function* () {
          yield* Export.publish(exportOf("e1"))
          yield* QStashTest.advance("11 minutes")
          yield* Export.publish(exportOf("e1"))
          yield* QStashTest.advance("1 minute")
          deepStrictEqual(outcomes, [
            ["e1", "run 1"],
            ["e1", "run 1"]
          ])
        })
      )
    })

    it.effect("does not come for a payload that does not decode, or a callback that is none", () => {
      const { handler, outcomes } = noting()
      return serving(
        form,
        { "export/outcome": handler },
        Effect.gen(function* () {
          const messages = yield* QStashMessages
          const callback = "https://api.example.com/jobs/export/outcome"
          yield* messages.publish({
            destination: "https://api.example.com/jobs/export",
            body: `{"exportId":7,"rows":1}`,
            callback,
            failureCallback: callback
          })
          yield* messages.publish({ destination: callback, body: "not JSON" })
          yield* QStashTest.advance("1 day")
          deepStrictEqual(
            (yield* callbacks).map(({ outcome }) =>
              outcome?._tag === "Answered"
                ? [outcome.status, new TextDecoder().decode(outcome.body)]
                : outcome
            ),
            [
              [489, "the callback is not JSON"],
              // The attempt failed, and then the message.
              [204, ""],
              [489, "payload.exportId does not match its schema"]
            ]
          )
          deepStrictEqual(outcomes, [])
        })
      )
    })
  })
}

describe("the outcome of a firing of a URL group", () => {
  const outcomes: Array<string> = []
  const Audit = Job.make("audit", { payload: { exportId: ExportId, rows: Schema.Int } })
  const Copy = Job.make("copy", { payload: { exportId: ExportId, rows: Schema.Int }, outcome: true })
  const jobs = Jobs.make("billing", Export, Audit, Copy)
  const all = Job.urlGroup(UrlGroupName.make("all"), Audit, Export, Copy)
  const services = Layer.mergeAll(
    jobs.toLayer({
      export: () => new NoSuchTable({ table: "t" }),
      audit: () => Effect.die("broken"),
      copy: () => Effect.void,
      "export/outcome": ({ exit }) => Effect.sync(() => void outcomes.push(`export ${endOf(exit)}`)),
      "copy/outcome": ({ exit }) => Effect.sync(() => void outcomes.push(`copy ${exit._tag}`))
    }),
    Ledger.layerMemory(),
    Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys)),
    Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" }))
  )

  it.effect.each([
    ["audit", Audit],
    ["export", Export],
    ["copy", Copy]
  ] as const)("reaches the job that worked on it, with a schedule of %s", ([, job]) =>
    Effect.gen(function* () {
      outcomes.length = 0
      yield* Plan.ensure(jobs, [job.schedule({ cron: "0 0 1 * *", payload: exportOf("e1"), to: all })])
      yield* QStashTest.advance("32 days")
      deepStrictEqual(outcomes.toSorted(), ["copy Success", "export no table t"])
      deepStrictEqual(
        (yield* QStashTest.dlq).map(({ url }) => url).toSorted(),
        ["audit", "export"].map((name) => `https://api.example.com/jobs/${name}`)
      )
    }).pipe(
      Effect.provide(
        QStashTest.serve(jobs.httpApp).pipe(
          Layer.provideMerge(services),
          Layer.provideMerge(QStashTest.layer)
        )
      )
    )
  )
})
