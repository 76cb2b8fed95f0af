import * as TestingHome from "@effect-qstash/contract/homes/TestingHome"
import { laws, titles } from "@effect-qstash/contract/Laws"
import { describe, it } from "@effect/vitest"
import { strictEqual, throws } from "@effect/vitest/utils"

describe("the laws", () => {
  it("have titles of their own", () => {
    strictEqual(new Set(titles).size, titles.length)
  })

  it("know each law that a home differs from", () => {
    throws(() => laws({ ...TestingHome, name: "a home", differs: { "no such law": "no reason" } }))
  })
})
