import { QStashMessages, QStashSchedules, ScheduleId } from "@effect-qstash/domain"
import { type Job, Plan } from "@effect-qstash/jobs"
import { QStashTest } from "@effect-qstash/testing"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Cause, DateTime, Deferred, Duration, Effect, Exit, Option } from "effect"
import {
  DbDown,
  Digest,
  Export,
  jobs,
  Locked,
  NightlyReport,
  NoSuchRegion,
  NoSuchTable,
  TenantId
} from "./billing.ts"
import { collectingLogs, exportOf, forms, serving } from "./support.ts"

const t1 = { tenantId: TenantId.make("t1") }
const night = { region: "eu", lookback: Duration.days(1) } as const

const endOf = (exit: Exit.Exit<unknown, NoSuchTable | Job.GaveUp>) => {
  if (Exit.isSuccess(exit)) return exit.value
  const error = Option.getOrThrow(Exit.causeOption(exit).pipe(Option.flatMap(Cause.failureOption)))
  return error._tag === "GaveUp" ? error.message : error
}

/** Status, headers of ours, and body of each response so far. */
const responses = Effect.map(QStashTest.deliveries, (all) =>
  all.map(({ request, outcome }) => {
    if (outcome?._tag !== "Answered") return [request.url, outcome]
    const { headers } = outcome
    return [
      new URL(request.url).pathname,
      outcome.status,
      new TextDecoder().decode(outcome.body),
      headers["retry-after"] ?? headers["upstash-nonretryable-error"]
    ]
  })
)

