import { CreateSchedule } from "@effect-qstash/domain"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { Store } from "@effect-qstash/engine/Store"
import { describe, it } from "@effect/vitest"
import { assertTrue, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { destination, id, megabyte, usedBytes } from "./harness.ts"
import { storeLaws } from "./storeLaws.ts"

storeLaws("memory", MemoryStore.layer)

describe("MemoryStore", () => {
  it.effect("does not grow with overwrites", () =>
    Effect.gen(function* () {
      const store = yield* Store
      const settings = yield* CreateSchedule.make({ cron: "0 * * * *", destination })
      const overwrite = (count: number) =>
        store.upsertSchedule({
          tenantId: "acme",
          scheduleId: id(`job-${count % 3}`),
          settings,
          callerIp: undefined,
          now: count,
          limit: 3
        })
      const times = (from: number, to: number) =>
        Effect.gen(function* () {
          for (let count = from; count < to; count++) yield* overwrite(count)
        })
      yield* times(0, 10_000)
      const before = yield* usedBytes
      yield* times(10_000, 60_000)
      assertTrue((yield* usedBytes) - before < megabyte)
      strictEqual((yield* store.listSchedules("acme")).length, 3)
    }).pipe(Effect.provide(MemoryStore.layer))
  )

  it.effect("does not grow with messages that come and go", () =>
    Effect.gen(function* () {
      const store = yield* Store
      const settings = yield* CreateSchedule.make({ cron: "* * * * *", destination })
      yield* store.upsertSchedule({
        tenantId: "acme",
        scheduleId: id("job"),
        settings,
        callerIp: undefined,
        now: 0,
        limit: 1
      })
      const minutes = (from: number, to: number) =>
        Effect.gen(function* () {
          for (let minute = from; minute < to; minute++) {
            const now = minute * 60_000
            yield* store.claimDueSchedules({ now, limit: 1, mintMessageId: () => `msg_${minute}` })
            const claim = store.claimDueMessages({ now, limit: 10, leaseFor: () => 30_000 })
            const leases = yield* claim
            // One lease in three is slept through, one is given back.
            if (minute % 3 === 0) continue
            const tokens = leases.map(({ token }) => token)
            if (minute % 3 === 1) yield* store.release(tokens)
            else yield* store.settle(tokens.map((token) => ({ token, _tag: "Delivered" })))
          }
        })
      yield* minutes(1, 5_000)
      const before = yield* usedBytes
      yield* minutes(5_000, 25_000)
      assertTrue((yield* usedBytes) - before < megabyte)
    }).pipe(Effect.provide(MemoryStore.layer))
  )
})
