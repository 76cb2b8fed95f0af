import { type MessageId, QueueName, type QStashMessages, UrlGroupName } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { answering, cells, cli, json, jsonObject, jsonObjects, nowhere, serveVirtual } from "./support.ts"

const orders = QueueName.make("orders")
const alerts = UrlGroupName.make("alerts")

/** One message of each kind: delivered, failed, waiting for another try, not begun. */
const serveSome = Effect.gen(function* () {
  const server = yield* serveVirtual
  const { advance, messages } = server
  const worker = yield* answering(200, "")
  const delivered = yield* messages.publish({ destination: `${worker}/ok?key=hidden`, labels: ["nightly"] })
  const failed = yield* messages.publish({ destination: nowhere, retries: 0 })
  const retrying = yield* messages.publish({ destination: nowhere, retries: 1, retryDelay: "3600000" })
  yield* advance("1 second")
  const waiting = yield* messages.enqueue(orders, { destination: "https://example.com/jobs" })
  return {
    ...server,
    delivered: delivered.messageId,
    failed: failed.messageId,
    retrying: retrying.messageId,
    waiting: waiting.messageId
  }
})

describe("messages list", () => {
  it.scopedLive("shows the newest state of each, the last to change first", () =>
    Effect.gen(function* () {
      const { delivered, env, failed, retrying, waiting } = yield* serveSome
      const ended = yield* cli("messages list", { env })
      strictEqual(ended.stderr, "")
      strictEqual(ended.code, 0)
      const [titles, first, ...rows] = cells(ended)
      deepStrictEqual(titles, ["ID", "STATE", "SINCE (Europe/London)", "DESTINATION"])
      deepStrictEqual(first?.slice(0, 2), [waiting, "CREATED"])
      deepStrictEqual(Object.fromEntries(rows.map(([id = "", state = ""]) => [id, state])), {
        [delivered]: "DELIVERED",
        [failed]: "FAILED",
        [retrying]: "RETRY"
      })
      assertInclude(ended.stdout, "/ok?…")
      strictEqual(ended.stdout.includes("hidden"), false)
    })
  )

  it.scopedLive("is narrowed by state, queue, label and count", () =>
    Effect.gen(function* () {
      const { delivered, env, failed, retrying, waiting } = yield* serveSome
      const asked: ReadonlyArray<readonly [options: string, ids: Array<unknown>]> = [
        ["--state DELIVERED", [delivered]],
        ["--state FAILED", [failed]],
        ["--state RETRY", [retrying]],
        ["--state IN_PROGRESS", [retrying]],
        ["--state CREATED", [waiting]],
        // Every message was active once.
        ["--state ACTIVE", []],
        ["--queue orders", [waiting]],
        ["--queue other --queue orders", [waiting]],
        ["--label nightly", [delivered]],
        ["--label nightly --queue orders", []],
        ["--schedule absent", []],
        ["--count 1", [waiting]]
      ]
      for (const [options, ids] of asked) {
        const found = jsonObjects(json(yield* cli(`messages list ${options} --json`, { env })))
        deepStrictEqual(
          found.map(({ messageId }) => messageId),
          ids,
          options
        )
      }
    })
  )

  it.scopedLive("is narrowed by the schedule and the URL group that made them", () =>
    Effect.gen(function* () {
      const { advance, env, messages, schedules, urlGroups } = yield* serveVirtual
      yield* urlGroups.upsertEndpoints(alerts, [{ url: "https://example.com/a" }])
      yield* messages.publish({ destination: { urlGroup: alerts }, delay: "1 day" })
      const scheduleId = yield* schedules.create({
        cron: "* * * * *",
        destination: "https://example.com/b",
        delay: "1 day"
      })
      yield* advance("1 minute")
      const urls = (options: string) =>
        Effect.map(cli(`messages list ${options} --json`, { env }), (ended) =>
          jsonObjects(json(ended)).map(({ url }) => url)
        )
      deepStrictEqual(yield* urls("--url-group alerts"), ["https://example.com/a"])
      deepStrictEqual(yield* urls(`--schedule ${scheduleId}`), ["https://example.com/b"])
    })
  )

  it.scopedLive("says how to begin where there are none", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serveVirtual
      const { code, stdout } = yield* cli("messages list", { env })
      strictEqual(code, 0)
      assertInclude(stdout, `The log at ${url} has no matching messages.`)
      assertInclude(stdout, "effect-qstash messages publish")
      deepStrictEqual(json(yield* cli("messages list --json", { env })), [])
    })
  )

  it.effect("ends with 2 for a state that there is not", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* cli("messages list --state DELIVRED")
      strictEqual(code, 2)
      assertInclude(stderr, "DELIVERED")
    })
  )
})

