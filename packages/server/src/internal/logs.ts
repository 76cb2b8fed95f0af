import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { Page } from "@effect-qstash/domain/Page"
import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as PageInput from "@effect-qstash/domain/wire/PageInput"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import type { Call, Handlers } from "./call.ts"
import { json } from "./exchange.ts"
import { pageOf } from "./selection.ts"

export const logs = (engine: Engine.Service): Handlers<"ListLogs" | "ListEvents"> => {
  const page = (call: Call): Effect.Effect<Page<LogEntry>, QStashInvalidRequest> =>
    Effect.flatMap(
      pageOf(call, "log", { most: PageInput.maxLogEntries, takes: ["cursor", "order"] }),
      ({ count = 100, criteria, cursor, order = "latestFirst" }) =>
        engine.logsPage(call.tenant, { criteria, cursor, count, order })
    )
  return {
    ListLogs: (call) => Effect.map(page(call), (found) => json(LogRecord.encodePage(found))),
    // The clients read no other key here.
    ListEvents: (call) =>
      Effect.map(page(call), ({ cursor, items }) => json({ events: items.map(LogRecord.encode), cursor }))
  }
}
