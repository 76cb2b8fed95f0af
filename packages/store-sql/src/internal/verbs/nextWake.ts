import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, optionalInt } from "../Database.ts"
import { countSlots } from "../slots.ts"
import type { Verbs } from "../Verbs.ts"

/**
 * Of lanes without a free slot, only what nobody has looked at yet counts: whoever frees a slot looks again.
 */
export const nextWake = ({ db, lastLook }: Verbs): Store.Service<SqlError>["nextWake"] =>
  Effect.gen(function* () {
    const { sql } = db
    const look = lastLook()
    const slots = yield* countSlots(db, look)
    const isOpen = slots.open(db)
    const isExhausted = sql.literal(
      "f.rate is not null and f.started >= f.rate and f.window_start is not null"
    )
    const windowEnd = sql.literal("f.window_start + f.period")
    const [row] = yield* sql<
      Record<"schedule" | "ending" | "waiting" | "unseen" | "period", Int | null>
    >`select
      (select min(next_at) from qstash_schedules where next_at is not null) as schedule,
      (select min(wake_at) from qstash_messages
        where (token is not null or is_canceled = 1) and wake_at is not null) as ending,
      (select min(wake_at) from qstash_messages
        where token is null and is_canceled = 0 and wake_at is not null and wake_at > ${look.now}) as unseen,
      (select l.head_at from qstash_lanes l left join qstash_flows f on f.id = l.flow
        where l.head_at is not null and ${isOpen} and (f.id is null or (f.is_paused = 0 and not (${isExhausted})))
        order by l.head_at, l.head_seq limit 1) as waiting,
      (select min(case when l.head_at > ${windowEnd} then l.head_at else ${windowEnd} end)
        from qstash_flows f join qstash_lanes l on l.flow = f.id
        where f.rate is not null and f.started >= f.rate and f.window_start is not null and f.is_paused = 0
          and l.flow <> 0 and l.head_at is not null and ${isOpen}) as period`
    const [message] = [row?.ending, row?.waiting, row?.unseen, row?.period]
      .flatMap((at) => optionalInt(at ?? null) ?? [])
      .toSorted((one, other) => one - other)
    return { schedule: optionalInt(row?.schedule ?? null), message }
  })
