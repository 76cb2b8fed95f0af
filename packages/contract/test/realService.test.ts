import * as RealServiceHome from "@effect-qstash/contract/homes/RealServiceHome"
import { laws } from "@effect-qstash/contract/Laws"
import { describe, it } from "vitest"

const name = "the real service"
const isWanted = process.env["QSTASH_CONTRACT"] === "live" && (process.env["QSTASH_TOKEN"] ?? "") !== ""

if (isWanted) {
  laws({ name, ...RealServiceHome })
} else {
  describe.skip(`QStash (${name})`, () => {
    it("is asked only with QSTASH_CONTRACT=live and a QSTASH_TOKEN in the environment", () => {})
  })
}
