import { MessageId, QueueName, UrlGroupName } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { answering, cli, json, jsonObject, jsonObjects, serveVirtual, temporaryDirectory } from "./support.ts"

const publish = "messages publish https://example.com/jobs"
const alerts = UrlGroupName.make("alerts")

describe("messages publish", () => {
  it.scopedLive("sends every option", () =>
    Effect.gen(function* () {
      const { env, messages, url } = yield* serveVirtual
      const tomorrow = DateTime.endOf(yield* DateTime.now, "day").pipe(
        DateTime.add({ millis: 1 }),
        DateTime.formatIso
      )
      const { code, stderr, stdout } = yield* cli(
        `messages publish https://user:hidden@example.com/jobs?key=hidden --method PUT
          --header 'Content-Type: application/json' --header 'X-Two: hidden'
          --body '{"a":1}' --retries 5 --retry-delay '1000 * (1 + retried)' --timeout 30s
          --callback https://example.com/c --failure-callback https://example.com/f
          --flow-control-key k --flow-control-rate 3 --flow-control-period 1m
          --label one --label=two --not-before ${tomorrow} --deduplication-id once`,
        { env }
      )
      strictEqual(stderr, "")
      strictEqual(code, 0)
      assertMatch(stdout, /^Published msg_\S+ to https:\/\/example\.com\/jobs\?… at \S+\.\n$/)
      assertInclude(stdout, url)
      const id = MessageId.make(/msg_\S+/.exec(stdout)?.[0] ?? "")
      const stored = yield* messages.get(id)
      deepStrictEqual(
        {
          ...stored,
          notBefore: DateTime.formatIso(stored.notBefore),
          period: stored.period && Duration.toSeconds(stored.period)
        },
        {
          ...stored,
          url: "https://user:hidden@example.com/jobs?key=hidden",
          method: "PUT",
          headers: { "Content-Type": ["application/json"], "X-Two": ["hidden"] },
          body: '{"a":1}',
          maxRetries: 5,
          retryDelay: "1000 * (1 + retried)",
          timeout: 30,
          callback: "https://example.com/c",
          failureCallback: "https://example.com/f",
          flowControlKey: "k",
          rate: 3,
          period: 60,
          labels: ["one", "two"],
          notBefore: tomorrow
        }
      )
      const again = yield* cli(`${publish} --deduplication-id once`, { env })
      strictEqual(again.code, 0)
      assertInclude(again.stdout, `${id} was published already`)
    })
  )

  it.scopedLive("waits for --delay, and takes the body from a file or from standard input", () =>
    Effect.gen(function* () {
      const { env, messages } = yield* serveVirtual
      const path = join(yield* temporaryDirectory, "body")
      writeFileSync(path, "from a file")
      const idOf = (line: string, input = "") =>
        Effect.map(cli(`${line} --json`, { env, input }), (ended) =>
          MessageId.make(String(jsonObject(json(ended))["messageId"]))
        )
      const file = yield* messages.get(yield* idOf(`${publish} --delay 1h --body-file ${path}`))
      strictEqual(file.body, "from a file")
      strictEqual(DateTime.distance(file.createdAt, file.notBefore), 3_600_000)
      const input = yield* messages.get(yield* idOf(`${publish} --body-file -`, "from standard input"))
      strictEqual(input.body, "from standard input")
    })
  )

  it.scopedLive("goes to each endpoint of a URL group", () =>
    Effect.gen(function* () {
      const { env, urlGroups } = yield* serveVirtual
      yield* urlGroups.upsertEndpoints(alerts, [
        { url: "https://example.com/a?key=hidden" },
        { url: "https://example.com/b", name: "b" }
      ])
      const text = yield* cli("messages publish --url-group alerts", { env })
      strictEqual(text.code, 0)
      assertMatch(
        text.stdout,
        /^Published \S+ to https:\/\/example\.com\/a\?… at .*\nPublished \S+ to https:\/\/example\.com\/b at .*\n$/
      )
      const answers = jsonObjects(json(yield* cli("messages publish --url-group=alerts --json", { env })))
      deepStrictEqual(
        answers.map(({ url }) => url),
        ["https://example.com/a?key=hidden", "https://example.com/b"]
      )
    })
  )

  it.scopedLive("says how to make a URL group that there is not", () =>
    Effect.gen(function* () {
      const { env } = yield* serveVirtual
      const { code, stderr } = yield* cli("messages publish --url-group absent", { env })
      strictEqual(code, 1)
      assertInclude(stderr, "topic absent not found")
      assertInclude(stderr, "effect-qstash url-groups add")
    })
  )

  it.scopedLive("goes through a queue with --queue", () =>
    Effect.gen(function* () {
      const { env, messages, queues } = yield* serveVirtual
      const { code, stdout } = yield* cli(`${publish} --queue orders`, { env })
      strictEqual(code, 0)
      assertInclude(stdout, "to https://example.com/jobs through queue orders at ")
      const id = MessageId.make(/msg_\S+/.exec(stdout)?.[0] ?? "")
      strictEqual((yield* messages.get(id)).queueName, QueueName.make("orders"))
      strictEqual((yield* queues.get(QueueName.make("orders"))).lag, 1)
    })
  )

  it.scopedLive("takes messages with the same content for one", () =>
    Effect.gen(function* () {
      const { env } = yield* serveVirtual
      const line = `${publish} --body same --content-based-deduplication --json`
      const first = jsonObject(json(yield* cli(line, { env })))
      const second = jsonObject(json(yield* cli(line, { env })))
      strictEqual(second["messageId"], first["messageId"])
      strictEqual(second["deduplicated"], true)
    })
  )

  it.scopedLive(
    "says that it may have been published where no answer came, unless it is safe to repeat",
    () =>
      Effect.gen(function* () {
        const env = { QSTASH_URL: yield* answering(503, '{"error":"busy"}') }
        const unsure = yield* cli(publish, { env })
        strictEqual(unsure.code, 1)
        assertInclude(unsure.stderr, "responded with 503: busy")
        assertInclude(unsure.stderr, "Whether it was published is not known")
        const nobody = yield* cli(publish, { env: { QSTASH_URL: "http://127.0.0.1:9" } })
        assertInclude(nobody.stderr, "Start a server with `effect-qstash dev`")
        assertInclude(
          nobody.stderr,
          "or set QSTASH_URL to another one.\nWhether it was published is not known"
        )
        const { stderr } = yield* cli(`${publish} --deduplication-id once`, { env })
        assertInclude(stderr, "Run the command again later.")
      })
  )

  const wrong: ReadonlyArray<readonly [options: string, text: string]> = [
    ["--queue q --delay 1m", "--delay cannot be combined with --queue"],
    ["--queue q --not-before 2999-01-01", "--not-before cannot be combined with --queue"],
    [
      "--queue q --flow-control-key k --flow-control-rate 1",
      "--flow-control-key cannot be combined with --queue"
    ],
    ["--delay 1m --not-before 2999-01-01", "--not-before: cannot be combined with --delay."],
    ["--not-before soon", "--not-before: expected a date"],
    ["--deduplication-id a:b", "--deduplication-id: Expected a deduplication id"],
    [
      "--deduplication-id a --content-based-deduplication",
      "--content-based-deduplication: cannot be combined with --deduplication-id."
    ],
    ["--callback hidden", "--callback: expected a URL"],
    ["--header hidden", '--header: expected "Name: value", got one with no colon.'],
    ["--header ': hidden'", '--header: expected "Name: value", got one with no name before its colon.'],
    ["--url-group alerts", "Both a destination and --url-group were given"],
    ["--cron @daily", "--cron"]
  ]
  it.scopedLive("ends with 2 and names the option where one is wrong, and sends nothing", () =>
    Effect.gen(function* () {
      const { env, logs } = yield* serveVirtual
      for (const [options, text] of wrong) {
        const { code, stderr, stdout } = yield* cli(`${publish} ${options}`, { env })
        assertInclude(stderr, text)
        strictEqual(code, 2, text)
        strictEqual(stdout, "")
        strictEqual(stderr.includes("hidden"), false, text)
      }
      for (const line of ["messages publish", "messages publish example.com"]) {
        const { code, stderr } = yield* cli(line, { env })
        strictEqual(code, 2)
        assertInclude(stderr, "--url-group")
      }
      deepStrictEqual((yield* logs.list()).items, [])
    })
  )
})
