import { SqlClient, type SqlError } from "@effect/sql"
import { Effect, Layer } from "effect"

/** What is kept twice in the tables, so that it is found without counting. Each select finds the rows where both differ. */
const contradictions: Readonly<Record<string, string>> = {
  "a tenant's totals are not what there is": `select * from (select t.id, t.messages, t.bytes, t.log_entries, t.log_bytes, t.letters, t.letter_bytes,
      (select count(*) from qstash_messages m where m.tenant = t.id) as messages_found,
      (select coalesce(sum(length(b.body)), 0) from qstash_messages m join qstash_bodies b on b.seq = m.seq
        where m.tenant = t.id) as bytes_found,
      (select count(*) from qstash_events e where e.tenant = t.id) as log_entries_found,
      (select coalesce(sum(e.bytes), 0) from qstash_events e where e.tenant = t.id) as log_bytes_found,
      (select count(*) from qstash_letters d where d.tenant = t.id) as letters_found,
      (select coalesce(sum(d.bytes), 0) from qstash_letters d where d.tenant = t.id) as letter_bytes_found
      from qstash_tenants t) as totals
    where messages <> messages_found or bytes <> bytes_found or log_entries <> log_entries_found
      or log_bytes <> log_bytes_found or letters <> letters_found or letter_bytes <> letter_bytes_found`,
  "the head of a lane is not its first message that waits": `select * from (select l.id, l.head_at, l.head_seq,
      (select m.wake_at from qstash_messages m where m.lane = l.id and m.token is null and m.is_canceled = 0
        and m.wake_at is not null order by m.wake_at, m.seq limit 1) as at_found,
      (select m.seq from qstash_messages m where m.lane = l.id and m.token is null and m.is_canceled = 0
        and m.wake_at is not null order by m.wake_at, m.seq limit 1) as seq_found from qstash_lanes l) as heads
    where coalesce(head_at, -1) <> coalesce(at_found, -1) or coalesce(head_seq, -1) <> coalesce(seq_found, -1)`,
  "a message is in a lane of somebody else": `select m.seq from qstash_messages m left join qstash_lanes l on l.id = m.lane
    where l.id is null or l.tenant <> m.tenant`,
  "a lane has a key that is gone": `select l.id from qstash_lanes l join qstash_messages m on m.lane = l.id
    where l.flow <> 0 and not exists (select 1 from qstash_flows f where f.id = l.flow)`,
  "a place is not kept by as many as it says": `select * from (select p.seq, p.queue, p.open,
      (select count(*) from qstash_messages m where m.seq = p.seq)
      + (select count(*) from qstash_messages m where m.source = p.seq) as found from qstash_places p) as places
    where open <> found`,
  "a message of a queue has no place": `select m.seq from qstash_messages m join qstash_queues q on q.id = m.queue
    where not exists (select 1 from qstash_places p where p.seq = m.seq and p.queue = m.queue)`,
  "a place is in a queue that is gone": `select p.seq from qstash_places p
    where not exists (select 1 from qstash_queues q where q.id = p.queue)`,
  "not the first messages of a queue have their turn": `select * from (select p.seq, p.queue, p.is_admitted, q.parallelism, q.is_paused,
      (select count(*) from qstash_places o where o.queue = p.queue and o.seq < p.seq) as before
      from qstash_places p join qstash_queues q on q.id = p.queue) as turns
    where is_admitted <> case when is_paused = 0 and before < parallelism then 1 else 0 end`,
  "a queue's lag is not its messages": `select * from (select q.id, q.lag,
      (select count(*) from qstash_messages m where m.queue = q.id) as found from qstash_queues q) as lags
    where lag <> found`,
  "nothing will ever look at a message": `select m.seq from qstash_messages m where m.wake_at is null and (
      m.token is not null or m.is_canceled = 1 or m.queue is null
      or not exists (select 1 from qstash_places p where p.seq = m.seq and p.is_admitted = 0))`,
  "a message may start before its turn": `select m.seq from qstash_messages m join qstash_places p on p.seq = m.seq
    where p.is_admitted = 0 and m.token is null and m.is_canceled = 0 and m.wake_at is not null`,
  "a body is missing": `select seq from qstash_messages where seq not in (select seq from qstash_bodies)
    union all select message from qstash_events where message not in (select seq from qstash_bodies)
    union all select message from qstash_letters where message not in (select seq from qstash_bodies)`,
  "nobody needs a body": `select b.seq from qstash_bodies b
    where not exists (select 1 from qstash_messages m where m.seq = b.seq)
      and not exists (select 1 from qstash_events e where e.message = b.seq)
      and not exists (select 1 from qstash_letters d where d.message = b.seq)`,
  "a firing is in progress without a message": `select f.message from qstash_firings f
    where f.state = 'IN_PROGRESS' and not exists (select 1 from qstash_messages m where m.id = f.message)`
}

/** Where the database contradicts itself, and on SQLite what its own check says. */
export const inconsistencies: Effect.Effect<
  ReadonlyArray<string>,
  SqlError.SqlError,
  SqlClient.SqlClient
> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const checked = yield* sql.onDialectOrElse({
    sqlite: () => sql<{ readonly integrity_check: string }>`PRAGMA integrity_check`,
    orElse: () => Effect.succeed([{ integrity_check: "ok" }])
  })
  const found = checked.flatMap(({ integrity_check: said }) => (said === "ok" ? [] : [said]))
  for (const [title, select] of Object.entries(contradictions)) {
    const rows = yield* sql.unsafe(select)
    if (rows.length > 0) {
      found.push(`${title}: ${rows.length}, the first ones ${JSON.stringify(rows.slice(0, 3))}`)
    }
  }
  return found
})

/** Fails a test that leaves a database behind which contradicts itself. */
export const consistent: Layer.Layer<never, never, SqlClient.SqlClient> = Layer.scopedDiscard(
  Effect.flatMap(Effect.context<SqlClient.SqlClient>(), (context) =>
    Effect.addFinalizer(() =>
      Effect.provide(inconsistencies, context).pipe(
        Effect.orDie,
        Effect.flatMap((found) => (found.length === 0 ? Effect.void : Effect.dieMessage(found.join("\n"))))
      )
    )
  )
)
