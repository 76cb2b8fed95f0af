import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "./Database.ts"
import type { Work } from "./Work.ts"

/** Gives up the places that nobody keeps any more. */
export const closePlaces = ({ db, places, queues }: Work): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const changed = Array.from(places).filter(([, count]) => count !== 0)
    if (changed.length === 0) return
    const { sql } = db
    yield* sql`update qstash_places set open = open + v.count
      from ${db.table({ seq: "bigint", count: "bigint" }, changed)} as v where qstash_places.seq = v.seq`
    const left = yield* sql<{ readonly queue: Int }>`
      delete from qstash_places where open <= 0 and seq in ${db.list(
        "bigint",
        changed.map(([seq]) => seq)
      )}
      returning queue`
    for (const { queue } of left) queues.add(intOf(queue))
  })

/** Lets the first messages of each queue start, as many as its parallelism. */
export const admit = ({ db, lanes, queues }: Work): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    if (queues.size === 0) return
    const { sql } = db
    const rooms = new Map<number, number>()
    const found = yield* sql<{ readonly id: Int; readonly room: Int }>`
      select q.id, q.parallelism - (
        select count(*) from qstash_places p where p.queue = q.id and p.is_admitted = 1
      ) as room
      from qstash_queues q where q.is_paused = 0 and q.id in ${db.list("bigint", queues)}`
    for (const { id, room } of found) if (intOf(room) > 0) rooms.set(intOf(id), intOf(room))
    if (rooms.size === 0) return
    const next = yield* sql<{ readonly key: Int; readonly seq: Int }>`${db.firstOfEach({
      keys: db.list("bigint", rooms.keys()),
      table: "qstash_places",
      where: sql.literal("x.queue = k.value and x.is_admitted = 0"),
      order: "x.seq",
      limit: Array.from(rooms.values()).reduce((most, room) => Math.max(most, room), 0),
      columns: "x.seq"
    })}`
    const admitted: Array<number> = []
    for (const { key, seq } of next.toSorted((one, other) => intOf(one.seq) - intOf(other.seq))) {
      const room = rooms.get(intOf(key)) ?? 0
      if (room === 0) continue
      rooms.set(intOf(key), room - 1)
      admitted.push(intOf(seq))
    }
    if (admitted.length === 0) return
    const seqs = db.list("bigint", admitted)
    yield* sql`update qstash_places set is_admitted = 1 where seq in ${seqs}`
    const woken = yield* sql<{ readonly lane: Int }>`
      update qstash_messages set wake_at = due_at where token is null and seq in ${seqs} returning lane`
    for (const { lane } of woken) lanes.add(intOf(lane))
  })

/** Takes the turn of all but the first `parallelism` admitted messages of a queue. */
export const holdBack = (
  { db, lanes }: Work,
  queue: number,
  parallelism: number
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const { sql } = db
    const admitted = yield* sql<{ readonly seq: Int }>`
      select seq from qstash_places where queue = ${queue} and is_admitted = 1 order by seq`
    const others = admitted.slice(parallelism).map(({ seq }) => intOf(seq))
    if (others.length === 0) return
    const seqs = db.list("bigint", others)
    yield* sql`update qstash_places set is_admitted = 0 where seq in ${seqs}`
    const held = yield* sql<{ readonly lane: Int }>`
      update qstash_messages set wake_at = null where token is null and is_canceled = 0 and seq in ${seqs}
      returning lane`
    for (const { lane } of held) lanes.add(intOf(lane))
  })
