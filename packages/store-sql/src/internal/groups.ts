import type { UrlGroupEndpoint } from "@effect-qstash/domain/UrlGroup"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { StoredUrlGroup } from "@effect-qstash/engine/Rows"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "./Database.ts"

export interface GroupRow {
  readonly tenant: Int
  readonly name: string
  readonly created_at: Int
  readonly updated_at: Int
  readonly endpoints: string
}

export const groupColumns = "g.tenant, g.name, g.created_at, g.updated_at, g.endpoints"

const endpointsOf = (json: string): ReadonlyArray<UrlGroupEndpoint> => JSON.parse(json)

export const groupOf = (row: GroupRow): StoredUrlGroup => ({
  urlGroup: UrlGroupName.make(row.name, { disableValidation: true }),
  createdAt: intOf(row.created_at),
  updatedAt: intOf(row.updated_at),
  endpoints: endpointsOf(row.endpoints)
})

/** The endpoints of URL groups by the names of their tenants and their own. */
export const endpointsIn = (
  { sql, table }: Database,
  names: ReadonlyArray<readonly [tenant: number, name: UrlGroupName]>
): Effect.Effect<
  { readonly get: (tenant: number, name: string) => ReadonlyArray<UrlGroupEndpoint> | undefined },
  SqlError
> => {
  const byName = new Map<string, ReadonlyArray<UrlGroupEndpoint>>()
  const found = { get: (tenant: number, name: string) => byName.get(`${tenant} ${name}`) }
  if (names.length === 0) return Effect.succeed(found)
  return Effect.map(
    sql<GroupRow>`select ${sql.literal(groupColumns)} from qstash_groups g
      join ${table({ tenant: "bigint", name: "text" }, names)} as v on v.tenant = g.tenant and v.name = g.name`,
    (rows) => {
      for (const row of rows) byName.set(`${intOf(row.tenant)} ${row.name}`, endpointsOf(row.endpoints))
      return found
    }
  )
}
