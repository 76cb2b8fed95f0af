import type { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { StoredMessage } from "@effect-qstash/engine/Rows"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "./Database.ts"
import { flush } from "./flush.ts"
import { IsRelaxed } from "./relaxed.ts"
import type { Limits } from "./slots.ts"
import { type Tenant, Work } from "./Work.ts"

/** What the verbs share. */
export interface Verbs {
  readonly db: Database
  /** Runs a transaction, and writes what it has decided. */
  readonly isolate: <A, E>(
    now: number,
    body: (work: Work) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | SqlError>
  /** The same, but a power failure may undo it: then what was claimed is due again. */
  readonly isolateClaim: Verbs["isolate"]
  /** The same as `isolate`, for one tenant, which it has for itself. */
  readonly isolateTenant: <A, E>(
    name: string,
    now: number,
    body: (work: Work, tenant: Tenant) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | SqlError>
  /** The number of a tenant, which is made if there is none. */
  readonly tenantIdOf: (name: string) => Effect.Effect<number, SqlError>
  /** Notes when and with which slots messages were claimed last. */
  readonly lookAt: (claim: Limits & { readonly now: number }) => void
  readonly lastLook: () => Limits & { readonly now: number }
  /** The messages that this process has leased, by token. */
  readonly held: Map<number, StoredMessage>
  /** Tokens of different processes differ, and so do those of one. */
  readonly newToken: () => number
}

/** How many tokens a process may use: the rest of 2^53 numbers the processes. */
const tokensOfProcess = 2 ** 32

export const makeVerbs = (db: Database, ids: IdGenerator.Service): Effect.Effect<Verbs, SqlError> =>
  Effect.gen(function* () {
    const { sql } = db
    const [started] = yield* db.isPostgres
      ? sql<{ readonly last: Int }>`select nextval('qstash_starts') as last`
      : sql<{ readonly last: Int }>`update qstash_starts set last = last + 1 returning last`
    let token = intOf(started?.last ?? 0) * tokensOfProcess
    let look: Limits & { readonly now: number } = {
      now: Number.MIN_SAFE_INTEGER,
      perTenant: Infinity,
      perDestination: Infinity
    }
    /** Tenants are never deleted. */
    const tenants = new Map<string, number>()

    const tenantIdOf = (name: string): Effect.Effect<number, SqlError> =>
      Effect.gen(function* () {
        const known = tenants.get(name)
        if (known !== undefined) return known
        const find = sql<{ readonly id: Int }>`select id from qstash_tenants where name = ${name}`
        const [before] = yield* find
        if (before === undefined) {
          const [id] = yield* db.newNumbers(1)
          yield* sql`insert into qstash_tenants (id, name) values (${id}, ${name}) on conflict (name) do nothing`
        }
        const [row] = before === undefined ? yield* find : [before]
        const id = intOf(row?.id ?? 0)
        tenants.set(name, id)
        return id
      })

    const isolate: Verbs["isolate"] = (now, body) =>
      sql.withTransaction(
        Effect.gen(function* () {
          const work = new Work(db, ids, now)
          const result = yield* body(work)
          yield* flush(work)
          return result
        })
      )

    return {
      db,
      isolate,
      isolateClaim: (now, body) =>
        Effect.provideService(
          isolate(now, (work) =>
            db.isPostgres ? Effect.zipRight(sql`set local synchronous_commit = off`, body(work)) : body(work)
          ),
          IsRelaxed,
          true
        ),
      tenantIdOf,
      isolateTenant: (name, now, body) =>
        Effect.flatMap(tenantIdOf(name), (id) =>
          isolate(now, (work) =>
            Effect.zipRight(
              work.lock([id]),
              Effect.suspend(() => body(work, work.tenant(id)))
            )
          )
        ),
      held: new Map(),
      lookAt: (claim) => {
        look = claim
      },
      lastLook: () => look,
      newToken: () => ++token
    }
  })
