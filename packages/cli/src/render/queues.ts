import type { QStashQueue } from "@effect-qstash/domain/QStashQueue"
import { card } from "./card.ts"
import { inZone } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { colourOfPause, pauseOf } from "./state.ts"
import { tableOf } from "./table.ts"
import { printable } from "./text.ts"

export const queueTable = tableOf<QStashQueue>((column, { zone }, here) => ({
  columns: [
    column("NAME", ({ name }) => printable(name)),
    column("STATE", pauseOf, colourOfPause),
    column("PARALLELISM", ({ parallelism }) => String(parallelism)),
    column("PENDING", ({ lag }) => String(lag))
  ],
  last: column(`CHANGED (${here})`, ({ updatedAt }) => inZone(updatedAt, zone))
}))

export const queueCard = (queue: QStashQueue, { zone }: Reader): ReadonlyArray<string> =>
  card(queue.name, colourOfPause(pauseOf(queue)), [
    ["parallelism", String(queue.parallelism)],
    ["pending", String(queue.lag)],
    ["created", inZone(queue.createdAt, zone)],
    ["changed", inZone(queue.updatedAt, zone)]
  ])
