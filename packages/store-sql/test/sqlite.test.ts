import * as StoreLaws from "@effect-qstash/engine/StoreLaws"
import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import { Layer } from "effect"

StoreLaws.laws("SQLite", Layer.provide(SqlStore.layer, SqliteClient.layer({ filename: ":memory:" })), {
  runs: 50
})
