/** A process that takes an order, and is killed before it can publish: `killedOutbox.ts DATABASE`. */
import * as Outbox from "@effect-qstash/examples/outbox"
import { SqliteClient } from "@effect-qstash/store-sql"
import { Effect } from "effect"

const [filename = ""] = process.argv.slice(2)

void Effect.runPromise(
  Outbox.migrate.pipe(
    Effect.zipRight(Outbox.place({ orderId: "o1", email: "ada@example.com" })),
    Effect.zipRight(Effect.sync(() => process.kill(process.pid, "SIGKILL"))),
    Effect.provide(SqliteClient.layer({ filename }))
  )
)
