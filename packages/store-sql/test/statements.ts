import * as SqlClient from "@effect/sql/SqlClient"
import * as Statement from "@effect/sql/Statement"
import { Effect } from "effect"

/** What was sent to the database. */
export interface Sent {
  readonly text: string
  readonly params: ReadonlyArray<unknown>
}

/** The statements that an effect runs, beside what it returns. */
export const recording = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const sent: Array<Sent> = []
    return Effect.map(
      Statement.withTransformer(effect, (statement) => {
        const [text, params] = statement.compile()
        // A setting has no plan.
        if (!text.trimStart().startsWith("set ")) sent.push({ text, params })
        return Effect.succeed(statement)
      }),
      (result) => ({ result, sent })
    )
  })

/** What SQLite says that it would do, a line for each step. */
const explainSqlite = ({ params, text }: Sent) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(sql.unsafe<{ readonly detail: string }>(`explain query plan ${text}`, params), (rows) =>
      rows.map(({ detail }) => detail)
    )
  )

/** The same of Postgres. */
const explainPostgres = ({ params, text }: Sent) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(sql.unsafe<{ readonly "QUERY PLAN": string }>(`explain ${text}`, params), (rows) =>
      rows.map((row) => row["QUERY PLAN"].trim())
    )
  )

export const explain = (sent: Sent) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.onDialectOrElse({ pg: () => explainPostgres(sent), orElse: () => explainSqlite(sent) })
  )
