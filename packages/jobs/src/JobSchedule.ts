/**
 * The schedules of jobs: declared, run now, and run for the past. `Job` exports all of it.
 *
 * @since 0.1.0
 */
import type { CronExpression } from "@effect-qstash/domain/CronExpression"
import type { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import type { Published } from "@effect-qstash/domain/Published"
import type {
  QStashError,
  QStashInvalidRequest,
  QStashQuotaExceeded
} from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Codec } from "./internal/codec.ts"
import {
  type Declared,
  deduplicationIdOf,
  messageOf,
  scheduleIdOf,
  type ScheduleHeaders
} from "./internal/inputs.ts"
import type { Verdict } from "./Verdict.ts"
import { Worker } from "./Worker.ts"

/**
 * Marks the types of a job; there is no such property at run time.
 *
 * @since 0.1.0
 * @category symbols
 */
export const TypeId: unique symbol = Symbol.for("@effect-qstash/jobs/Job")

/**
 * What can go wrong when a message is published. A payload that does not encode is a `QStashInvalidRequest`.
 *
 * @since 0.1.0
 * @category errors
 */
export type PublishError = QStashQuotaExceeded | QStashError

/**
 * @since 0.1.0
 * @category models
 */
export interface ScheduleOptions<Payload> {
  /** Five fields or a named descriptor, in UTC unless prefixed with `CRON_TZ=Zone `. An invalid one throws here. */
  readonly cron: CronExpression | string
  readonly payload: Payload
  /**
   * Tells one of many schedules of a job from the others: `digest.t42` is the id of the schedule of `digest` with the key
   * `t42`. Letters, digits, `-`, `_` and `.`.
   */
  readonly key?: string | undefined
  /**
   * Whether `apply` pauses or resumes the schedule.
   *
   * @default it stays as it is; a new one is active
   */
  readonly isPaused?: boolean | undefined
  /** Sends each firing to all jobs of a URL group. */
  readonly to?: UrlGroup<Payload> | undefined
}

/**
 * A schedule of a job, declared. `Jobs.plan` compares it with what QStash has.
 *
 * @since 0.1.0
 * @category models
 */
export interface Schedule {
  readonly job: Any
  readonly key: string | undefined
  readonly cron: CronExpression
  /** JSON, or why the payload does not encode. */
  readonly body: Either.Either<string, QStashInvalidRequest>
  readonly isPaused: boolean | undefined
  readonly to: { readonly name: UrlGroupName; readonly jobs: ReadonlyArray<Any> } | undefined
}

/**
 * A job of whatever types, as a router and a plan see it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Any extends Declared {
  readonly codec: Codec
  readonly verdicts: Readonly<Record<string, Verdict>>
  readonly keyOf: ((payload: unknown) => string) | undefined
  readonly skipIfOlderThan: Duration.Duration | undefined
  readonly scheduled: Schedule | undefined
}

/**
 * A job with this payload.
 *
 * @since 0.1.0
 * @category models
 */
export interface Takes<Payload> extends Any {
  readonly [TypeId]?: { readonly payload: (payload: Payload) => Payload }
}

/**
 * A job that declares a schedule.
 *
 * @since 0.1.0
 * @category models
 */
export interface Scheduled extends Any {
  readonly [TypeId]?: { readonly features: (feature: "schedule") => void }
}

/**
 * Jobs that take the same payload, as one destination of a schedule: a firing makes a message for each of them. `apply`
 * makes sure that the group has exactly these endpoints.
 *
 * @since 0.1.0
 * @category models
 */
export interface UrlGroup<Payload> {
  readonly name: UrlGroupName
  readonly jobs: readonly [Takes<Payload>, ...ReadonlyArray<Takes<Payload>>]
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const urlGroup = <Payload>(
  name: UrlGroupName,
  ...jobs: readonly [Takes<Payload>, ...ReadonlyArray<Takes<Payload>>]
): UrlGroup<Payload> => ({ name, jobs })

/**
 * Runs a scheduled job now, with the payload of its schedule.
 *
 * @since 0.1.0
 * @category combinators
 */
export const trigger = (
  target: Schedule | Scheduled
): Effect.Effect<Published, PublishError, QStashMessages | Worker> =>
  Effect.flatMap(firingOf(declaredOf(target), {}), (message) =>
    Effect.flatMap(QStashMessages, (messages) => messages.publish(message))
  )

/**
 * The firings of a schedule from `from` on and before `until`: what {@link backfill} would publish.
 *
 * @since 0.1.0
 * @category combinators
 */
export const firings = (
  target: Schedule | Scheduled,
  range: { readonly from: DateTime.DateTime.Input; readonly until: DateTime.DateTime.Input }
): ReadonlyArray<DateTime.Utc> => {
  const { cron } = declaredOf(target)
  const until = DateTime.toEpochMillis(DateTime.unsafeMake(range.until))
  const found: Array<DateTime.Utc> = []
  let next = cron.nextMillis(DateTime.toEpochMillis(DateTime.unsafeMake(range.from)) - 1)
  while (next !== undefined && next < until) {
    found.push(DateTime.unsafeMake(next))
    next = cron.nextMillis(next)
  }
  return found
}

/**
 * Publishes one message for each firing of a schedule in a time that is past: `run.scheduledFor` is the firing. A second
 * backfill of the same firings within 10 minutes publishes nothing. Look at {@link firings} first.
 *
 * @since 0.1.0
 * @category combinators
 */
export const backfill = (
  target: Schedule | Scheduled,
  range: { readonly from: DateTime.DateTime.Input; readonly until: DateTime.DateTime.Input }
): Effect.Effect<
  ReadonlyArray<{
    readonly firing: DateTime.Utc
    readonly result: Either.Either<Published, QStashInvalidRequest>
  }>,
  PublishError,
  QStashMessages | Worker
> =>
  Effect.gen(function* () {
    const messages = yield* QStashMessages
    const schedule = declaredOf(target)
    const id = scheduleIdOf(yield* Worker, schedule)
    const all = firings(target, range)
    const results = yield* Effect.forEach(Arr.chunksOf(all, 100), (chunk) =>
      Effect.flatMap(
        Effect.forEach(chunk, (firing) =>
          Effect.gen(function* () {
            const scheduledFor = DateTime.formatIso(firing)
            const message = yield* firingOf(schedule, { cron: schedule.cron, scheduledFor })
            const deduplicationId: DeduplicationId = yield* deduplicationIdOf(id, scheduledFor)
            return { ...message, deduplicationId }
          })
        ),
        messages.batch
      )
    )
    return Arr.zipWith(all, results.flat(), (firing, result) => ({
      firing,
      result: Either.map(result, Arr.unsafeGet(0))
    }))
  })

const declaredOf = (target: Schedule | Scheduled): Schedule => {
  if ("body" in target) return target
  if (target.scheduled !== undefined) return target.scheduled
  throw new TypeError(`The job ${JSON.stringify(target.name)} has no schedule`)
}

/** The message of one firing. */
const firingOf = (schedule: Schedule, headers: ScheduleHeaders) =>
  Effect.gen(function* () {
    const worker = yield* Worker
    return messageOf(worker, schedule.job, yield* schedule.body, { key: schedule.key, ...headers })
  })
