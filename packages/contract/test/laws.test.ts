import * as RealServiceHome from "@effect-qstash/contract/homes/RealServiceHome"
import { laws, titles } from "@effect-qstash/contract/SchedulesLaws"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual, throws } from "@effect/vitest/utils"

describe("the laws", () => {
  it("have titles of their own", () => {
    strictEqual(new Set(titles).size, titles.length)
  })

  it("know each law that a home differs from", () => {
    // The one home whose laws are not registered in every run.
    deepStrictEqual(
      Object.keys(RealServiceHome.differs).filter((title) => !titles.includes(title)),
      []
    )
    throws(() => laws({ ...RealServiceHome, name: "a home", differs: { "no such law": "no reason" } }))
  })
})
