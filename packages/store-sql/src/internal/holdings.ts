import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { UrlGroupEndpoint } from "@effect-qstash/domain/UrlGroup"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { Holdings as EngineHoldings } from "@effect-qstash/engine/ExceededLimit"
import type { AcceptedMessage, MessageDraft } from "@effect-qstash/engine/Rows"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "./Database.ts"
import { loadFlows } from "./flows.ts"
import { endpointsIn } from "./groups.ts"
import { messageIdOf } from "./rows.ts"
import type { Tenant } from "./Work.ts"

/** What requests ask for, as far as their tenants' holdings matter. */
interface Request {
  readonly drafts: ReadonlyArray<MessageDraft>
  readonly deliveryOf: MessageId | undefined
  readonly now: number
}

interface Asked {
  readonly request: Request
  readonly tenant: Tenant
}

type Group = { readonly urlGroup: UrlGroupName }
type Recognised = Pick<AcceptedMessage, "messageId" | "url">

/** What tenants hold of what some requests name, and what the requests before them in the same transaction have added. */
export interface Holdings {
  readonly of: (tenant: Tenant, now: number) => EngineHoldings
  readonly endpointsOf: (tenant: Tenant, destination: Group) => ReadonlyArray<UrlGroupEndpoint> | undefined
  readonly hopsOf: (request: Pick<Request, "deliveryOf">) => number
  readonly recognise: (tenant: Tenant, key: string, now: number) => ReadonlyArray<Recognised> | undefined
  readonly add: (tenant: Tenant, key: string, messages: ReadonlyArray<Recognised>, until: number) => void
  readonly addNames: (tenant: Tenant, settings: MessageSettings) => void
  /** Writes the keys of what was accepted. */
  readonly remember: Effect.Effect<void, SqlError>
}

/** The names that tenants have of something, and how many those have that are to get new ones. */
class Names {
  private readonly names = new Set<string>()
  private readonly size = new Map<number, number>()

  constructor(known: ReadonlyArray<Name>) {
    for (const [tenant, name] of known) this.names.add(`${tenant} ${name}`)
  }

  has(tenant: number, name: string): boolean {
    return this.names.has(`${tenant} ${name}`)
  }

  /** A tenant has so many in all. */
  setSize(tenant: number, size: number): void {
    this.size.set(tenant, size)
  }

  add({ id }: Tenant, name: string): void {
    if (this.has(id, name)) return
    this.names.add(`${id} ${name}`)
    this.setSize(id, (this.size.get(id) ?? 0) + 1)
  }

  of({ id }: Tenant): { readonly size: number; readonly has: (name: string) => boolean } {
    return { size: this.size.get(id) ?? 0, has: (name) => this.has(id, name) }
  }
}

export const holdingsOf = (db: Database, asked: ReadonlyArray<Asked>): Effect.Effect<Holdings, SqlError> =>
  Effect.gen(function* () {
    const drafts = asked.flatMap(({ request, tenant }) =>
      request.drafts.map((draft) => ({ ...draft, tenant }))
    )
    const groups = yield* endpointsIn(
      db,
      drafts.flatMap(({ destination, tenant }) =>
        typeof destination === "string" ? [] : [[tenant.id, destination.urlGroup]]
      )
    )
    const deduplication = yield* recognised(
      db,
      drafts.flatMap(({ deduplicationKey, tenant }) =>
        deduplicationKey === undefined ? [] : [[tenant.id, deduplicationKey]]
      ),
      asked.reduce((least, { request }) => Math.min(least, request.now), Infinity)
    )
    const added = new Map<string, readonly [tenant: number, key: string, until: number, Array<Recognised>]>()
    const hops = yield* hopsAfter(
      db,
      asked.flatMap(({ request }) => request.deliveryOf ?? [])
    )
    const queues = yield* queueNames(
      db,
      drafts.flatMap(({ settings, tenant }) =>
        settings.queueName === undefined ? [] : [[tenant.id, settings.queueName]]
      )
    )
    const keys = drafts.flatMap(({ settings, tenant }) =>
      settings.flowControl === undefined ? [] : [[tenant.id, settings.flowControl.key] as const]
    )
    const flows = new Names((yield* loadFlows(db, keys, false)).all.map(({ key, tenant }) => [tenant, key]))
    yield* countIfNew(db, "qstash_flows", keys, flows)

    const recognise: Holdings["recognise"] = ({ id }, key, now) => {
      const known = deduplication.get(`${id} ${key}`)
      return known !== undefined && known.until > now ? known.messages : undefined
    }
    return {
      of: (tenant, now) => ({
        messages: { size: tenant.messages },
        pendingBytes: tenant.bytes,
        queues: queues.of(tenant),
        flowControl: flows.of(tenant),
        groups: {
          get: (name) => {
            const endpoints = groups.get(tenant.id, name)
            return endpoints === undefined ? undefined : { endpoints }
          }
        },
        deduplication: { has: (key) => recognise(tenant, key, now) !== undefined }
      }),
      endpointsOf: (tenant, { urlGroup }) => groups.get(tenant.id, urlGroup),
      hopsOf: ({ deliveryOf }) => (deliveryOf === undefined ? 0 : (hops.get(deliveryOf) ?? 0)),
      recognise,
      add: ({ id }, key, messages, until) => {
        const name = `${id} ${key}`
        deduplication.set(name, { until, messages })
        added.set(name, [id, key, until, Array.from(messages)])
      },
      addNames: (tenant, { flowControl, queueName }) => {
        if (queueName !== undefined) queues.add(tenant, queueName)
        if (flowControl !== undefined) flows.add(tenant, flowControl.key)
      },
      remember: Effect.suspend(() => remember(db, Array.from(added.values())))
    }
  })

