/**
 * Plans for a program that has a copy of Effect of its own, such as the command line `effect-qstash`. Only plain data and
 * promises go in and come out, so the two copies never meet.
 *
 * @since 0.1.0
 */
import * as QStashClient from "@effect-qstash/client/QStashClient"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Plan from "./Plan.ts"
import * as Worker from "./Worker.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly qstash: { readonly url: string; readonly token: string; readonly retryBudgetMillis: number }
  readonly worker: { readonly url: string; readonly environment: string | undefined }
  /** Creates new schedules paused, unless the job says otherwise. */
  readonly createPaused: boolean
  readonly signal: AbortSignal
}

/**
 * Why there is no plan, or why it was not applied.
 *
 * @since 0.1.0
 * @category models
 */
export interface Problem {
  /** The `_tag` of the error, `NotAnEffect`, `NotAPlan`, or `Defect` for what nothing was meant to fail with. */
  readonly tag: string
  readonly message: string
  /** What the error says, as far as it is text or numbers. */
  readonly fields: Readonly<Record<string, string | number>>
}

/**
 * @since 0.1.0
 * @category models
 */
export type Result<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly problem: Problem }

/**
 * A plan as data, without the bodies and the settings of messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Summary {
  readonly app: string
  readonly create: ReadonlyArray<{ readonly scheduleId: string; readonly cron: string }>
  readonly update: ReadonlyArray<{
    readonly scheduleId: string
    readonly cron: string
    readonly changes: ReadonlyArray<string>
  }>
  readonly keep: ReadonlyArray<string>
  readonly remove: ReadonlyArray<string>
  readonly urlGroups: ReadonlyArray<Plan.UrlGroupChange>
  readonly warnings: ReadonlyArray<{ readonly scheduleId: string; readonly text: string }>
}

/**
 * A plan that can be applied.
 *
 * @since 0.1.0
 * @category models
 */
export interface Deployment {
  /** One line for each change. */
  readonly text: string
  readonly isEmpty: boolean
  readonly summary: Summary
  readonly apply: (options: {
    readonly prune: boolean
    readonly signal: AbortSignal
  }) => Promise<Result<void>>
}

type Services = QStashServices | Worker.Worker

/** What it fails with, and whether it needs more than this, shows only when it runs. */
const isProgram = (value: unknown): value is Effect.Effect<unknown, unknown, Services> =>
  Effect.isEffect(value)

const isPlan = (value: unknown): value is Plan.Plan =>
  Predicate.isRecord(value) &&
  typeof value["app"] === "string" &&
  ["create", "update", "keep", "remove", "urlGroups", "warnings"].every((field) =>
    Array.isArray(value[field])
  )

/**
 * Makes the plan that a module exports: the effect that `Plan.make` returns.
 *
 * @since 0.1.0
 * @category constructors
 */
export const plan = async (exported: unknown, options: Options): Promise<Result<Deployment>> => {
  if (!isProgram(exported)) return failed("NotAnEffect", "It is not an Effect")
  const made = await run(exported, options, options.signal)
  if (!made.ok) return made
  if (!isPlan(made.value)) return failed("NotAPlan", "Its Effect does not give a plan")
  const { create, ...rest } = made.value
  const all: Plan.Plan = {
    ...rest,
    create: options.createPaused
      ? create.map((planned) => ({ ...planned, isPaused: planned.isPaused ?? true }))
      : create
  }
  return {
    ok: true,
    value: {
      text: Plan.render(all),
      isEmpty: Plan.isEmpty(all),
      summary: summaryOf(all),
      apply: ({ prune, signal }) => run(Plan.apply(all, { prune }), options, signal)
    }
  }
}

const summaryOf = ({ app, create, keep, remove, update, urlGroups, warnings }: Plan.Plan): Summary => ({
  app,
  create: create.map(({ cron, scheduleId }) => ({ scheduleId, cron })),
  update: update.map(({ changes, cron, scheduleId }) => ({ scheduleId, cron, changes })),
  keep,
  remove,
  urlGroups,
  warnings
})

const run = async <A, E>(
  program: Effect.Effect<A, E, Services>,
  { qstash, worker }: Options,
  signal: AbortSignal
): Promise<Result<A>> => {
  const { retryBudgetMillis: retryBudget, token, url } = qstash
  const services = Layer.merge(
    // The caller has built such a client too, and has shown what it warns about.
    QStashClient.make({ url, token: Redacted.make(token), retryBudget }).pipe(
      Logger.withMinimumLogLevel(LogLevel.None),
      Layer.effectContext,
      Layer.provide(FetchHttpClient.layer)
    ),
    Worker.layer(worker)
  )
  const exit = await Effect.runPromiseExit(
    program.pipe(
      Effect.provide(services),
      // Standard output belongs to the plan.
      Effect.provide(Logger.replace(Logger.defaultLogger, Logger.prettyLogger({ stderr: true })))
    ),
    { signal }
  )
  return Exit.match(exit, {
    onSuccess: (value) => ({ ok: true, value }),
    onFailure: (cause) => ({ ok: false, problem: problemOf(cause) })
  })
}

const problemOf = (cause: Cause.Cause<unknown>): Problem => {
  const error = Cause.squash(cause)
  const isExpected = Cause.isFailure(cause)
  const tag = isExpected && Predicate.hasProperty(error, "_tag") ? String(error._tag) : "Defect"
  const message = error instanceof Error && error.message !== "" ? error.message : Cause.pretty(cause)
  const fields = Object.entries(Predicate.isRecord(error) ? error : {}).flatMap(([name, value]) => {
    if (typeof value === "string" || typeof value === "number") return [[name, value] as const]
    return DateTime.isDateTime(value) ? [[name, DateTime.formatIso(value)] as const] : []
  })
  const [first = ""] = message.replace(/^Error: /, "").split("\n")
  return { tag, message: first, fields: Object.fromEntries(fields) }
}

const failed = (tag: string, message: string): Result<never> => ({
  ok: false,
  problem: { tag, message, fields: {} }
})
