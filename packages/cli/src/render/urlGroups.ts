import type { UrlGroup } from "@effect-qstash/domain/UrlGroup"
import * as DateTime from "effect/DateTime"
import { card, type Field } from "./card.ts"
import { inZone } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { columnOf, fitted } from "./table.ts"
import { dim, printable } from "./text.ts"
import { safeUrl } from "./url.ts"

/** One line for each group where the terminal is wide enough, else two. */
export const urlGroupTable = (
  groups: ReadonlyArray<UrlGroup>,
  { columns, zone }: Reader
): ReadonlyArray<string> => {
  const column = columnOf(groups)
  return fitted(
    {
      columns: [
        column("NAME", ({ name }) => printable(name)),
        column("ENDPOINTS", ({ endpoints }) => String(endpoints.length)),
        column(`CHANGED (${DateTime.zoneToString(zone)})`, ({ updatedAt }) => inZone(updatedAt, zone))
      ],
      last: column("URLS", ({ endpoints }) => endpoints.map(({ url }) => safeUrl(url)).join(", "), dim)
    },
    columns
  )
}

/** One group with all of its endpoints, in their order. */
export const urlGroupCard = (group: UrlGroup, { zone }: Reader): ReadonlyArray<string> =>
  card(group.name, "", [
    ...group.endpoints.map(({ name, url }, index): Field => [
      index === 0 ? "endpoints" : "",
      name === undefined ? safeUrl(url) : `${safeUrl(url)} (${name})`
    ]),
    ["created", inZone(group.createdAt, zone)],
    ["changed", inZone(group.updatedAt, zone)]
  ])
