import { firing, nextTime } from "@effect-qstash/engine/ScheduleRules"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "../Database.ts"
import { endpointsIn } from "../groups.ts"
import { scheduleColumns, scheduleOf, type ScheduleRow, scheduleTables } from "../schedules.ts"
import type { Verbs } from "../Verbs.ts"
import type { Work } from "../Work.ts"

type Request = Parameters<Store.Service["claimDueSchedules"]>[0]

/** The schedules are read once their tenants are locked: nobody else fires them, and none was changed since. */
export const claimDueSchedules =
  ({ db, isolate }: Verbs): Store.Service<SqlError>["claimDueSchedules"] =>
  (request) =>
    Effect.gen(function* () {
      const { sql } = db
      const due = yield* sql<{ readonly tenant: Int }>`
        select tenant from qstash_schedules where next_at <= ${request.now} order by next_at, id limit ${request.limit}`
      if (due.length === 0) return { events: [] }
      return yield* isolate(request.now, (work) =>
        Effect.gen(function* () {
          yield* work.lock(due.map(({ tenant }) => intOf(tenant)))
          yield* fire(work, request)
          return { events: work.events }
        })
      )
    })

const fire = (work: Work, { limit, limits, now }: Request) =>
  Effect.gen(function* () {
    const { db } = work
    const { sql } = db
    const rows = yield* sql<ScheduleRow>`
      select ${sql.literal(scheduleColumns)} from ${sql.literal(scheduleTables)}
      where s.next_at <= ${now} and s.tenant in ${db.list("bigint", work.tenants.keys())}
      order by s.next_at, s.id limit ${limit}`
    const due = rows.map((row) => ({ row, schedule: scheduleOf(row, {}) }))
    const groups = yield* endpointsIn(
      db,
      due.flatMap(({ row, schedule: { settings } }) =>
        typeof settings.destination === "string" ? [] : [[intOf(row.tenant), settings.destination.urlGroup]]
      )
    )
    const moved: Array<ReadonlyArray<number | null>> = []
    const fired: Array<ReadonlyArray<number | string | null>> = []
    const states: Array<ReadonlyArray<number | string>> = []
    for (const { row, schedule } of due) {
      const { callerIp, isPaused, scheduleId, settings } = schedule
      const id = intOf(row.id)
      moved.push([id, nextTime(settings.cron, now) ?? null])
      if (isPaused) continue
      const tenant = work.tenant(intOf(row.tenant))
      const { destination } = settings
      const endpoints =
        typeof destination === "string" ? undefined : groups.get(tenant.id, destination.urlGroup)
      const pending = { messages: { size: tenant.messages }, pendingBytes: tenant.bytes }
      const { error, notBefore, targets } = firing(settings, endpoints, pending, limits, now)
      fired.push([id, error ?? null])
      for (const target of targets) {
        const { messageId } = work.make(tenant, { settings, ...target, scheduleId, callerIp, notBefore })
        states.push([messageId, id])
      }
    }
    yield* move(db, moved)
    yield* noteFirings(db, fired, states, now)
  })

const move = ({ sql, table }: Database, moved: ReadonlyArray<ReadonlyArray<number | null>>) =>
  sql`update qstash_schedules set next_at = v.next_at
    from ${table({ id: "bigint", next_at: "bigint" }, moved)} as v where qstash_schedules.id = v.id`

const noteFirings = (
  { list, sql, table }: Database,
  fired: ReadonlyArray<ReadonlyArray<number | string | null>>,
  states: ReadonlyArray<ReadonlyArray<number | string>>,
  now: number
) =>
  Effect.gen(function* () {
    if (fired.length === 0) return
    yield* sql`update qstash_schedules set last_at = ${now}, error = v.error
      from ${table({ id: "bigint", error: "text" }, fired)} as v where qstash_schedules.id = v.id`
    yield* sql`delete from qstash_firings where schedule in ${list(
      "bigint",
      fired.map(([id]) => Number(id))
    )}`
    if (states.length === 0) return
    yield* sql`insert into qstash_firings (message, schedule, state)
      select message, schedule, 'IN_PROGRESS' from ${table({ message: "text", schedule: "bigint" }, states)} as v`
  })
