import * as QuotaText from "@effect-qstash/domain/wire/QuotaText"
import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"

describe("QuotaText", () => {
  it("has QStash's names of URL-group quotas on the wire and ours in errors", () => {
    for (const [own, wire] of [
      ["maxUrlGroups", "maxTopics"],
      ["maxEndpointsPerUrlGroup", "maxEndpointsPerTopic"],
      ["maxSchedules", "maxSchedules"],
      ["maxMessages", "maxMessages"]
    ] as const) {
      strictEqual(QuotaText.toWire(QuotaText.make(own, 5)), `quota ${wire} exceeded, current limit: 5`)
      strictEqual(QuotaText.fromWire(`quota ${wire} exceeded`), `quota ${own} exceeded`)
    }
  })

  it("leaves every other text as it is", () => {
    for (const text of [
      "",
      "quota ",
      "topic maxTopics not found",
      "quota constructor exceeded",
      "no quota maxTopics"
    ]) {
      strictEqual(QuotaText.toWire(text), text)
      strictEqual(QuotaText.fromWire(text), text)
    }
  })
})