describe("messages get", () => {
  it.scopedLive("shows one message, and of headers, body and queries only that they are there", () =>
    Effect.gen(function* () {
      const { env, messages } = yield* serveVirtual
      const { messageId } = yield* messages.publish({
        destination: "https://user:hidden@example.com/jobs?key=hidden",
        headers: { Authorization: "hidden" },
        body: "hidden",
        callback: "https://example.com/c?key=hidden",
        labels: ["a", "b"],
        delay: "1 hour"
      })
      const ended = yield* cli(`messages get ${messageId}`, { env })
      strictEqual(ended.code, 0)
      const [title, ...lines] = cells(ended)
      deepStrictEqual(title, [messageId, "pending"])
      const fields = new Map(lines.map(([name = "", value = ""]) => [name, value]))
      strictEqual(fields.get("destination"), "POST https://example.com/jobs?…")
      strictEqual(fields.get("headers"), "Authorization")
      strictEqual(fields.get("body"), "6 bytes")
      strictEqual(fields.get("callback"), "https://example.com/c?…")
      strictEqual(fields.get("labels"), "a, b")
      strictEqual(fields.get("retries"), "3")
      strictEqual(fields.has("not before"), true)
      strictEqual(ended.stdout.includes("hidden"), false)
      const record = jsonObject(json(yield* cli(`messages get ${messageId} --json`, { env })))
      strictEqual(record["messageId"], messageId)
      strictEqual(record["body"], "hidden")
    })
  )

  it.scopedLive("ends with 1 for one that is not pending, and says where to look", () =>
    Effect.gen(function* () {
      const { delivered, env, url } = yield* serveSome
      const { code, stderr, stdout } = yield* cli(`messages get ${delivered} --json`, { env })
      strictEqual(code, 1)
      strictEqual(stdout, "")
      assertInclude(stderr, `error: No pending message has the id "${delivered}" at ${url}.`)
      assertInclude(stderr, "effect-qstash logs --message")
    })
  )
})

