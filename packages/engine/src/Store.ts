/**
 * The port behind which the engine keeps its state. Each verb is one transaction: it happens whole or not at all, and
 * never twice. All instants are milliseconds since 1970, and all come from the engine.
 *
 * @since 0.1.0
 */
import type { CronExpression } from "@effect-qstash/domain/CronExpression"
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

/**
 * A schedule as it is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredSchedule {
  readonly tenantId: string
  readonly scheduleId: ScheduleId
  readonly settings: CreateSchedule
  readonly callerIp: string | undefined
  readonly createdAt: number
  readonly isPaused: boolean
  readonly lastTime: number | undefined
  /** Absent where no time matches within five years. */
  readonly nextTime: number | undefined
  /** The messages of the last firing: `IN_PROGRESS`, `SUCCESS` or `FAIL` by message id. */
  readonly lastStates: Readonly<Record<string, string>>
}

/**
 * A message that is not yet delivered or given up.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredMessage {
  readonly tenantId: string
  readonly messageId: string
  /** Rises with every message: at one instant the older message goes first. */
  readonly sequence: number
  readonly scheduleId: ScheduleId
  readonly settings: CreateSchedule
  readonly callerIp: string | undefined
  readonly createdAt: number
  /** When the next attempt is due. */
  readonly notBefore: number
  /** How many attempts have been made and settled. */
  readonly retried: number
}

/**
 * The right to deliver one message. The token fences it: a lease ends when it is settled or released, or when its time
 * is over and the message is leased anew, and from then on a settlement with its token is `stale` and changes nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease {
  readonly token: number
  readonly message: StoredMessage
}

/**
 * What an attempt means for its message.
 *
 * @since 0.1.0
 * @category models
 */
export type Settlement = { readonly token: number } & (
  | { readonly _tag: "Delivered" }
  | { readonly _tag: "Retry"; readonly notBefore: number }
  | { readonly _tag: "Failed" }
)

/**
 * @since 0.1.0
 */
export declare namespace Store {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Creates the schedule or replaces every setting of the one with this id. A replaced one keeps its pause, its
     * creation time and what is known of its last firing; its next time counts from now. `full` when the tenant holds
     * `limit` schedules and the id is not among them.
     */
    readonly upsertSchedule: (request: {
      readonly tenantId: string
      readonly scheduleId: ScheduleId
      readonly settings: CreateSchedule
      readonly callerIp: string | undefined
      readonly now: number
      readonly limit: number
    }) => Effect.Effect<"stored" | "full">

    /** One schedule of the tenant. */
    readonly getSchedule: (
      tenantId: string,
      scheduleId: ScheduleId
    ) => Effect.Effect<Option.Option<StoredSchedule>>

    /** The tenant's schedules, oldest first. */
    readonly listSchedules: (tenantId: string) => Effect.Effect<ReadonlyArray<StoredSchedule>>

    /** Removes a schedule, and answers whether there was one. Its messages stay. */
    readonly deleteSchedule: (tenantId: string, scheduleId: ScheduleId) => Effect.Effect<boolean>

    /**
     * Pauses or resumes, and answers whether there is such a schedule. A firing that fell into the pause is not made up
     * for even if it was not claimed yet: resuming moves such a schedule to its next time after now.
     */
    readonly setPaused: (request: {
      readonly tenantId: string
      readonly scheduleId: ScheduleId
      readonly isPaused: boolean
      readonly now: number
    }) => Effect.Effect<boolean>

    /**
     * Takes the schedules that are due, earliest first: inserts the message of each active one and moves each to its
     * next time after now, in one step, so that a firing makes its message exactly once. A paused one only moves. One
     * that missed several times fires once.
     */
    readonly claimDueSchedules: (request: {
      readonly now: number
      readonly limit: number
      /** Mints the id of a message. */
      readonly mintMessageId: () => string
    }) => Effect.Effect<ReadonlyArray<StoredMessage>>

    /**
     * Leases the messages that are due, in the order of their time and sequence. A leased one is due again when the
     * time of its lease is over.
     */
    readonly claimDueMessages: (request: {
      readonly now: number
      readonly limit: number
      /** How long the lease lasts at the most, in milliseconds. */
      readonly leaseFor: (message: StoredMessage) => number
    }) => Effect.Effect<ReadonlyArray<Lease>>

    /** Records what became of attempts, in the given order, and answers for each whether its lease still stood. */
    readonly settle: (
      settlements: ReadonlyArray<Settlement>
    ) => Effect.Effect<ReadonlyArray<"settled" | "stale">>

    /** Gives leases back unused: the messages are due at once, and the attempt does not count. */
    readonly release: (tokens: ReadonlyArray<number>) => Effect.Effect<void>

    /** When the next schedule, and the next message or ending lease, will be due. */
    readonly nextWake: Effect.Effect<{
      readonly schedule: number | undefined
      readonly message: number | undefined
    }>
  }
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Store extends Context.Tag("@effect-qstash/engine/Store")<Store, Store.Service>() {}

/**
 * When a schedule fires next, strictly after an instant. Every Store moves its schedules by this one rule.
 *
 * @since 0.1.0
 * @category conversions
 */
export const nextTime = (cron: CronExpression, after: number): number | undefined => cron.nextMillis(after)
