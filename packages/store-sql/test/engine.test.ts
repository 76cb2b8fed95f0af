import * as EngineHome from "@effect-qstash/contract/homes/EngineHome"
import { laws } from "@effect-qstash/contract/Laws"
import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import { Layer } from "effect"

const store = Layer.provide(SqlStore.layer, SqliteClient.layer({ filename: ":memory:" }))

laws({ name: "the engine on SQLite", ...EngineHome, layer: Layer.orDie(EngineHome.layerOver(store)) })
