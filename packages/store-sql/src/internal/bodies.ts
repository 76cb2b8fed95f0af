import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Database } from "./Database.ts"

/** Deletes the bodies of messages that nothing is about any more: no queue, no log, no dead letter. */
export const forgetBodies = (
  { list, sql }: Database,
  seqs: ReadonlyArray<number>
): Effect.Effect<void, SqlError> =>
  seqs.length === 0
    ? Effect.void
    : Effect.asVoid(sql`delete from qstash_bodies where seq in ${list("bigint", new Set(seqs))}
        and not exists (select 1 from qstash_messages m where m.seq = qstash_bodies.seq)
        and not exists (select 1 from qstash_events e where e.message = qstash_bodies.seq)
        and not exists (select 1 from qstash_letters l where l.message = qstash_bodies.seq)`)
