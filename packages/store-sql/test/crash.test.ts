import { whyNoPostgres } from "@effect-qstash/contract/Postgres"
import { deepStrictEqual } from "@effect/vitest/utils"
import { describe, it } from "vitest"
import { crashOnPostgres } from "./crash/postgres.ts"
import { crashOnSqlite } from "./crash/sqlite.ts"

const options = { kills: 3, speed: 60, pace: 4, progress: () => {} }

/** `npm run crash` is the long form. */
describe("a server that is killed under load", () => {
  it("loses nothing on SQLite, and fires each schedule exactly once", { timeout: 180_000 }, async () => {
    const { faults, lost } = await crashOnSqlite(options)
    deepStrictEqual({ faults, lost }, { faults: [], lost: 0 })
  })

  it.skipIf(whyNoPostgres !== undefined)(
    "loses nothing on Postgres either, beside others, whatever happens to the database",
    { timeout: 300_000 },
    async () => {
      const { faults, lost } = await crashOnPostgres({ ...options, kills: 2, snapshotSeconds: 1 })
      deepStrictEqual({ faults, lost }, { faults: [], lost: 0 })
    }
  )
})
