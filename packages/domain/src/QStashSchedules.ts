/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { CreateSchedule } from "./CreateSchedule.ts"
import { encodeJson, withJsonType } from "./internal/jsonBody.ts"
import type { QStashError, QStashQuotaExceeded, ScheduleNotFound } from "./QStashError.ts"
import type { QStashSchedule } from "./QStashSchedule.ts"
import type { ScheduleId } from "./ScheduleId.ts"

/**
 * @since 0.1.0
 */
export declare namespace QStashSchedules {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Creates a schedule, or overwrites the one with the same id, and answers its id. An overwrite replaces every
     * setting. Without an id of the caller's the call mints one before it sends anything, so that its own retries never
     * leave two schedules. To repeat the call itself safely, give an id.
     */
    readonly create: (
      schedule: CreateSchedule.Input
    ) => Effect.Effect<ScheduleId, QStashQuotaExceeded | QStashError>

    /** One schedule, as it stands now. */
    readonly get: (scheduleId: ScheduleId) => Effect.Effect<QStashSchedule, ScheduleNotFound | QStashError>

    /** All schedules of the account. QStash promises no order. */
    readonly list: Effect.Effect<ReadonlyArray<QStashSchedule>, QStashError>

    /** Ends a schedule. Messages that it has already made are still delivered. */
    readonly delete: (scheduleId: ScheduleId) => Effect.Effect<void, ScheduleNotFound | QStashError>

    /**
     * Stops a schedule from making messages until it is resumed; its next firing time keeps advancing. On a paused
     * schedule it changes nothing. Messages that it has already made are still delivered.
     */
    readonly pause: (scheduleId: ScheduleId) => Effect.Effect<void, ScheduleNotFound | QStashError>

    /**
     * Marks a paused schedule as active; on an active one it changes nothing. Firings that fell into the pause are not
     * made up for.
     */
    readonly resume: (scheduleId: ScheduleId) => Effect.Effect<void, ScheduleNotFound | QStashError>
  }
}

/**
 * The schedules of one QStash account. Production provides it over HTTPS, tests and the local server from the engine.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashSchedules extends Context.Tag("@effect-qstash/domain/QStashSchedules")<
  QStashSchedules,
  QStashSchedules.Service
>() {
  /**
   * Creates a schedule whose deliveries carry a value as JSON, encoded with its Schema, as
   * `Content-Type: application/json` unless the headers name another type. A value that does not encode is a
   * `QStashInvalidRequest` for `body`, which tells where and nothing of the value.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly createJson = <A, I, R>(
    schema: Schema.Schema<A, I, R>,
    schedule: Omit<CreateSchedule.Input, "body"> & { readonly body: A }
  ): Effect.Effect<ScheduleId, QStashQuotaExceeded | QStashError, QStashSchedules | R> =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const body = yield* encodeJson(schema, schedule.body)
      return yield* schedules.create({ ...schedule, headers: withJsonType(schedule.headers), body })
    })

  /**
   * Creates or overwrites a schedule and leaves it as paused or active as it was, or as `isPaused` says; a new one is
   * active. Whether QStash itself keeps the pause over an overwrite is not documented, so this looks first and pauses
   * again after. Between the overwrite and the pause a firing may slip through. When it fails it may have overwritten and not
   * paused: repeat it with `isPaused: true`, because looking again would find an active schedule.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly upsert = ({
    isPaused,
    ...schedule
  }: CreateSchedule.Input & {
    readonly scheduleId: ScheduleId
    readonly isPaused?: boolean | undefined
  }): Effect.Effect<void, QStashQuotaExceeded | ScheduleNotFound | QStashError, QStashSchedules> =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const wantsPause = isPaused ?? (yield* isPausedNow(schedules, schedule.scheduleId))
      // Not to be left between the two by an interruption.
      yield* Effect.uninterruptible(
        Effect.gen(function* () {
          yield* schedules.create(schedule)
          if (wantsPause) yield* schedules.pause(schedule.scheduleId)
          else if (isPaused === false) yield* schedules.resume(schedule.scheduleId)
        })
      )
    })

  /**
   * Deletes a schedule if there is one: its absence is no error.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly deleteIfPresent = (
    scheduleId: ScheduleId
  ): Effect.Effect<void, QStashError, QStashSchedules> =>
    Effect.flatMap(QStashSchedules, (schedules) =>
      Effect.catchTag(schedules.delete(scheduleId), "ScheduleNotFound", () => Effect.void)
    )
}

const isPausedNow = (schedules: QStashSchedules.Service, scheduleId: ScheduleId) =>
  schedules.get(scheduleId).pipe(
    Effect.map((known) => known.isPaused),
    Effect.catchTag("ScheduleNotFound", () => Effect.succeed(false))
  )
