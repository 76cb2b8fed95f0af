import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { targetsOf } from "@effect-qstash/engine/Endpoints"
import { exceededLimit } from "@effect-qstash/engine/ExceededLimit"
import type { AcceptedMessage, MessageDraft } from "@effect-qstash/engine/Rows"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "../Database.ts"
import { forgetIdleFlows, loadFlows } from "../flows.ts"
import { endpointsIn } from "../groups.ts"
import { messageIdOf } from "../rows.ts"
import type { Verbs } from "../Verbs.ts"
import type { Tenant } from "../Work.ts"

type Known = Pick<AcceptedMessage, "messageId" | "url">

export const accept =
  ({ db, isolateTenant }: Verbs): Store.Service<SqlError>["accept"] =>
  ({ callerIp, deliveryOf, drafts, limits, now, tenantId, window }) =>
    isolateTenant(tenantId, now, (work, tenant) =>
      Effect.gen(function* () {
        const groups = yield* endpointsIn(
          db,
          drafts.flatMap(({ destination }) =>
            typeof destination === "string" ? [] : [[tenant.id, destination.urlGroup]]
          )
        )
        for (const { destination } of drafts) {
          if (typeof destination === "string" || groups.get(tenant.id, destination.urlGroup) !== undefined)
            continue
          return { _tag: "UrlGroupNotFound", urlGroup: destination.urlGroup } as const
        }
        const deduplication = yield* recognised(db, tenant, drafts, now)
        const hops = deliveryOf === undefined ? 0 : yield* hopsAfter(db, deliveryOf)
        const holdings = {
          messages: { size: tenant.messages },
          pendingBytes: tenant.bytes,
          groups: { get: (name: UrlGroupName) => asGroup(groups.get(tenant.id, name)) },
          deduplication
        }
        const exceeded = Effect.map(namesOf(db, tenant, drafts), (names) =>
          exceededLimit({ ...holdings, ...names }, drafts, hops, limits)
        )
        let limit = yield* exceeded
        if (limit === "maxFlowControlKeys") {
          yield* forgetIdleFlows(db, tenant.id, now)
          limit = yield* exceeded
        }
        if (limit !== undefined) return { _tag: "OverLimit", limit } as const
        const added = new Map<string, ReadonlyArray<Known>>()
        const messages = drafts.map((draft): ReadonlyArray<AcceptedMessage> => {
          const { deduplicationKey: key, destination, notBefore, settings } = draft
          const known = key === undefined ? undefined : (deduplication.get(key) ?? added.get(key))
          if (known !== undefined) return known.map((one) => ({ ...one, isDeduplicated: true }))
          const endpoints =
            typeof destination === "string" ? undefined : groups.get(tenant.id, destination.urlGroup)
          const made = (targetsOf(destination, endpoints) ?? []).map((target) => {
            const { messageId, url } = work.make(tenant, { settings, ...target, callerIp, notBefore, hops })
            return { messageId, url, isDeduplicated: false }
          })
          if (key !== undefined)
            added.set(
              key,
              made.map(({ messageId, url }) => ({ messageId, url }))
            )
          return made
        })
        yield* remember(db, tenant, added, now + window)
        return { _tag: "Accepted", messages, events: work.events } as const
      })
    )

const asGroup = <A>(endpoints: ReadonlyArray<A> | undefined) =>
  endpoints === undefined ? undefined : { endpoints }

/** The messages that earlier drafts with the same keys became. What has expired is forgotten. */
const recognised = (db: Database, tenant: Tenant, drafts: ReadonlyArray<MessageDraft>, now: number) =>
  Effect.gen(function* () {
    const { list, sql } = db
    const keys = drafts.flatMap(({ deduplicationKey: key }) => (key === undefined ? [] : [key]))
    if (keys.length === 0) return new Map<string, ReadonlyArray<Known>>()
    yield* sql`delete from qstash_deduplications where tenant = ${tenant.id} and until <= ${now}`
    const rows = yield* sql<{ readonly name: string; readonly messages: string }>`
      select name, messages from qstash_deduplications
      where tenant = ${tenant.id} and name in ${list("text", new Set(keys))}`
    return new Map(rows.map(({ messages, name }) => [name, knownOf(messages)]))
  })

const knownOf = (messages: string): ReadonlyArray<Known> => {
  const pairs: ReadonlyArray<readonly [string, string]> = JSON.parse(messages)
  return pairs.map(([id, url]) => ({ messageId: messageIdOf(id), url }))
}

const remember = (
  { sql, table }: Database,
  tenant: Tenant,
  added: ReadonlyMap<string, ReadonlyArray<Known>>,
  until: number
) =>
  added.size === 0
    ? Effect.void
    : sql`insert into qstash_deduplications (tenant, name, until, messages)
        select cast(${tenant.id} as bigint), name, cast(${until} as bigint), messages from ${table(
          { name: "text", messages: "text" },
          Array.from(added, ([name, messages]) => [
            name,
            JSON.stringify(messages.map(({ messageId, url }) => [messageId, url]))
          ])
        )} as v`

/** The hops of a message that is published by a delivery under way. */
const hopsAfter = ({ sql }: Database, deliveryOf: MessageId) =>
  Effect.map(
    sql<{ readonly hops: Int }>`select b.hops from qstash_messages m join qstash_bodies b on b.seq = m.seq
      where m.id = ${deliveryOf} and m.token is not null`,
    ([row]) => (row === undefined ? 0 : intOf(row.hops) + 1)
  )

/** The queues and keys that the drafts name, and how many the tenant has. */
const namesOf = (db: Database, tenant: Tenant, drafts: ReadonlyArray<MessageDraft>) =>
  Effect.gen(function* () {
    const { list, sql } = db
    const queueNames = drafts.flatMap(({ settings: { queueName } }) => queueName ?? [])
    const keys = drafts.flatMap(({ settings: { flowControl } }) => flowControl?.key ?? [])
    const count = (table: string) =>
      Effect.map(
        sql<{
          readonly count: Int
        }>`select count(*) as count from ${sql.literal(table)} where tenant = ${tenant.id}`,
        ([row]) => intOf(row?.count ?? 0)
      )
    const queues =
      queueNames.length === 0
        ? []
        : yield* sql<{ readonly name: string }>`select name from qstash_queues
            where tenant = ${tenant.id} and name in ${list("text", new Set(queueNames))}`
    const flows = yield* loadFlows(
      db,
      keys.map((key) => [tenant.id, key]),
      false
    )
    const known = new Set(queues.map(({ name }) => name))
    return {
      queues: {
        size: queueNames.length === 0 ? 0 : yield* count("qstash_queues"),
        has: (name: string) => known.has(name)
      },
      flowControl: {
        size: keys.length === 0 ? 0 : yield* count("qstash_flows"),
        has: (key: string) => flows.get(tenant.id, key) !== undefined
      }
    }
  })
