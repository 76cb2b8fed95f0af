import { type QStashSchedules, ScheduleId } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { cli, json, jsonObjects, serve } from "./support.ts"

const ids = ["one", "three", "two"]

/** A server with three schedules. */
const serveThree = Effect.gen(function* () {
  const server = yield* serve
  for (const id of ids) {
    yield* server.schedules.create({
      scheduleId: ScheduleId.make(id),
      cron: "@daily",
      destination: "https://example.com/jobs"
    })
  }
  return server
})

const statesOf = (schedules: QStashSchedules.Service) =>
  Effect.map(schedules.list, (list) =>
    Object.fromEntries(list.map(({ isPaused, scheduleId }) => [scheduleId, isPaused ? "paused" : "active"]))
  )

describe("schedules pause, resume and delete", () => {
  it.scopedLive("do it to the schedules that are named", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serveThree
      const paused = yield* cli("schedules pause one two", { env })
      deepStrictEqual(paused, { code: 0, stdout: "one is paused.\ntwo is paused.\n", stderr: "" })
      deepStrictEqual(yield* statesOf(schedules), { one: "paused", two: "paused", three: "active" })
      const resumed = yield* cli("schedules resume one", { env })
      deepStrictEqual(resumed, { code: 0, stdout: "one is resumed.\n", stderr: "" })
      deepStrictEqual(yield* statesOf(schedules), { one: "active", two: "paused", three: "active" })
      const deleted = yield* cli("schedules delete two two --yes", { env })
      deepStrictEqual(deleted, { code: 0, stdout: "two is deleted.\n", stderr: "" })
      deepStrictEqual(yield* statesOf(schedules), { one: "active", three: "active" })
    })
  )

  it.scopedLive("do it to all that it concerns with --all", () =>
    Effect.gen(function* () {
      const { env, schedules, url } = yield* serveThree
      yield* schedules.pause(ScheduleId.make("one"))
      const paused = yield* cli("schedules pause --all --yes --json", { env })
      deepStrictEqual(json(paused), [
        { scheduleId: "three", outcome: "paused" },
        { scheduleId: "two", outcome: "paused" }
      ])
      const again = yield* cli("schedules pause --all -y", { env })
      deepStrictEqual(again, { code: 0, stdout: `There is no schedule to pause at ${url}.\n`, stderr: "" })
      deepStrictEqual(json(yield* cli("schedules pause --all -y --json", { env })), [])
      strictEqual((yield* cli("schedules resume --all --yes", { env })).code, 0)
      deepStrictEqual(yield* statesOf(schedules), { one: "active", two: "active", three: "active" })
      strictEqual((yield* cli("schedules delete --all --yes", { env })).code, 0)
      deepStrictEqual(yield* schedules.list, [])
    })
  )

  it.scopedLive("report each id that there is not, do the others, and end with 1", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serveThree
      const text = yield* cli("schedules pause one absent two", { env })
      strictEqual(text.code, 1)
      strictEqual(text.stdout, "one is paused.\ntwo is paused.\n")
      assertInclude(text.stderr, 'absent: No schedule has the id "absent"\n')
      assertInclude(text.stderr, "error: 1 of 3 schedules could not be paused.")
      deepStrictEqual(yield* statesOf(schedules), { one: "paused", two: "paused", three: "active" })
      const ended = yield* cli("schedules resume absent one --json", { env })
      strictEqual(ended.code, 1)
      deepStrictEqual(json(ended), [
        {
          scheduleId: "absent",
          outcome: "failed",
          error: "ScheduleNotFound",
          message: 'No schedule has the id "absent"'
        },
        { scheduleId: "one", outcome: "resumed" }
      ])
    })
  )

  it.scopedLive("stop where the next one would fail as well", () =>
    Effect.gen(function* () {
      const { env } = yield* serveThree
      const ended = yield* cli("schedules pause one two --json", {
        env: { ...env, QSTASH_TOKEN: "unknown" }
      })
      strictEqual(ended.code, 1)
      deepStrictEqual(
        jsonObjects(json(ended)).map(({ outcome }) => outcome),
        ["failed", "not tried"]
      )
      assertInclude(ended.stderr, "error: 2 of 2 schedules could not be paused.")
    })
  )

  it.effect("want ids or --all, and not both", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: "http://127.0.0.1:9" }
      for (const name of ["pause", "resume", "delete"]) {
        const neither = yield* cli(`schedules ${name} --yes`, { env })
        strictEqual(neither.code, 2)
        assertInclude(neither.stderr, `Name the schedules to ${name}, or give --all.`)
        const both = yield* cli(`schedules ${name} one --all --yes`, { env })
        strictEqual(both.code, 2)
        assertInclude(both.stderr, "Both --all and single schedules were given.")
      }
    })
  )
})

describe("a confirmation", () => {
  it.scopedLive("names what is about to be touched, and goes ahead on yes", () =>
    Effect.gen(function* () {
      const { env, schedules, url } = yield* serveThree
      const { code, stdout } = yield* cli("schedules delete one two", {
        env,
        columns: 80,
        types: "y\r"
      })
      strictEqual(code, 0)
      assertInclude(stdout, "  one\n  two\n")
      assertInclude(stdout, `Delete 2 schedules at ${url}?`)
      deepStrictEqual(yield* statesOf(schedules), { three: "active" })
    })
  )

  const declined: ReadonlyArray<readonly [how: string, keys: string]> = [
    ["no", "n\r"],
    ["a word that holds a y", "maybe\r"],
    ["a word that begins like yes", "yesterday\r"],
    ["a yes without the Enter key", "yes"],
    ["the Enter key", "\r"],
    ["Ctrl-C", ""]
  ]
  for (const [how, types] of declined) {
    it.scopedLive(`changes nothing on ${how}`, () =>
      Effect.gen(function* () {
        const { env, schedules } = yield* serveThree
        for (const line of ["delete one", "pause --all"]) {
          const { code, stderr } = yield* cli(`schedules ${line}`, { env, columns: 80, types })
          strictEqual(code, 1)
          strictEqual(stderr, "error: Nothing was changed.\n")
        }
        deepStrictEqual(yield* statesOf(schedules), { one: "active", two: "active", three: "active" })
      })
    )
  }

  it.scopedLive("that cannot be asked for is refused, and changes nothing", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serveThree
      for (const line of ["delete one", "delete --all", "pause --all", "resume --all"]) {
        const { code, stderr, stdout } = yield* cli(`schedules ${line}`, { env })
        strictEqual(code, 2)
        strictEqual(stdout, "")
        assertInclude(stderr, "there is no terminal to ask for it")
        assertInclude(stderr, "--yes")
        const withJson = yield* cli(`schedules ${line} --json`, { env, columns: 80, types: "y\r" })
        strictEqual(withJson.code, 2)
        strictEqual(withJson.stdout, "")
        assertInclude(withJson.stderr, "--yes")
      }
      deepStrictEqual(yield* statesOf(schedules), { one: "active", two: "active", three: "active" })
    })
  )

  it.scopedLive("is not asked for to pause what is named", () =>
    Effect.gen(function* () {
      const { env } = yield* serveThree
      strictEqual((yield* cli("schedules pause one", { env })).code, 0)
      strictEqual((yield* cli("schedules resume one", { env })).code, 0)
    })
  )
})
