/** What programs that compile are given. `wrongPrograms.test.ts` has those that do not. */
import type {
  Published,
  QStashError,
  QStashInvalidRequest,
  QStashMessages,
  QStashQuotaExceeded,
  QStashSchedules,
  QStashUrlGroups
} from "@effect-qstash/domain"
import { type Job, Jobs, type Ledger, Plan, type Run } from "@effect-qstash/jobs"
import type { Worker, WorkerMisconfigured } from "@effect-qstash/jobs/Worker"
import type { QStashReceiver } from "@effect-qstash/receiver"
import type { HttpApp } from "@effect/platform"
import { describe, expectTypeOf, it } from "@effect/vitest"
import { Context, type Duration, Effect, type Either, type Exit, type Layer } from "effect"
import {
  type DbDown,
  Digest,
  Export,
  type ExportId,
  jobs,
  type Locked,
  NightlyReport,
  type NoSuchRegion,
  type NoSuchTable,
  type TenantId
} from "./billing.ts"

class Mailer extends Context.Tag("Mailer")<Mailer, { readonly send: Effect.Effect<void> }>() {}
class Reports extends Context.Tag("Reports")<Reports, { readonly make: Effect.Effect<void, DbDown> }>() {}

type ReportPayload = { readonly region: "eu" | "us"; readonly lookback: Duration.Duration }
type ExportPayload = { readonly exportId: typeof ExportId.Type; readonly rows: number }

describe("the types of jobs", () => {
  it("show a job as one line", () => {
    expectTypeOf(NightlyReport).toEqualTypeOf<
      Job.Job<"nightly-report", ReportPayload, void, DbDown | Locked | NoSuchRegion, "schedule">
    >()
    expectTypeOf(Digest).toEqualTypeOf<Job.Job<"digest", { readonly tenantId: typeof TenantId.Type }>>()
    expectTypeOf(Export).toEqualTypeOf<
      Job.Job<"export", ExportPayload, { readonly fileUrl: string }, NoSuchTable, "outcome">
    >()
  })

  it("say what a publisher needs, and what can go wrong", () => {
    type Publishing<A> = Effect.Effect<A, QStashQuotaExceeded | QStashError, QStashMessages | Worker>
    expectTypeOf(Export.publish).parameter(0).toEqualTypeOf<ExportPayload>()
    expectTypeOf(Export.publish).returns.toEqualTypeOf<Publishing<Published>>()
    expectTypeOf(Export.enqueue).returns.toEqualTypeOf<Publishing<Published>>()
    expectTypeOf(Export.publishMany).returns.toEqualTypeOf<
      Publishing<ReadonlyArray<Either.Either<Published, QStashInvalidRequest>>>
    >()
  })

  it("give a handler its payload and its run, and an outcome handler the end", () => {
    jobs.toLayer({
      "nightly-report": (payload, run) => {
        expectTypeOf(payload).toEqualTypeOf<ReportPayload>()
        expectTypeOf(run).toEqualTypeOf<Run>()
        return Effect.void
      },
      digest: ({ tenantId }) => {
        expectTypeOf(tenantId).toEqualTypeOf<typeof TenantId.Type>()
        return Effect.void
      },
      export: () => Effect.succeed({ fileUrl: "" }),
      "export/outcome": ({ exit, payload }) => {
        expectTypeOf(payload).toEqualTypeOf<ExportPayload>()
        expectTypeOf(exit).toEqualTypeOf<Exit.Exit<{ readonly fileUrl: string }, NoSuchTable | Job.GaveUp>>()
        return Effect.void
      }
    })
  })

  it("say what all handlers need together", () => {
    const handlers = jobs.toLayer({
      "nightly-report": () => Effect.flatMap(Reports, ({ make }) => make),
      digest: () => Effect.flatMap(Mailer, ({ send }) => send),
      export: () => Effect.succeed({ fileUrl: "" }),
      "export/outcome": () => Effect.flatMap(Mailer, ({ send }) => send)
    })
    expectTypeOf(handlers).toEqualTypeOf<Layer.Layer<Jobs.Handlers<"billing">, never, Mailer | Reports>>()
  })

  it("say what the router needs", () => {
    expectTypeOf(jobs.httpApp).toEqualTypeOf<
      HttpApp.Default<
        never,
        Jobs.Handlers<"billing"> | Ledger.Ledger | QStashMessages | QStashReceiver.QStashReceiver | Worker
      >
    >()
    expectTypeOf(Jobs.layer).returns.toEqualTypeOf<Layer.Layer<Worker, WorkerMisconfigured>>()
    expectTypeOf(Jobs.toWebHandler<"billing", Job.Any, never>).returns.toEqualTypeOf<{
      readonly handler: (request: Request) => Promise<Response>
      readonly dispose: () => Promise<void>
    }>()
  })

  it("say what a plan needs, and what can go wrong", () => {
    expectTypeOf(Plan.make(jobs)).toEqualTypeOf<
      Effect.Effect<
        Plan.Plan,
        Plan.SchedulesNotOwned | Plan.ScheduleDeclaredTwice | QStashError,
        QStashSchedules | QStashUrlGroups | Worker
      >
    >()
  })
})
