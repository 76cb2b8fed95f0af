import { deepStrictEqual } from "@effect/vitest/utils"
import { describe, it } from "vitest"
import { crashOnSqlite } from "./crash/sqlite.ts"

/** `npm run crash` is the long form. */
describe("a server that is killed under load", () => {
  it("loses nothing on SQLite, and fires each schedule exactly once", { timeout: 120_000 }, async () => {
    const { faults, lost } = await crashOnSqlite({ kills: 3, speed: 60, progress: () => {} })
    deepStrictEqual({ faults, lost }, { faults: [], lost: 0 })
  })
})
