import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { CreateSchedule } from "./CreateSchedule.ts"
import { encodeJson, withJsonType } from "./internal/jsonBody.ts"
import { optional, parseFlag } from "./internal/optionChecks.ts"
import {
  namingSchedule,
  type QStashError,
  type QStashQuotaExceeded,
  type ScheduleNotFound
} from "./QStashError.ts"
import type { QStashSchedule } from "./QStashSchedule.ts"
import type { ScheduleId } from "./ScheduleId.ts"

/** @since 0.1.0 */
export declare namespace QStashSchedules {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Creates a schedule, or overwrites the one with the same id, and returns its id. Overwriting replaces every
     * setting. Without an id the call generates one before it sends anything, so its own retries never create two
     * schedules. To repeat the call itself safely, pass an id. An error then has it as `scheduleId`.
     */
    readonly create: (
      schedule: CreateSchedule.Input
    ) => Effect.Effect<ScheduleId, QStashQuotaExceeded | QStashError>

    /** The current state of one schedule. */
    readonly get: (scheduleId: ScheduleId) => Effect.Effect<QStashSchedule, ScheduleNotFound | QStashError>

    /** All schedules of the account, in no guaranteed order. */
    readonly list: Effect.Effect<ReadonlyArray<QStashSchedule>, QStashError>

    /** Deletes a schedule. Messages that it already created are still delivered. */
    readonly delete: (scheduleId: ScheduleId) => Effect.Effect<void, ScheduleNotFound | QStashError>

    /**
     * Stops a schedule from creating messages until it is resumed; its next firing time keeps advancing. Messages that
     * it already created are still delivered. Does nothing if the schedule is paused.
     */
    readonly pause: (scheduleId: ScheduleId) => Effect.Effect<void, ScheduleNotFound | QStashError>

    /**
     * Lets a paused schedule fire again. Firings that it missed during the pause are not made up for. Does nothing if
     * the schedule is active.
     */
    readonly resume: (scheduleId: ScheduleId) => Effect.Effect<void, ScheduleNotFound | QStashError>
  }

  /**
   * The options of {@link QStashSchedules.upsert}: those of `create`, with a required id.
   *
   * @since 0.1.0
   * @category models
   */
  export interface UpsertInput extends CreateSchedule.Input {
    readonly scheduleId: ScheduleId
    /**
     * Whether the schedule is paused afterwards.
     *
     * @default unchanged; a new schedule is active
     */
    readonly isPaused?: boolean | undefined
  }
}

/**
 * The schedules of a QStash account. In production the client provides them over HTTPS; in tests and on the local
 * server the engine does.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashSchedules extends Context.Tag("@effect-qstash/domain/QStashSchedules")<
  QStashSchedules,
  QStashSchedules.Service
>() {
  /**
   * Creates a schedule that delivers a value as JSON, encoded with its Schema. The content type is `application/json`
   * unless you set another one. If the value does not encode, the call fails with a `QStashInvalidRequest` for `body`,
   * which says where and contains nothing of the value.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly createJson = <A, I, R>(
    schema: Schema.Schema<A, I, R>,
    schedule: Omit<CreateSchedule.Input, "body"> & { readonly body: NoInfer<A> }
  ): Effect.Effect<ScheduleId, QStashQuotaExceeded | QStashError, QStashSchedules | R> =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      return yield* schedules.create(yield* withJson(schema, schedule))
    })

  /**
   * Makes sure that one schedule with this id exists and has exactly these settings. Repeating it is safe.
   *
   * - Without a schedule of this id it creates one. It is active unless `isPaused` is true.
   * - Otherwise it overwrites every setting; what is left out returns to its default, as with `create`.
   * - With `isPaused` the schedule is paused or active afterwards, as it says. Without, it stays as it was.
   *
   * QStash does not document whether an overwrite keeps the pause. So this reads the schedule first, and pauses it again
   * after the overwrite. One firing may slip through in between. If the call fails, the schedule may be overwritten and
   * not yet paused: repeat it with `isPaused: true`, because reading it again would find an active schedule.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly upsert = (
    input: QStashSchedules.UpsertInput
  ): Effect.Effect<void, QStashQuotaExceeded | ScheduleNotFound | QStashError, QStashSchedules> => {
    // `create` rejects anything but an object.
    if (!Predicate.isReadonlyRecord(input)) {
      return Effect.flatMap(QStashSchedules, (schedules) => Effect.asVoid(schedules.create(input)))
    }
    const { isPaused: given, ...schedule } = input
    return Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const isPaused = yield* optional("isPaused", given, parseFlag)
      const wantsPause = isPaused ?? (yield* isPausedNow(schedules, schedule.scheduleId))
      // Must not be interrupted between the two.
      yield* Effect.uninterruptible(
        Effect.gen(function* () {
          yield* schedules.create(schedule)
          if (wantsPause) yield* schedules.pause(schedule.scheduleId)
          else if (isPaused === false) yield* schedules.resume(schedule.scheduleId)
        })
      )
    }).pipe(Effect.mapError(namingSchedule(schedule.scheduleId)))
  }

  /**
   * Like {@link QStashSchedules.upsert}, with a body that is encoded as by `createJson`. A value that does not encode
   * changes nothing.
   *
   * @since 0.1.0
   * @category helpers
   */
  static readonly upsertJson = <A, I, R>(
    schema: Schema.Schema<A, I, R>,
    schedule: Omit<QStashSchedules.UpsertInput, "body"> & { readonly body: NoInfer<A> }
  ): Effect.Effect<void, QStashQuotaExceeded | ScheduleNotFound | QStashError, QStashSchedules | R> =>
    Effect.flatMap(withJson(schema, schedule), QStashSchedules.upsert)

  /**
   * Deletes a schedule if it exists.
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

/** Encodes the body of a schedule. */
const withJson = <A, I, R, Rest extends Omit<CreateSchedule.Input, "body">>(
  schema: Schema.Schema<A, I, R>,
  input: Rest & { readonly body: A }
) => {
  // The service rejects anything but an object.
  if (!Predicate.isReadonlyRecord(input)) return Effect.succeed(input)
  const { body, ...schedule } = input
  return encodeJson(schema, body).pipe(
    Effect.mapBoth({
      onFailure: namingSchedule(schedule.scheduleId),
      onSuccess: (text) => ({ ...schedule, headers: withJsonType(schedule.headers), body: text })
    })
  )
}

const isPausedNow = (schedules: QStashSchedules.Service, scheduleId: ScheduleId) =>
  schedules.get(scheduleId).pipe(
    Effect.map((known) => known.isPaused),
    Effect.catchTag("ScheduleNotFound", () => Effect.succeed(false))
  )
