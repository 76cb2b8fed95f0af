import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import * as DateTime from "effect/DateTime"
import { inZoneExactly } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { colourOfState } from "./state.ts"
import { columnOf, type Fitted, fittedRows } from "./table.ts"
import { dim, printable, yellow } from "./text.ts"
import { safeText, safeUrl } from "./url.ts"

/** As wide as what is most often in them, so that later lines stand below the first ones. */
const leastState = 9
const leastMessage = 32

/** Why it failed, or else when it is tried next. */
const reasonOf = ({ error, nextDeliveryTime }: LogEntry, zone: DateTime.TimeZone): string => {
  if (error !== undefined) return safeText(error)
  return nextDeliveryTime === undefined ? "" : `due ${inZoneExactly(nextDeliveryTime, zone)}`
}

const rowsOf = (entries: ReadonlyArray<LogEntry>, zone: DateTime.TimeZone): Fitted => {
  const column = columnOf(entries)
  return {
    columns: [
      column(`TIME (${DateTime.zoneToString(zone)})`, ({ time }) => inZoneExactly(time, zone)),
      { ...column("STATE", ({ state }) => printable(state), colourOfState), least: leastState },
      column("STATUS", ({ responseStatus }) => responseStatus?.toString() ?? ""),
      { ...column("MESSAGE", ({ messageId }) => printable(messageId)), least: leastMessage }
    ],
    last: column("DESTINATION", ({ url }) => safeUrl(url), dim),
    notes: column("REASON", (entry) => reasonOf(entry, zone), yellow)
  }
}

/** The titles and the lines of log entries, apart, since more entries may follow. */
export const logTable = (
  entries: ReadonlyArray<LogEntry>,
  { columns, zone }: Reader
): { readonly titles: ReadonlyArray<string>; readonly lines: ReadonlyArray<string> } => {
  const [titles = [], ...lines] = fittedRows(rowsOf(entries, zone), columns)
  return { titles, lines: lines.flat() }
}
