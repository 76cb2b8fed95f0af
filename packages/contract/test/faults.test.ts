import { type Fault, faults, plant } from "@effect-qstash/contract/Faults"
import { describe, it } from "@effect/vitest"
import { strictEqual, throws } from "@effect/vitest/utils"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const sourceOf = ({ file }: Fault): string =>
  readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8")

describe("the planted faults", () => {
  it("have ids of their own", () => {
    strictEqual(new Set(faults.map(({ id }) => id)).size, faults.length)
  })

  for (const fault of faults) {
    it(`${fault.id} fits the source`, () => {
      const source = sourceOf(fault)
      strictEqual(plant(fault, source) === source, false)
    })
  }

  it("that do not fit the source any more are errors", () => {
    const fault: Fault = {
      id: "gone",
      file: "x.ts",
      fault: "",
      edits: [["a", "b"]],
      service: "QStashSchedules"
    }
    throws(() => plant(fault, "c"))
    throws(() => plant(fault, "aa"))
  })
})
