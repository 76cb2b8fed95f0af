/** Measures a Store, in a process of its own: `storeSide memory|sqlite MESSAGES`. */
import { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import * as Limits from "@effect-qstash/engine/Limits"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { Store } from "@effect-qstash/engine/Store"
import * as SqliteClient from "@effect-qstash/store-sql/SqliteClient"
import * as SqlStore from "@effect-qstash/store-sql/SqlStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bodyBytes, byCallers, perSecond, type Rates } from "./rates.ts"

const [kind, messages = ""] = process.argv.slice(2)
const count = Number(messages)

const directory = mkdtempSync(join(tmpdir(), "effect-qstash-bench-"))
process.once("exit", () => rmSync(directory, { recursive: true }))
const sqlite = Layer.provide(SqlStore.layer, SqliteClient.layer({ filename: join(directory, "bench.db") }))
const runtime = ManagedRuntime.make(kind === "sqlite" ? sqlite : MemoryStore.layer)
const store = await runtime.runPromise(Store)

const limits = Limits.resolve({ maxMessages: 10_000_000, maxPendingBytes: Number.MAX_SAFE_INTEGER })
const destination = "https://api.example.com/jobs"
const body = "x".repeat(bodyBytes)
const now = Date.UTC(2026, 0, 1)
let published = 0

const publish = (): Promise<unknown> =>
  runtime.runPromise(
    Effect.gen(function* () {
      const settings = yield* PublishMessage.make({
        destination,
        body,
        headers: { "Content-Type": "application/json" }
      })
      yield* store.accept({
        tenantId: `tenant-${published++ % 5}`,
        callerIp: "203.0.113.7",
        drafts: [{ settings, destination, notBefore: now, deduplicationKey: undefined }],
        now,
        window: 600_000,
        deliveryOf: undefined,
        limits
      })
    })
  )

const deliverSome = (): Promise<number> =>
  runtime.runPromise(
    Effect.gen(function* () {
      const { leases } = yield* store.claimDueMessages({
        now,
        limit: 100,
        perTenant: 1000,
        perDestination: 1000,
        leaseFor: 120_000
      })
      if (leases.length === 0) return 0
      const settlements = leases.map(
        ({ token }) => ({ token, response: undefined, _tag: "Delivered" }) as const
      )
      yield* store.settle({ settlements, now, maxPendingBytes: Number.MAX_SAFE_INTEGER })
      return leases.length
    })
  )

const deliver = async (wanted: number): Promise<void> => {
  for (let done = 0; done < wanted;) {
    const some = await deliverSome()
    done += some
    // Nothing is due, so the callers are given their turn.
    if (some === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

await byCallers(Math.ceil(count / 10), publish)
await deliver(Math.ceil(count / 10))
const rates: Rates = {
  accepted: await perSecond(count, () => byCallers(count, publish)),
  drained: await perSecond(count, () => deliver(count)),
  endToEnd: await perSecond(count, () => Promise.all([byCallers(count, publish), deliver(count)]))
}
process.send?.(rates)
await runtime.dispose()
process.exit()
