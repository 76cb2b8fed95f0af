import { ScheduleId } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { cli, json, jsonObject, jsonObjects, serve } from "./support.ts"

const yearly = {
  scheduleId: ScheduleId.make("yearly"),
  cron: "@yearly",
  destination: "https://user:hidden@example.com/jobs/yearly?key=hidden"
}
const hourly = {
  scheduleId: ScheduleId.make("hourly"),
  cron: "CRON_TZ=Asia/Tokyo 0 * * * *",
  destination: "https://example.com/jobs/hourly"
}

describe("schedules list", () => {
  it.scopedLive("shows each schedule, the next to fire first, and nothing secret of its destination", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      yield* schedules.create(yearly)
      yield* schedules.create(hourly)
      yield* schedules.pause(yearly.scheduleId)
      const { code, stderr, stdout } = yield* cli("schedules list", { env })
      strictEqual(stderr, "")
      strictEqual(code, 0)
      const [header = "", first = "", second = ""] = stdout.split("\n")
      deepStrictEqual(header.split(/ {2,}/), [
        "ID",
        "STATE",
        "CRON",
        "FIRES NEXT",
        "HERE (Europe/London)",
        "DESTINATION"
      ])
      deepStrictEqual(first.split(/ {2,}/).slice(0, 3), ["hourly", "active", "0 * * * *"])
      assertInclude(first, "Asia/Tokyo")
      deepStrictEqual(second.split(/ {2,}/).slice(0, 3), ["yearly", "paused", "@yearly"])
      assertInclude(second, "https://example.com/jobs/yearly?…")
      strictEqual(stdout.includes("hidden"), false)
    })
  )

  it.scopedLive("prints the records as QStash answers them with --json", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      yield* schedules.create(yearly)
      yield* schedules.create(hourly)
      const records = jsonObjects(json(yield* cli("schedules list --json", { env })))
      deepStrictEqual(
        records.map(({ cron, destination, scheduleId }) => ({ scheduleId, cron, destination })),
        [hourly, yearly]
      )
      strictEqual(typeof records[0]?.["nextScheduleTime"], "number")
    })
  )

  it.scopedLive("says how to begin where there are none, and as JSON is an empty list", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serve
      const { code, stdout } = yield* cli("schedules list", { env })
      strictEqual(code, 0)
      assertInclude(stdout, `There are no schedules at ${url}.`)
      assertInclude(stdout, "effect-qstash schedules create")
      deepStrictEqual(json(yield* cli("schedules list --json", { env })), [])
    })
  )
})

describe("schedules get", () => {
  it.scopedLive("shows one schedule, and of headers, body and queries only that they are there", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      yield* schedules.create({
        ...yearly,
        headers: { Authorization: "hidden", "Content-Type": "text/plain" },
        body: "hidden",
        retries: 5,
        labels: ["a", "b"],
        timeout: "30 seconds"
      })
      const { code, stdout } = yield* cli("schedules get yearly", { env })
      strictEqual(code, 0)
      const lines = stdout.split("\n").map((line) => line.trim().split(/ {2,}/))
      deepStrictEqual(lines[0], ["yearly", "active"])
      const fields = new Map(lines.map(([name = "", value = ""]) => [name, value]))
      strictEqual(fields.get("cron"), "@yearly")
      strictEqual(fields.get("destination"), "POST https://example.com/jobs/yearly?…")
      strictEqual(fields.get("headers"), "Authorization, Content-Type")
      strictEqual(fields.get("body"), "6 bytes")
      strictEqual(fields.get("retries"), "5")
      strictEqual(fields.get("labels"), "a, b")
      strictEqual(stdout.includes("hidden"), false)
    })
  )

  it.scopedLive("prints the whole record with --json", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      yield* schedules.create({ ...yearly, body: "a body" })
      const record = jsonObject(json(yield* cli("schedules get yearly --json", { env })))
      strictEqual(record["destination"], yearly.destination)
      strictEqual(record["body"], "a body")
    })
  )

  it.scopedLive("ends with 1 for an id that there is not, and says where to look", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serve
      const { code, stderr, stdout } = yield* cli("schedules get absent --json", { env })
      strictEqual(code, 1)
      strictEqual(stdout, "")
      assertInclude(stderr, `error: No schedule has the id "absent" at ${url}.`)
      assertInclude(stderr, "`effect-qstash schedules list`")
    })
  )
})