type Name = readonly [tenant: number, name: string]

/** Counts what tenants have of something. That reads all of their rows, so it is done only where a name is new. */
const countIfNew = ({ list, sql }: Database, table: string, names: ReadonlyArray<Name>, known: Names) =>
  Effect.gen(function* () {
    const tenants = new Set(names.flatMap(([tenant, name]) => (known.has(tenant, name) ? [] : [tenant])))
    if (tenants.size === 0) return
    const rows = yield* sql<Record<"tenant" | "count", Int>>`
      select tenant, count(*) as count from ${sql.literal(table)}
      where tenant in ${list("bigint", tenants)} group by tenant`
    for (const { count, tenant } of rows) known.setSize(intOf(tenant), intOf(count))
  })

const queueNames = (db: Database, names: ReadonlyArray<Name>) =>
  Effect.gen(function* () {
    if (names.length === 0) return new Names([])
    const rows = yield* db.sql<{ readonly tenant: Int; readonly name: string }>`
      select q.tenant, q.name from qstash_queues q
      join ${db.table({ tenant: "bigint", name: "text" }, names)} as v on v.tenant = q.tenant and v.name = q.name`
    const queues = new Names(rows.map(({ name, tenant }) => [intOf(tenant), name]))
    yield* countIfNew(db, "qstash_queues", names, queues)
    return queues
  })

/** The messages that earlier drafts with the same keys became. What has expired is forgotten. */
const recognised = ({ list, sql, table }: Database, names: ReadonlyArray<Name>, now: number) =>
  Effect.gen(function* () {
    const known = new Map<string, { readonly until: number; readonly messages: ReadonlyArray<Recognised> }>()
    if (names.length === 0) return known
    const tenants = new Set(names.map(([tenant]) => tenant))
    yield* sql`delete from qstash_deduplications where tenant in ${list("bigint", tenants)} and until <= ${now}`
    const rows = yield* sql<Record<"tenant" | "until", Int> & Record<"name" | "messages", string>>`
      select d.tenant, d.name, d.until, d.messages from qstash_deduplications d
      join ${table({ tenant: "bigint", name: "text" }, names)} as v on v.tenant = d.tenant and v.name = d.name`
    for (const { messages, name, tenant, until } of rows) {
      known.set(`${intOf(tenant)} ${name}`, { until: intOf(until), messages: messagesOf(messages) })
    }
    return known
  })

const messagesOf = (json: string): ReadonlyArray<Recognised> => {
  const pairs: ReadonlyArray<readonly [string, string]> = JSON.parse(json)
  return pairs.map(([id, url]) => ({ messageId: messageIdOf(id), url }))
}

const remember = (
  { sql, table }: Database,
  added: ReadonlyArray<readonly [tenant: number, key: string, until: number, ReadonlyArray<Recognised>]>
) =>
  added.length === 0
    ? Effect.void
    : Effect.asVoid(sql`insert into qstash_deduplications (tenant, name, until, messages)
        select tenant, name, until, messages from ${table(
          { tenant: "bigint", name: "text", until: "bigint", messages: "text" },
          added.map(([tenant, key, until, messages]) => [
            tenant,
            key,
            until,
            JSON.stringify(messages.map(({ messageId, url }) => [messageId, url]))
          ])
        )} as v where true
        on conflict (tenant, name) do update set until = excluded.until, messages = excluded.messages`)

/** The hops of messages that are published by deliveries under way. */
const hopsAfter = ({ list, sql }: Database, deliveries: ReadonlyArray<MessageId>) =>
  deliveries.length === 0
    ? Effect.succeed(new Map<string, number>())
    : Effect.map(
        sql<{ readonly id: string; readonly hops: Int }>`
          select m.id, b.hops from qstash_messages m join qstash_bodies b on b.seq = m.seq
          where m.token is not null and m.id in ${list("text", new Set(deliveries))}`,
        (rows) => new Map(rows.map(({ hops, id }) => [id, intOf(hops) + 1]))
      )
