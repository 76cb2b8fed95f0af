import { Destination } from "@effect-qstash/domain/Destination"
import type { QStashHeaders, QStashSchedule } from "@effect-qstash/domain/QStashSchedule"
import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Order from "effect/Order"
import { inZone, zoneOfCron } from "./instant.ts"
import { type Column, table, widthOfColumns } from "./table.ts"
import { bold, cut, dim, printable, yellow } from "./text.ts"

export interface Reader {
  /** The zone in which the reader lives. */
  readonly zone: DateTime.TimeZone
  /** The width of the reader's terminal; 0 where there is none, and then nothing is cut. */
  readonly columns: number
}

/** The next to fire first; what never fires comes last. */
export const byNextFiring: Order.Order<QStashSchedule> = Order.combine(
  Order.mapInput(
    Order.number,
    ({ nextScheduleTime }: QStashSchedule) => nextScheduleTime?.epochMillis ?? Number.POSITIVE_INFINITY
  ),
  Order.mapInput(Order.string, ({ scheduleId }: QStashSchedule) => scheduleId)
)

/** What may be secret in a URL is left out, and a mark is left in its place. */
const safeDestination = (destination: Destination): string => {
  const safe = Destination.toSafeText(destination)
  const hides = typeof destination === "string" && URL.canParse(destination) && new URL(destination).search
  return printable(hides ? `${safe}?…` : safe)
}

const stateOf = ({ isPaused }: QStashSchedule): string => (isPaused ? "paused" : "active")
const colourOfState = (text: string): string => (text.startsWith("paused") ? yellow(text) : text)

const withZone = (instant: DateTime.Utc | undefined, zone: DateTime.TimeZone): string =>
  instant === undefined ? "never" : `${inZone(instant, zone)} ${DateTime.zoneToString(zone)}`

/** The prefix is told by the zone of the next firing. */
const withoutZone = (cron: string): string => cron.replace(/^(?:CRON_)?TZ=\S+\s+/, "")

/** Narrower than this, a destination tells nothing. */
const leastDestination = 24

/** One line for each schedule where the terminal is wide enough, else two. */
export const scheduleTable = (
  schedules: ReadonlyArray<QStashSchedule>,
  { columns, zone }: Reader
): ReadonlyArray<string> => {
  const column = (
    title: string,
    cell: (schedule: QStashSchedule) => string,
    style?: Column["style"]
  ): Column => ({
    title,
    cells: schedules.map(cell),
    ...(style === undefined ? {} : { style })
  })
  const id = column("ID", ({ scheduleId }) => printable(scheduleId))
  const state = column("STATE", stateOf, colourOfState)
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
  if (room >= leastDestination) return table([id, state, cron, next, here, destination(room)])

  const firstLines = table([id, state, destination(columns - widthOfColumns([id, state]) - 2)])
  const secondLines = table([cron, next, here])
  return firstLines.flatMap((line, row) => [line, `  ${secondLines[row] ?? ""}`])
}

/** Everything about one schedule but what may be secret: of headers the names, of a body the size. */
export const scheduleCard = (schedule: QStashSchedule, { zone }: Reader): ReadonlyArray<string> => {
  const own = zoneOfCron(schedule.cron)
  const fields: Array<readonly [name: string, value: string | undefined]> = [
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
    ["flow control", flowControlOf(schedule)],
    ["labels", schedule.labels.join(", ") || undefined],
    ["created", withZone(schedule.createdAt, zone)]
  ]
  const shown = fields.filter(([, value]) => value !== undefined)
  const width = Math.max(...shown.map(([name]) => name.length))
  return [
    `${bold(printable(schedule.scheduleId))}  ${colourOfState(stateOf(schedule))}`,
    ...shown.map(([name, value = ""]) => `  ${dim(name.padEnd(width))}  ${printable(value)}`)
  ]
}

const namesOf = (headers: QStashHeaders): string | undefined => Object.keys(headers).join(", ") || undefined

const sizeOf = (body: QStashSchedule["body"]): string | undefined => {
  if (body === undefined) return undefined
  if (body instanceof RedactedValue) return "redacted"
  return `${typeof body === "string" ? new TextEncoder().encode(body).length : body.length} bytes`
}

const flowControlOf = ({ flowControlKey, parallelism, period, rate }: QStashSchedule): string | undefined =>
  flowControlKey === undefined
    ? undefined
    : [
        flowControlKey,
        ...(parallelism === undefined ? [] : [`parallelism ${parallelism}`]),
        ...(rate === undefined ? [] : [`rate ${rate}`]),
        ...(period === undefined ? [] : [`period ${Duration.format(period)}`])
      ].join(", ")

/** How the messages of the last firing stand, such as `2 SUCCESS, 1 FAIL`. */
const statesOf = ({ lastScheduleStates }: QStashSchedule): string | undefined => {
  const counts = new Map<string, number>()
  for (const state of Object.values(lastScheduleStates)) counts.set(state, (counts.get(state) ?? 0) + 1)
  return (
    Array.from(counts, ([state, count]) => (count === 1 ? state : `${count} ${state}`)).join(", ") ||
    undefined
  )
}
