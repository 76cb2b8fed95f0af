import * as CronExpression from "@effect-qstash/domain/CronExpression"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const utc = DateTime.zoneUnsafeMakeNamed("UTC")

/** `Tue 2026-11-24 04:00`. */
export const inZone = (instant: DateTime.DateTime, zone: DateTime.TimeZone): string => {
  const zoned = DateTime.setZone(instant, zone)
  const iso = DateTime.formatIsoOffset(zoned)
  return `${days[DateTime.getPart(zoned, "weekDay")] ?? ""} ${iso.slice(0, 10)} ${iso.slice(11, 16)}`
}

/** `Tue 2026-11-24 04:00 +01:00`, which tells the two hours apart that the end of summer time repeats. */
export const inZoneWithOffset = (instant: DateTime.DateTime, zone: DateTime.TimeZone): string =>
  `${inZone(instant, zone)} ${DateTime.zonedOffsetIso(DateTime.setZone(instant, zone))}`

/** The zone in which an expression is read; UTC for a text that QStash understands and this library does not. */
export const zoneOfCron = (cron: string): DateTime.TimeZone =>
  Either.match(CronExpression.CronExpression.parse(cron), {
    onLeft: () => utc,
    onRight: zoneOfExpression
  })

export const zoneOfExpression = (cron: CronExpression.CronExpression): DateTime.TimeZone =>
  Option.getOrElse(DateTime.zoneMakeNamed(cron.timeZone), () => utc)

/** `2026-11-24 04:00:05.123`, for what follows on something else within a second. */
export const inZoneExactly = (instant: DateTime.DateTime, zone: DateTime.TimeZone): string =>
  DateTime.formatIsoOffset(DateTime.setZone(instant, zone)).slice(0, 23).replace("T", " ")
