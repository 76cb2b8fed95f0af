import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import type { Store } from "@effect-qstash/engine/Store"
import * as Effect from "effect/Effect"
import { byTurns, heapBytes, micros, ratioOf, type Row } from "./measure.ts"

const start = Date.UTC(2026, 0, 1)
const minute = 60_000

/** One schedule fires each minute, the others in some minute of the new year. */
const filled = (count: number): Effect.Effect<Store.Service> =>
  Effect.gen(function* () {
    const store = yield* MemoryStore.make
    for (let index = 0; index < count; index++) {
      yield* store.upsertSchedule({
        tenantId: "acme",
        scheduleId: ScheduleId.make(`job-${index}`),
        settings: yield* CreateSchedule.make({
          cron: index === 0 ? "* * * * *" : `${index % 60} ${index % 24} 1 1 *`,
          destination: `https://api.example.com/jobs/${index}`,
          headers: { "Content-Type": "application/json" },
          body: `{"job":${index}}`
        }),
        callerIp: undefined,
        now: start + 86_400_000,
        limit: count
      })
    }
    return store
  }).pipe(Effect.orDie)

/** What looking for what is due costs among many schedules, and what each of them takes. */
export const store = async (scale: number): Promise<ReadonlyArray<Row>> => {
  const looks = Math.round(20_000 * scale)
  const look = (among: Store.Service) => {
    let now = start + 86_400_000
    return () =>
      Effect.runPromise(
        Effect.gen(function* () {
          const begin = performance.now()
          for (let index = 0; index < looks; index++) {
            now += minute
            yield* among.claimDueSchedules({
              now,
              limit: 1000,
              limits: { maxMessages: 1_000_000, maxPendingBytes: Infinity }
            })
            const { leases } = yield* among.claimDueMessages({
              now,
              limit: 1000,
              perTenant: 1000,
              perDestination: 1000,
              leaseFor: minute
            })
            const settlements = leases.map(
              ({ token }) => ({ token, response: undefined, _tag: "Delivered" }) as const
            )
            yield* among.settle({ settlements, now, maxPendingBytes: Infinity })
          }
          return ((performance.now() - begin) * 1000) / looks
        })
      )
  }
  // A look that only shows that it runs does not need so many.
  const most = scale < 1 ? 5000 : 100_000
  const many = await Effect.runPromise(filled(most))
  const few = await Effect.runPromise(filled(1000))
  const measured = await byTurns(5, { many: look(many), few: look(few) })
  const count = most / 5
  const bytes = await heapBytes(() => Effect.runPromise(filled(count)))
  return [
    {
      what: `finding and settling what is due among ${most.toLocaleString("en")} schedules`,
      ours: micros(measured.many),
      theirs: `among 1,000 ${micros(measured.few)}`,
      ratio: ratioOf(measured.many, measured.few),
      meaning: "times as much",
      wanted: { most: 2 },
      headline: "find what is due among 100,000 schedules instead of 1,000"
    },
    {
      what: "heap for one stored schedule, with its settings, headers and body",
      ours: `${Math.round(bytes / count)} bytes`,
      theirs: "a body of 12 bytes",
      ratio: bytes / count / 12,
      meaning: "times as much"
    }
  ]
}
