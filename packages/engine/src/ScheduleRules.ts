/**
 * What happens to a schedule. Every Store follows these rules.
 *
 * @since 0.1.0
 */
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { CronExpression } from "@effect-qstash/domain/CronExpression"
import { Destination } from "@effect-qstash/domain/Destination"
import type { UrlGroupEndpoint } from "@effect-qstash/domain/UrlGroup"
import { errorTexts } from "@effect-qstash/domain/wire/ErrorBody"
import * as QuotaText from "@effect-qstash/domain/wire/QuotaText"
import * as Duration from "effect/Duration"
import { type Target, targetsOf } from "./Endpoints.ts"
import { exceededPending, type PendingLimits, type PendingMessages } from "./ExceededLimit.ts"
import type { StoredSchedule } from "./Rows.ts"

/**
 * When a schedule fires next, strictly after an instant.
 *
 * @since 0.1.0
 * @category conversions
 */
export const nextTime = (cron: CronExpression, after: number): number | undefined => cron.nextMillis(after)

/**
 * What an overwrite changes. The pause, the creation time and the last firing stay.
 *
 * @since 0.1.0
 * @category conversions
 */
export const overwritten = ({
  callerIp,
  now,
  settings
}: Pick<StoredSchedule, "callerIp" | "settings"> & { readonly now: number }): Pick<
  StoredSchedule,
  "settings" | "callerIp" | "error" | "nextTime"
> => ({
  settings,
  callerIp,
  error: undefined,
  nextTime: nextTime(settings.cron, now)
})

/**
 * What a pause or a resume changes. A resume does not make up for a firing of the pause, even one that is overdue.
 *
 * @since 0.1.0
 * @category conversions
 */
export const pausedOrResumed = (
  schedule: Pick<StoredSchedule, "isPaused" | "nextTime" | "settings">,
  isPaused: boolean,
  now: number
): Pick<StoredSchedule, "isPaused" | "nextTime"> => {
  const isOverdue = schedule.nextTime !== undefined && schedule.nextTime <= now
  const isMoved = schedule.isPaused && !isPaused && isOverdue
  return { isPaused, nextTime: isMoved ? nextTime(schedule.settings.cron, now) : schedule.nextTime }
}

/**
 * What a firing makes: a message for each target, or none and an error. `endpoints` are those of the schedule's URL
 * group, if that exists.
 *
 * @since 0.1.0
 * @category conversions
 */
export const firing = (
  { body, delay, destination }: CreateSchedule,
  endpoints: ReadonlyArray<UrlGroupEndpoint> | undefined,
  pending: PendingMessages,
  limits: PendingLimits,
  now: number
): {
  readonly targets: ReadonlyArray<Target>
  /** When the messages are due. */
  readonly notBefore: number
  readonly error: string | undefined
} => {
  const notBefore = now + (delay === undefined ? 0 : Duration.toMillis(delay))
  const targets = targetsOf(destination, endpoints)
  if (targets === undefined) {
    return { targets: [], notBefore, error: errorTexts.urlGroupNotFound(Destination.toText(destination)) }
  }
  const exceeded = exceededPending(pending, targets.length, targets.length * (body?.length ?? 0), limits)
  return exceeded === undefined
    ? { targets, notBefore, error: undefined }
    : { targets: [], notBefore, error: QuotaText.make(exceeded, limits[exceeded]) }
}
