import type { QStashQueue } from "@effect-qstash/domain/QStashQueue"
import * as DateTime from "effect/DateTime"
import { card } from "./card.ts"
import { inZone } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { colourOfPause, pauseOf } from "./state.ts"
import { columnOf, fitted } from "./table.ts"
import { printable } from "./text.ts"

/** One line for each queue where the terminal is wide enough, else two. */
export const queueTable = (
  queues: ReadonlyArray<QStashQueue>,
  { columns, zone }: Reader
): ReadonlyArray<string> => {
  const column = columnOf(queues)
  return fitted(
    {
      columns: [
        column("NAME", ({ name }) => printable(name)),
        column("STATE", pauseOf, colourOfPause),
        column("PARALLELISM", ({ parallelism }) => String(parallelism)),
        column("PENDING", ({ lag }) => String(lag))
      ],
      last: column(`CHANGED (${DateTime.zoneToString(zone)})`, ({ updatedAt }) => inZone(updatedAt, zone))
    },
    columns
  )
}

export const queueCard = (queue: QStashQueue, { zone }: Reader): ReadonlyArray<string> =>
  card(queue.name, colourOfPause(pauseOf(queue)), [
    ["parallelism", String(queue.parallelism)],
    ["pending", String(queue.lag)],
    ["created", inZone(queue.createdAt, zone)],
    ["changed", inZone(queue.updatedAt, zone)]
  ])
