import type { QStashSchedule } from "@effect-qstash/domain/QStashSchedule"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Order from "effect/Order"
import { card, limitsOf, namesOf, sizeOf } from "./card.ts"
import { inZone, zoneOfCron } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { colourOfPause, pauseOf } from "./state.ts"
import { type Column, columnOf, leastOfLast, table, widthOfColumns } from "./table.ts"
import { cut, dim, printable } from "./text.ts"
import { safeDestination } from "./url.ts"

/** The next to fire first; what never fires comes last. */
export const byNextFiring: Order.Order<QStashSchedule> = Order.combine(
  Order.mapInput(Order.number, ({ nextScheduleTime }: QStashSchedule) =>
    nextScheduleTime === undefined ? Infinity : DateTime.toEpochMillis(nextScheduleTime)
  ),
  Order.mapInput(Order.string, ({ scheduleId }: QStashSchedule) => scheduleId)
)

const withZone = (instant: DateTime.Utc | undefined, zone: DateTime.TimeZone): string =>
  instant === undefined ? "never" : `${inZone(instant, zone)} ${DateTime.zoneToString(zone)}`

/** Leaves out the prefix: the next firing is shown in its zone. */
const withoutZone = (cron: string): string => cron.replace(/^(?:CRON_)?TZ=\S+\s+/, "")

/** One line for each schedule where the terminal is wide enough, else two. */
export const scheduleTable = (
  schedules: ReadonlyArray<QStashSchedule>,
  { columns, zone }: Reader
): ReadonlyArray<string> => {
  const column = columnOf(schedules)
  const id = column("ID", ({ scheduleId }) => printable(scheduleId))
  const state = column("STATE", pauseOf, colourOfPause)
  const cron = column("CRON", (schedule) => printable(withoutZone(schedule.cron)))
  const next = column("FIRES NEXT", (schedule) =>
    withZone(schedule.nextScheduleTime, zoneOfCron(schedule.cron))
  )
  const here = column(`HERE (${DateTime.zoneToString(zone)})`, ({ nextScheduleTime }) =>
    nextScheduleTime === undefined ? "never" : inZone(nextScheduleTime, zone)
  )
  const destination = (room: number): Column =>
    column("DESTINATION", (schedule) => cut(safeDestination(schedule.destination), room), dim)

  if (columns === 0) return table([id, state, cron, next, here, destination(Number.POSITIVE_INFINITY)])

  const room = columns - widthOfColumns([id, state, cron, next, here]) - 2
  if (room >= leastOfLast) return table([id, state, cron, next, here, destination(room)])

  const firstLines = table([id, state, destination(columns - widthOfColumns([id, state]) - 2)])
  const secondLines = table([cron, next, here])
  return firstLines.flatMap((line, row) => [line, `  ${secondLines[row] ?? ""}`])
}

/** Everything about one schedule but what may be secret: of headers the names, of a body the size. */
export const scheduleCard = (schedule: QStashSchedule, { zone }: Reader): ReadonlyArray<string> => {
  const own = zoneOfCron(schedule.cron)
  return card(schedule.scheduleId, colourOfPause(pauseOf(schedule)), [
    ["cron", schedule.cron],
    ["fires next", withZone(schedule.nextScheduleTime, own)],
    ["", schedule.nextScheduleTime && `${withZone(schedule.nextScheduleTime, zone)} (here)`],
    ["fired last", schedule.lastScheduleTime && withZone(schedule.lastScheduleTime, own)],
    ["", statesOf(schedule)],
    ["error", schedule.error],
    ["destination", `${schedule.method} ${safeDestination(schedule.destination)}`],
    ["headers", namesOf(schedule.headers)],
    ["body", sizeOf(schedule.body)],
    ["delay", schedule.delay && Duration.format(schedule.delay)],
    ["timeout", schedule.timeout === undefined ? undefined : `${schedule.timeout} s`],
    ["retries", schedule.retries?.toString()],
    ["retry delay", schedule.retryDelay],
    ["callback", schedule.callback && safeDestination(schedule.callback)],
    ["failure callback", schedule.failureCallback && safeDestination(schedule.failureCallback)],
    ["queue", schedule.queueName],
    ["flow control", limitsOf(schedule)],
    ["labels", schedule.labels.join(", ") || undefined],
    ["created", withZone(schedule.createdAt, zone)]
  ])
}

/** How the messages of the last firing stand, such as `2 SUCCESS, 1 FAIL`. */
const statesOf = ({ lastScheduleStates }: QStashSchedule): string | undefined => {
  const counts = new Map<string, number>()
  for (const state of Object.values(lastScheduleStates)) counts.set(state, (counts.get(state) ?? 0) + 1)
  return (
    Array.from(counts, ([state, count]) => (count === 1 ? state : `${count} ${state}`)).join(", ") ||
    undefined
  )
}