for (const [name, form] of Object.entries(forms)) {
  describe(`the router as ${name}`, () => {
    it.effect("responds to success with the result, or with 204 where there is none", () =>
      serving(
        form,
        {},
        Effect.gen(function* () {
          yield* Digest.publish(t1)
          yield* Export.publish(exportOf("e1"))
          yield* QStashTest.advance(0)
          deepStrictEqual(yield* responses, [
            ["/jobs/digest", 204, "", undefined],
            ["/jobs/export", 200, `{"fileUrl":"https://files.test/e1"}`, undefined],
            ["/jobs/export/outcome", 204, "", undefined]
          ])
        })
      )
    )

    it.effect("gives a message up with 489 and the encoded error", () =>
      serving(
        form,
        { "nightly-report": ({ region }) => new NoSuchRegion({ region }) },
        Effect.gen(function* () {
          yield* NightlyReport.publish(night)
          yield* QStashTest.advance("1 day")
          deepStrictEqual(yield* responses, [
            ["/jobs/nightly-report", 489, `{"region":"eu","_tag":"NoSuchRegion"}`, "true"]
          ])
          strictEqual((yield* QStashTest.dlq).length, 1)
        })
      )
    )

    it.effect("asks for a retry after the time of the verdict", () =>
      serving(
        form,
        { "nightly-report": (_, { attempt }) => (attempt === 1 ? new DbDown() : Effect.void) },
        Effect.gen(function* () {
          yield* NightlyReport.publish(night)
          yield* QStashTest.advance("29 seconds")
          deepStrictEqual(yield* responses, [["/jobs/nightly-report", 503, `{"_tag":"DbDown"}`, "30"]])
          yield* QStashTest.advance("1 second")
          strictEqual((yield* responses).length, 2)
          deepStrictEqual(yield* QStashTest.messages, [])
        })
      )
    )

    it.effect("asks for a retry when QStash sees fit", () =>
      serving(
        form,
        { "nightly-report": (_, { attempt }) => (attempt === 1 ? new Locked() : Effect.void) },
        Effect.gen(function* () {
          yield* NightlyReport.publish(night)
          yield* QStashTest.advance("11 seconds")
          deepStrictEqual(yield* responses, [["/jobs/nightly-report", 503, `{"_tag":"Locked"}`, undefined]])
          yield* QStashTest.advance("1 second")
          deepStrictEqual((yield* responses).at(-1), ["/jobs/nightly-report", 204, "", undefined])
        })
      )
    )

    it.effect("responds to a failure that the job does not declare as to a defect", () =>
      Effect.gen(function* () {
        const logs = yield* collectingLogs
        const undeclared: DbDown = JSON.parse(`{"_tag":"Undeclared"}`)
        yield* serving(
          form,
          { "nightly-report": () => Effect.fail(undeclared) },
          Effect.gen(function* () {
            yield* NightlyReport.publish(night)
            yield* QStashTest.advance(0)
            deepStrictEqual(yield* responses, [["/jobs/nightly-report", 500, "", undefined]])
          })
        ).pipe(Effect.provide(logs.layer))
        assertTrue(/^ERROR The handler died .*"job":"nightly-report".*Undeclared/s.test(logs.lines[0] ?? ""))
      })
    )

    it.effect("responds to a defect with an empty 500, and logs the cause", () =>
      Effect.gen(function* () {
        const logs = yield* collectingLogs
        yield* serving(
          form,
          { digest: () => Effect.die(new Error("secret of the database")) },
          Effect.gen(function* () {
            yield* Digest.publish(t1)
            yield* QStashTest.advance(0)
            deepStrictEqual(yield* responses, [["/jobs/digest", 500, "", undefined]])
          })
        ).pipe(Effect.provide(logs.layer))
        strictEqual(logs.lines.length, 1)
        assertTrue(
          /^ERROR The handler died .*"job":"digest".*"attempt":1.*secret of the database/s.test(
            logs.lines[0] ?? ""
          )
        )
      })
    )

    it.effect("rejects a payload that does not decode, with its place and not its value", () =>
      serving(
        form,
        {},
        Effect.gen(function* () {
          const messages = yield* QStashMessages
          const destination = "https://api.example.com/jobs/nightly-report"
          yield* messages.publish({ destination, body: `{"region":"moon","lookback":1}` })
          yield* messages.publish({ destination, body: "not json" })
          yield* QStashTest.advance(0)
          deepStrictEqual(yield* responses, [
            ["/jobs/nightly-report", 489, "payload.region does not match its schema", "true"],
            ["/jobs/nightly-report", 489, "payload does not match its schema", "true"]
          ])
        })
      )
    )

    it.effect("runs a message once, though QStash did not hear that it was done", () => {
      let runs = 0
      return serving(
        form,
        {
          export: () => Effect.sync(() => ({ fileUrl: `https://files.test/${++runs}` }))
        },
        Effect.gen(function* () {
          yield* Export.publish(exportOf("e1"))
          yield* QStashTest.loseResponse
          yield* QStashTest.advance("1 hour")
          const file = `{"fileUrl":"https://files.test/1"}`
          deepStrictEqual(
            (yield* responses).filter(([path]) => path === "/jobs/export"),
            [["/jobs/export", 200, file, undefined]]
          )
          strictEqual(runs, 1)
        })
      )
    })

    it.effect("asks for patience while the same message is worked on", () =>
      Effect.gen(function* () {
        const latch = yield* Deferred.make<void>()
        yield* serving(
          form,
          { digest: () => Deferred.await(latch) },
          Effect.gen(function* () {
            const { messageId } = yield* Digest.publish(t1)
            yield* QStashTest.advance(0)
            yield* QStashTest.redeliver(messageId)
            yield* QStashTest.advance(0)
            deepStrictEqual((yield* responses).at(-1), ["/jobs/digest", 503, "", "10"])
            yield* Deferred.succeed(latch, undefined)
            yield* QStashTest.advance(0)
          })
        )
      })
    )

    it.effect("skips what is older than the job accepts, and logs it", () =>
      Effect.gen(function* () {
        const ran: Array<string> = []
        const logs = yield* collectingLogs
        yield* serving(
          form,
          { "nightly-report": ({ region }) => Effect.sync(() => void ran.push(region)) },
          Effect.gen(function* () {
            yield* NightlyReport.publish(night, { delay: "12 hours" })
            yield* NightlyReport.publish(night, { delay: "13 hours" })
            yield* QStashTest.advance("1 day")
            deepStrictEqual(yield* responses, [
              ["/jobs/nightly-report", 204, "", undefined],
              ["/jobs/nightly-report", 200, "", undefined]
            ])
            deepStrictEqual(ran, ["eu"])
          })
        ).pipe(Effect.provide(logs.layer))
        strictEqual(logs.lines.length, 1)
        assertTrue(/^WARN Skipped: older than 12h .*"messageId":"msg_2"/.test(logs.lines[0] ?? ""))
      })
    )

    it.effect("asks QStash to try a job again that this version does not have", () =>
      serving(
        form,
        {},
        Effect.gen(function* () {
          const messages = yield* QStashMessages
          yield* messages.publish({ destination: "https://api.example.com/jobs/new-job", body: "{}" })
          yield* QStashTest.advance(0)
          yield* messages.publish({ destination: "https://api.example.com/jobs/digest/outcome", body: "{}" })
          yield* QStashTest.advance(0)
          deepStrictEqual(yield* responses, [
            ["/jobs/new-job", 503, "", "60"],
            ["/jobs/digest/outcome", 503, "", "60"]
          ])
        })
      )
    )

    it.effect("chooses the job by the URL, which is signed, and not by the id of the schedule", () => {
      const ran: Array<string> = []
      return serving(
        form,
        {
          "nightly-report": () => Effect.sync(() => void ran.push("nightly-report")),
          digest: () => Effect.sync(() => void ran.push("digest"))
        },
        Effect.gen(function* () {
          yield* (yield* QStashSchedules).create({
            scheduleId: ScheduleId.make("nightly-report"),
            cron: "* * * * *",
            destination: "https://api.example.com/jobs/digest",
            body: `{"tenantId":"t1"}`
          })
          yield* QStashTest.advance("1 minute")
          deepStrictEqual(ran, ["digest"])
        })
      )
    })

    it.effect("rejects a request that QStash did not sign for this job", () =>
      serving(
        form,
        {},
        Effect.gen(function* () {
          yield* (yield* QStashMessages).publish({
            destination: "https://elsewhere.test/jobs/digest",
            body: `{"tenantId":"t1"}`
          })
          yield* QStashTest.advance(0)
          strictEqual((yield* responses)[0]?.[1], 403)
        })
      )
    )

    it.effect("reports how each message ended, once", () => {
      const outcomes: Array<unknown> = []
      return serving(
        form,
        {
          export: ({ exportId }, { isLast }) => {
            if (exportId === "e2") return new NoSuchTable({ table: "t" })
            if (exportId === "e3") return Effect.die("broken")
            return isLast ? Effect.succeed({ fileUrl: exportId }) : Effect.die("broken at first")
          },
          "export/outcome": ({ exit, payload }) =>
            Effect.sync(() => void outcomes.push([payload.exportId, endOf(exit)]))
        },
        Effect.gen(function* () {
          yield* Export.publish(exportOf("e1"))
          yield* Export.publish(exportOf("e2"))
          yield* Export.publish(exportOf("e3"))
          yield* QStashTest.advance("2 days")
          deepStrictEqual(outcomes, [
            ["e2", new NoSuchTable({ table: "t" })],
            ["e1", { fileUrl: "e1" }],
            ["e3", "The message failed for good: the last attempt ended with status 500"]
          ])
        })
      )
    })

    it.effect("runs the schedules that are applied", () => {
      const ran: Array<unknown> = []
      return serving(
        form,
        {
          "nightly-report": ({ region }, run) =>
            Effect.map(run.scheduledFor, (at) => ran.push([region, Option.map(at, DateTime.formatIsoZoned)]))
        },
        Effect.gen(function* () {
          yield* Plan.apply(yield* Plan.make(jobs), { prune: true })
          yield* QStashTest.advance("2 days")
          deepStrictEqual(ran, [
            ["eu", Option.some("2025-01-01T04:00:00.000+01:00[Europe/Berlin]")],
            ["eu", Option.some("2025-01-02T04:00:00.000+01:00[Europe/Berlin]")]
          ])
        })
      )
    })
  })
}
