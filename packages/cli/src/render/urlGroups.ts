import type { UrlGroup } from "@effect-qstash/domain/UrlGroup"
import { card, type Field } from "./card.ts"
import { inZone } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { tableOf } from "./table.ts"
import { dim, printable } from "./text.ts"
import { safeUrl } from "./url.ts"

export const urlGroupTable = tableOf<UrlGroup>((column, { zone }, here) => ({
  columns: [
    column("NAME", ({ name }) => printable(name)),
    column("ENDPOINTS", ({ endpoints }) => String(endpoints.length)),
    column(`CHANGED (${here})`, ({ updatedAt }) => inZone(updatedAt, zone))
  ],
  last: column("URLS", ({ endpoints }) => endpoints.map(({ url }) => safeUrl(url)).join(", "), dim)
}))

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