describe("messages cancel", () => {
  /** A server with three messages that wait, two of them in a queue. */
  const serveThree = Effect.gen(function* () {
    const server = yield* serveVirtual
    const { messages } = server
    const destination = "https://example.com/jobs"
    const one = yield* messages.publish({ destination, labels: ["one"] })
    const two = yield* messages.enqueue(orders, { destination })
    const three = yield* messages.enqueue(orders, { destination })
    return { ...server, ids: [one.messageId, two.messageId, three.messageId] as const }
  })

  const pending = (messages: QStashMessages.Service, ids: ReadonlyArray<MessageId>) =>
    Effect.map(
      Effect.forEach(ids, (id) => Effect.option(messages.get(id))),
      (found) => found.filter(({ _tag }) => _tag === "Some").length
    )

  it.scopedLive("cancels those that are named without asking, and reports those that there are not", () =>
    Effect.gen(function* () {
      const { env, ids, messages } = yield* serveThree
      const [one, two] = ids
      const text = yield* cli(`messages cancel ${one}`, { env })
      deepStrictEqual(text, { code: 0, stdout: `${one} is cancelled.\n`, stderr: "" })
      const ended = yield* cli(`messages cancel absent ${two} --json`, { env })
      strictEqual(ended.code, 1)
      deepStrictEqual(json(ended), [
        {
          messageId: "absent",
          outcome: "failed",
          error: "MessageNotFound",
          message: 'No pending message has the id "absent"'
        },
        { messageId: two, outcome: "cancelled" }
      ])
      assertInclude(ended.stderr, "error: 1 of 2 messages could not be cancelled.")
      strictEqual(yield* pending(messages, ids), 1)
    })
  )

  it.scopedLive("asks before it cancels those that match", () =>
    Effect.gen(function* () {
      const { env, ids, messages, url } = yield* serveThree
      const no = yield* cli("messages cancel --queue orders", { env, columns: 80, types: "n" })
      strictEqual(no.code, 1)
      assertInclude(no.stdout, "  --queue orders\n")
      assertInclude(no.stdout, `Cancel the messages that match at ${url}?`)
      strictEqual(yield* pending(messages, ids), 3)
      const yes = yield* cli("messages cancel --queue orders", { env, columns: 80, types: "y\r" })
      strictEqual(yes.code, 0)
      assertInclude(yes.stdout, "2 messages are cancelled.")
      strictEqual(yield* pending(messages, ids), 1)
    })
  )

  it.scopedLive("cancels by each filter", () =>
    Effect.gen(function* () {
      const { env } = yield* serveThree
      const counts: ReadonlyArray<readonly [filter: string, count: number]> = [
        ["--label one", 1],
        ["--label one", 0],
        ["--url-group alerts", 0],
        ["--schedule absent", 0],
        ["--flow-control-key absent", 0],
        ["--url https://example.com/other", 0],
        ["--since 2999-01-01", 0],
        ["--until 1d", 0],
        ["--url https://example.com/jobs --since 1d --until 2999-01-01", 2]
      ]
      for (const [filter, cancelled] of counts) {
        const ended = yield* cli(`messages cancel ${filter} --yes --json`, { env })
        deepStrictEqual(json(ended), { cancelled }, filter)
      }
    })
  )

  it.scopedLive("cancels all with --all, once it is agreed to", () =>
    Effect.gen(function* () {
      const { env, ids, messages, url } = yield* serveThree
      const asked = yield* cli("messages cancel --all", { env, columns: 80, types: "n" })
      strictEqual(asked.code, 1)
      assertInclude(asked.stdout, `Cancel all messages that are not done yet at ${url}?`)
      for (const line of ["--all", "--label one"]) {
        const refused = yield* cli(`messages cancel ${line}`, { env })
        strictEqual(refused.code, 2)
        assertInclude(refused.stderr, "--yes")
      }
      strictEqual(yield* pending(messages, ids), 3)
      const { code, stdout } = yield* cli("messages cancel --all --yes", { env })
      strictEqual(code, 0)
      strictEqual(stdout, "3 messages are cancelled.\n")
      for (const line of ["--all", "--queue orders"]) {
        const none = yield* cli(`messages cancel ${line} --yes`, { env })
        deepStrictEqual(none, { code: 0, stdout: `There is no message to cancel at ${url}.\n`, stderr: "" })
      }
    })
  )

  it.effect("wants ids, filters or --all, and one of them alone", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: "http://127.0.0.1:9" }
      const wrong = [
        "",
        "id --all",
        "id --queue orders",
        "--queue orders --all",
        "--queue ''",
        "--since soon",
        "--since 'hello 12'",
        "--until 5",
        "--until 2027-02-30"
      ]
      for (const options of wrong) {
        const { code, stderr } = yield* cli(`messages cancel ${options} --yes`, { env })
        strictEqual(code, 2, `${options} ${stderr}`)
      }
      const { stderr } = yield* cli("messages cancel --yes", { env })
      assertInclude(stderr, "Give the ids of the messages to cancel, filters such as --queue, or --all.")
      for (const number of ["5", "30", "90", "2026"]) {
        assertInclude(
          (yield* cli(`messages cancel --since ${number} --yes`, { env })).stderr,
          "--since: expected a span such as 90m"
        )
      }
    })
  )
})
