import { ScheduleId, UrlGroupName } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { answering, cli, json, serve, temporaryDirectory } from "./support.ts"

const create = "schedules create https://example.com/jobs"
const nightly = ScheduleId.make("nightly")

describe("schedules create", () => {
  it.scopedLive("sends every option", () =>
    Effect.gen(function* () {
      const { env, schedules, url } = yield* serve
      const { code, stderr, stdout } = yield* cli(
        `${create} --cron 'CRON_TZ=Europe/Berlin 0 4 * * *' --id nightly --method PUT
          --header 'Content-Type: application/json' --header 'X-Two: a' '--header=X-Two: b:c'
          --body '{"a":1}' --retries 5 --retry-delay '1000 * (1 + retried)'
          --timeout 30s --delay 1h30m --label one --label=two`,
        { env }
      )
      strictEqual(stderr, "")
      strictEqual(code, 0)
      assertInclude(stdout, `Created nightly at ${url}.\nIt fires next on `)
      assertInclude(stdout, " 04:00 Europe/Berlin,\nthat is ")
      assertInclude(stdout, "here (Europe/London).")
      const stored = yield* schedules.get(nightly)
      deepStrictEqual(
        { ...stored, delay: stored.delay && Duration.toSeconds(stored.delay) },
        {
          ...stored,
          cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
          destination: "https://example.com/jobs",
          method: "PUT",
          headers: { "Content-Type": ["application/json"], "X-Two": ["a, b:c"] },
          body: '{"a":1}',
          retries: 5,
          retryDelay: "1000 * (1 + retried)",
          timeout: 30,
          delay: 5400,
          labels: ["one", "two"]
        }
      )
    })
  )

  it.scopedLive("prints the id alone with --json, a fresh one where none was given", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      const answer = json(yield* cli(`${create} --cron @daily --json`, { env }))
      const [stored] = yield* schedules.list
      deepStrictEqual(answer, { scheduleId: stored?.scheduleId })
    })
  )

  it.scopedLive("takes the body from a file or from standard input", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      const path = join(yield* temporaryDirectory, "body")
      writeFileSync(path, "from a file")
      const line = `${create} --cron @daily --id nightly --body-file`
      yield* cli(`${line} ${path}`, { env })
      strictEqual((yield* schedules.get(nightly)).body, "from a file")
      yield* cli(`${line} -`, { env, input: "from standard input" })
      strictEqual((yield* schedules.get(nightly)).body, "from standard input")
    })
  )

  it.scopedLive("keeps out of answers what --redact names", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      yield* cli(
        `${create} --cron @daily --id nightly --body b --header 'A: 1' --header 'B: 2'
          --redact body --redact header:a`,
        { env }
      )
      const { body, headers } = yield* schedules.get(nightly)
      assertInclude(String(body), "REDACTED:")
      assertInclude(String(headers["A"]), "REDACTED:")
      deepStrictEqual(headers["B"], ["2"])
    })
  )

  it.scopedLive("takes a queue, a limit and callbacks", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      const { code, stderr } = yield* cli(
        `${create} --cron @daily --id nightly --queue q
          --flow-control-key k --flow-control-parallelism 2 --flow-control-rate 3 --flow-control-period 1m
          --callback https://example.com/c --failure-callback https://example.com/f`,
        { env }
      )
      strictEqual(stderr, "")
      strictEqual(code, 0)
      const stored = yield* schedules.get(nightly)
      deepStrictEqual(
        { ...stored, period: stored.period && Duration.toSeconds(stored.period) },
        {
          ...stored,
          queueName: "q",
          flowControlKey: "k",
          parallelism: 2,
          rate: 3,
          period: 60,
          callback: "https://example.com/c",
          failureCallback: "https://example.com/f"
        }
      )
    })
  )

  it.scopedLive("aims at a URL group as well", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      const { code, stderr } = yield* cli("schedules create --url-group alerts --cron @daily --id nightly", {
        env
      })
      strictEqual(stderr, "")
      strictEqual(code, 0)
      deepStrictEqual((yield* schedules.get(nightly)).destination, {
        urlGroup: UrlGroupName.make("alerts")
      })
    })
  )

  it.scopedLive("says that it may have been created where no answer came, unless its id was given", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: yield* answering(503, '{"error":"busy"}') }
      const unsure = yield* cli(`${create} --cron @daily`, { env })
      strictEqual(unsure.code, 1)
      assertInclude(unsure.stderr, "responded with 503: busy")
      assertInclude(
        unsure.stderr,
        "\nWhether it was created is not known: look with `effect-qstash schedules list`. With --id it is safe"
      )
      strictEqual(unsure.stderr.includes("Run the command again"), false)
      const named = yield* cli(`${create} --cron @daily --id nightly`, { env })
      strictEqual(named.code, 1)
      assertInclude(named.stderr, "Run the command again later.")
      strictEqual(named.stderr.includes("not known"), false)
    })
  )

  it.scopedLive("warns of an expression that never fires", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serve
      const warning = "! 0 0 31 2 * never fires: no date of the next five years matches.\n"
      const told = yield* cli(`${create} --cron '0 0 31 2 *' --id nightly`, { env })
      deepStrictEqual(told, { code: 0, stdout: `Created nightly at ${url}.\n`, stderr: warning })
      const asJson = yield* cli(`${create} --cron '0 0 31 2 *' --id nightly --json`, { env })
      deepStrictEqual(json(asJson), { scheduleId: "nightly" })
      strictEqual(asJson.stderr, warning)
      strictEqual((yield* cli(`${create} --cron @yearly --json`, { env })).stderr, "")
    })
  )

  const refusedBeforeSending: ReadonlyArray<readonly [options: string, text: string]> = [
    ["--cron '0 4 * *'", "--cron: Invalid cron expression expected exactly 5 fields"],
    ["--cron @daily --id 'a b'", "--id: Expected a schedule id"],
    ["--cron @daily --method HEAD", "GET, POST, PUT, PATCH, DELETE"],
    ["--cron @daily --header hidden", '--header: expected "Name: value"'],
    ["--cron @daily --header 'a b: hidden'", "--header: "],
    ["--cron @daily --header 'a: hidden\u0007'", "--header: "],
    ["--cron @daily --body a --body-file b", "Both --body and --body-file"],
    ["--cron @daily --body-file /absent", "--body-file: /absent could not be read (NotFound)"],
    ["--cron @daily --retries -1", "--retries: expected a whole number of at least 0"],
    ["--cron @daily --retry-delay '1 +'", "--retry-delay: "],
    ["--cron @daily --timeout 1.5s", '--timeout: "1.5s" is not a duration'],
    ["--cron @daily --timeout 0s", "--timeout: "],
    ["--cron @daily --callback example.com", "--callback: "],
    ["--cron @daily --queue 'a b'", "--queue: "],
    ["--cron @daily --flow-control-rate 3", "without --flow-control-key"],
    ["--cron @daily --flow-control-key k", "--flow-control-key needs"],
    ["--cron @daily --label a,b", "--label: "],
    ["--cron @daily --redact query", "--redact: expected body, headers, or header:Name"]
  ]
  it.scopedLive("ends with 2 and names the option where one is wrong, and sends nothing", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      for (const [options, text] of refusedBeforeSending) {
        const { code, stderr, stdout } = yield* cli(`${create} ${options}`, { env })
        assertInclude(stderr, text)
        strictEqual(code, 2, text)
        strictEqual(stdout, "")
        strictEqual(stderr.includes("hidden"), false, text)
      }
      const { code, stderr } = yield* cli("schedules create example.com --cron @daily", { env })
      assertInclude(stderr, "<destination>: expected a URL")
      assertInclude(stderr, "--url-group")
      strictEqual(code, 2)
      const wrongTargets = [
        ["schedules create --cron @daily", "No destination was given"],
        [`${create} --cron @daily --url-group alerts`, "Both a destination and --url-group"],
        ["schedules create --cron @daily --url-group 'a b'", "--url-group: Expected a URL group name"]
      ] as const
      for (const [line, text] of wrongTargets) {
        const ended = yield* cli(line, { env })
        assertInclude(ended.stderr, text)
        strictEqual(ended.code, 2, line)
      }
      deepStrictEqual(yield* schedules.list, [])
    })
  )
})
