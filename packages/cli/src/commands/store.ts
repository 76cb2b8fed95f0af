import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import type { Store } from "@effect-qstash/engine/Store"
import * as SqliteClient from "@effect-qstash/store-sql/SqliteClient"
import * as SqlStore from "@effect-qstash/store-sql/SqlStore"
import * as PgClient from "@effect/sql-pg/PgClient"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import type { Database } from "../Database.ts"
import { defaultDirectory } from "../Database.ts"
import { failed, type Failure } from "../Failure.ts"
import { quoted } from "../render/text.ts"
import { parseUrl } from "../render/url.ts"
import { reasonOf } from "../Shell.ts"
import * as Option from "effect/Option"

/** The Store that keeps the state of a server. */
export const storeOf = (database: Database): Layer.Layer<Store, Failure> => {
  switch (database._tag) {
    case "Memory":
      return MemoryStore.layer
    case "File":
      return over(quoted(database.path), fileClient(database.path))
    case "Postgres":
      return over(serverName(database.url), postgresClient(database.url))
  }
}

const over = (name: string, client: Layer.Layer<SqlClient.SqlClient, Failure>): Layer.Layer<Store, Failure> =>
  SqlStore.layer.pipe(
    Layer.mapError((error) =>
      failed(error._tag === "SqlError" ? `${name}: ${causeOf(error)}.` : `${name}: ${error.message}`)
    ),
    Layer.provide(client)
  )

const fileClient = (path: string): Layer.Layer<SqlClient.SqlClient, Failure> =>
  Layer.unwrapEffect(Effect.as(makeDirectory(path), SqliteClient.layer({ filename: path }))).pipe(
    Layer.mapError((error) =>
      error._tag === "SqliteOpenError"
        ? failed(`${error.message}.`, "Stop what has it open, or name another file with --db.")
        : error
    )
  )

/** The directory that is made for a project is its owner's alone, and git leaves it out. */
const makeDirectory = (path: string): Effect.Effect<void, Failure> =>
  Effect.try({
    try: () => {
      const directory = dirname(path)
      if (mkdirSync(directory, { recursive: true, mode: 0o700 }) === undefined) return
      if (directory === defaultDirectory) writeFileSync(`${directory}/.gitignore`, "*\n")
    },
    catch: (error) => failed(`The directory of ${quoted(path)} cannot be made (${reasonOf(error)}).`)
  })

const postgresClient = (url: Redacted.Redacted): Layer.Layer<SqlClient.SqlClient, Failure> =>
  PgClient.layer({ url, applicationName: "effect-qstash" }).pipe(
    Layer.mapError((error) =>
      failed(
        `${serverName(url)} does not accept the connection: ${causeOf(error)}.`,
        "Check the host, the user, the password and the name of the database in its URL."
      )
    )
  )

/** Without the password. */
const serverName = (url: Redacted.Redacted): string =>
  Option.match(parseUrl(Redacted.value(url)), {
    onNone: () => "Postgres",
    onSome: ({ host, pathname }) => `Postgres at ${host}${pathname}`
  })

const causeOf = (error: { readonly cause?: unknown; readonly message: string }): string =>
  error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message
