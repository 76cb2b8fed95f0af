import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as PageInput from "@effect-qstash/domain/input/PageInput"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import type { Call, Failure, Handlers } from "../call.ts"
import { json } from "../http.ts"
import { pageOf, type Selection } from "../selection.ts"
import { trimBodies } from "../trimBody.ts"

/** How many messages a grouped page has if the call does not say, and at most. */
const groups = { usual: 10, most: 100 }

export const logs = (engine: Engine.Service): Handlers<"ListLogs" | "ListEvents"> => {
  const page = (
    call: Call,
    { criteria, cursor, order = "latestFirst", trimBody }: Selection,
    count: number
  ) =>
    Effect.map(engine.logsPage(call.tenant, { criteria, cursor, count, order }), (found) => ({
      ...found,
      items: found.items.map((entry) => trimBodies(entry, trimBody))
    }))

  const grouped = (
    call: Call,
    { count = groups.usual, criteria, cursor, order = "latestFirst", trimBody }: Selection
  ) =>
    engine
      .logsByMessage(call.tenant, {
        criteria,
        cursor,
        count: Math.min(count, groups.most),
        order,
        trimBody
      })
      .pipe(
        Effect.map((found) => ({
          ...found,
          items: found.items.map((entries) => entries.map((entry) => trimBodies(entry, trimBody)))
        })),
        Effect.map((found) => json(LogRecord.encodeGroups(found)))
      )

  const selection = (call: Call, takes: ReadonlyArray<"groupBy">): Effect.Effect<Selection, Failure> =>
    pageOf(call, "log", { most: PageInput.maxLogEntries, takes: ["cursor", "order", "trimBody", ...takes] })

  return {
    ListLogs: (call) =>
      Effect.flatMap(selection(call, ["groupBy"]), (selected) =>
        selected.isGrouped
          ? grouped(call, selected)
          : Effect.map(page(call, selected, selected.count ?? 100), (found) =>
              json(LogRecord.encodePage(found))
            )
      ),
    // The clients read no other key here, and the official Go and Python clients rely on the larger page.
    ListEvents: (call) =>
      Effect.flatMap(selection(call, []), (selected) =>
        Effect.map(page(call, selected, selected.count ?? PageInput.maxLogEntries), ({ cursor, items }) =>
          json({ events: items.map(LogRecord.encode), cursor })
        )
      )
  }
}
