import { QueueName } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { answering, cells, cli, json, jsonObject, jsonObjects, nowhere, serveVirtual } from "./support.ts"

const orders = QueueName.make("orders")

/** Three dead letters: two that nobody answered, one of them of a queue, and one that was answered with 500. */
const serveThree = Effect.gen(function* () {
  const server = yield* serveVirtual
  const { advance, dlq, messages } = server
  const worker = yield* answering(500, "hidden", { "X-Secret": "hidden" })
  const publish = (destination: string) =>
    Effect.zipLeft(
      messages.publish({ destination, retries: 0, headers: { Authorization: "hidden" }, body: "hidden" }),
      advance("1 second")
    )
  const { messageId } = yield* publish(`${worker}/jobs?key=hidden`)
  yield* publish(nowhere)
  yield* messages.enqueue(orders, { destination: nowhere, retries: 0, labels: ["nightly"] })
  yield* advance("1 second")
  const ids = (yield* dlq.list()).items.map(({ dlqId }) => dlqId)
  const [answered = "", unanswered = "", queued = ""] = ids
  return { ...server, ids, messageId, answered, unanswered, queued }
})

describe("dlq list", () => {
  it.scopedLive("shows the dead letters, the oldest first, and nothing secret of them", () =>
    Effect.gen(function* () {
      const { answered, env, queued, unanswered } = yield* serveThree
      const ended = yield* cli("dlq list", { env })
      strictEqual(ended.stderr, "")
      strictEqual(ended.code, 0)
      const [titles, ...rows] = cells(ended)
      deepStrictEqual(titles, ["ID", "STATUS", "CREATED (Europe/London)", "DESTINATION"])
      deepStrictEqual(
        rows.map(([id, status]) => [id, status]),
        [
          [answered, "500"],
          [unanswered, "no response"],
          [queued, "no response"]
        ]
      )
      assertInclude(ended.stdout, "/jobs?…")
      strictEqual(ended.stdout.includes("hidden"), false)
    })
  )

  it.scopedLive("is narrowed by each filter", () =>
    Effect.gen(function* () {
      const { answered, env, messageId, queued, unanswered } = yield* serveThree
      const asked: ReadonlyArray<readonly [options: string, ids: Array<unknown>]> = [
        [`--message ${messageId}`, [answered]],
        ["--status 500", [answered]],
        ["--status 500 --status 404", [answered]],
        ["--queue orders", [queued]],
        ["--label nightly", [queued]],
        [`--url ${nowhere}`, [unanswered, queued]],
        ["--url-group absent", []],
        ["--schedule absent", []],
        ["--flow-control-key absent", []],
        ["--until 1d", []],
        ["--since 1d", [answered, unanswered, queued]],
        ["--count 2", [answered, unanswered]]
      ]
      for (const [options, ids] of asked) {
        const found = jsonObjects(json(yield* cli(`dlq list ${options} --json`, { env })))
        deepStrictEqual(
          found.map(({ dlqId }) => dlqId),
          ids,
          options
        )
      }
    })
  )

  it.scopedLive("says whether there are more, and that there are none", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serveThree
      const some = yield* cli("dlq list --count 2", { env })
      strictEqual(cells(some).length, 3)
      strictEqual(some.stderr, "There are more of them: give a higher --count.\n")
      strictEqual((yield* cli("dlq list --count 3", { env })).stderr, "")
      const none = yield* cli("dlq list --queue absent", { env })
      deepStrictEqual(none, { code: 0, stdout: `There are no such dead letters at ${url}.\n`, stderr: "" })
      deepStrictEqual(json(yield* cli("dlq list --queue absent --json", { env })), [])
    })
  )
})

describe("dlq get", () => {
  it.scopedLive("shows one dead letter and how it was answered, and nothing secret", () =>
    Effect.gen(function* () {
      const { answered, env, messageId } = yield* serveThree
      const ended = yield* cli(`dlq get ${answered}`, { env })
      strictEqual(ended.code, 0)
      const [title, ...lines] = cells(ended)
      deepStrictEqual(title, [answered, "failed"])
      const fields = new Map(lines.map(([name = "", value = ""]) => [name, value]))
      strictEqual(fields.get("message"), messageId)
      strictEqual(fields.get("response"), "500")
      assertInclude(fields.get("response headers") ?? "", "X-Secret")
      strictEqual(fields.get("response body"), "6 bytes")
      strictEqual(fields.get("headers"), "Authorization")
      strictEqual(ended.stdout.includes("hidden"), false)
      const record = jsonObject(json(yield* cli(`dlq get ${answered} --json`, { env })))
      strictEqual(record["responseBody"], "hidden")
    })
  )

  it.scopedLive("prints the body of the last response byte for byte with --body", () =>
    Effect.gen(function* () {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      for (const body of [bytes, "\u001b[2J ☃\r\n", "\ufeff{}"]) {
        const { advance, dlq, env, messages } = yield* serveVirtual
        yield* messages.publish({ destination: yield* answering(500, body), retries: 0 })
        yield* advance("1 second")
        const [dlqId] = (yield* dlq.list()).items.map((letter) => letter.dlqId)
        const ended = yield* cli(`dlq get ${dlqId} --body`, { env })
        deepStrictEqual(ended, { code: 0, stdout: Buffer.from(body).toString("latin1"), stderr: "" })
      }
    })
  )

  it.scopedLive("escapes on a terminal what would control it, and keeps lines and tabs", () =>
    Effect.gen(function* () {
      const { advance, dlq, env, messages } = yield* serveVirtual
      const body = '\u001b[2J{\r\n\t"a": \u202e1\u009b\n}'
      yield* messages.publish({ destination: yield* answering(500, body), retries: 0 })
      yield* advance("1 second")
      const [dlqId] = (yield* dlq.list()).items.map((letter) => letter.dlqId)
      const ended = yield* cli(`dlq get ${dlqId} --body`, { env, columns: 80 })
      strictEqual(ended.stdout, '\\u{1b}[2J{\n\t"a": \\u{202e}1\\u{9b}\n}\n')
    })
  )

  it.scopedLive("prints nothing with --body if there is no response body, and says so", () =>
    Effect.gen(function* () {
      const { env, unanswered } = yield* serveThree
      const ended = yield* cli(`dlq get ${unanswered} --body`, { env })
      deepStrictEqual(ended, { code: 0, stdout: "", stderr: "There is no response body.\n" })
      const both = yield* cli(`dlq get ${unanswered} --body --json`, { env })
      strictEqual(both.code, 2)
      assertInclude(both.stderr, "error: --body cannot be combined with --json.\n")
    })
  )

  it.scopedLive("cannot print a body that QStash has redacted", () =>
    Effect.gen(function* () {
      const letter = {
        dlqId: "1-0",
        messageId: "msg_1",
        url: "https://example.com",
        method: "POST",
        maxRetries: 0,
        notBefore: 0,
        createdAt: 0,
        responseBody: `REDACTED:${"0".repeat(64)}`
      }
      const env = { QSTASH_URL: yield* answering(200, JSON.stringify(letter)) }
      const ended = yield* cli("dlq get 1-0 --body", { env })
      deepStrictEqual(ended, { code: 1, stdout: "", stderr: "error: QStash has redacted this body.\n" })
    })
  )

  it.scopedLive("ends with 1 for an id that there is not, and says where to look", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serveVirtual
      const { code, stderr } = yield* cli("dlq get absent", { env })
      strictEqual(code, 1)
      assertInclude(stderr, `error: No dead letter has the id "absent" at ${url}.`)
      assertInclude(stderr, "`effect-qstash dlq list`")
    })
  )
})

describe("dlq retry", () => {
  it.scopedLive("publishes those that are named anew, without asking", () =>
    Effect.gen(function* () {
      const { answered, env, logs, queued } = yield* serveThree
      const text = yield* cli(`dlq retry ${answered}`, { env })
      strictEqual(text.code, 0)
      assertMatch(text.stdout, /^\S+ is retried as msg_\S+\.\n$/)
      const ended = yield* cli(`dlq retry absent ${queued} --retries 0 --json`, { env })
      strictEqual(ended.code, 1)
      const [absent, retried] = jsonObjects(json(ended))
      deepStrictEqual([absent?.["outcome"], absent?.["error"]], ["failed", "DlqMessageNotFound"])
      deepStrictEqual([retried?.["dlqId"], retried?.["outcome"]], [queued, "retried"])
      const found = yield* logs.list({ state: "CREATED" })
      const newest = found.items.find(({ messageId }) => messageId === retried?.["messageId"])
      strictEqual(newest?.maxRetries, 0)
    })
  )

  it.scopedLive("asks before it retries those that match, and touches no others", () =>
    Effect.gen(function* () {
      const { dlq, env, queued, unanswered, url } = yield* serveThree
      const line = `dlq retry --url ${nowhere}`
      strictEqual((yield* cli(line, { env })).code, 2)
      const no = yield* cli(line, { env, columns: 80, types: "n" })
      strictEqual(no.code, 1)
      assertInclude(no.stdout, `  ${unanswered}\n  ${queued}\n`)
      assertInclude(no.stdout, `Retry 2 dead letters at ${url}?`)
      strictEqual((yield* dlq.list()).items.length, 3)
      const yes = yield* cli(line, { env, columns: 80, types: "y\r" })
      strictEqual(yes.code, 0)
      assertInclude(yes.stdout, "2 dead letters are retried.")
      strictEqual((yield* dlq.list()).items.length, 1)
    })
  )

  it.scopedLive("prints what QStash answers for a selection with --json", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serveThree
      const { responses } = jsonObject(json(yield* cli("dlq retry --all --yes --json", { env })))
      strictEqual(jsonObjects(responses).length, 3)
      deepStrictEqual(json(yield* cli("dlq retry --all --yes --json", { env })), { responses: [] })
      const none = yield* cli("dlq retry --all --yes", { env })
      strictEqual(none.stdout, `There is no dead letter to retry at ${url}.\n`)
    })
  )
})

describe("dlq delete", () => {
  it.scopedLive("asks even for those that are named", () =>
    Effect.gen(function* () {
      const { answered, dlq, env, url } = yield* serveThree
      strictEqual((yield* cli(`dlq delete ${answered}`, { env })).code, 2)
      const no = yield* cli(`dlq delete ${answered}`, { env, columns: 80, types: "n" })
      assertInclude(no.stdout, `Delete 1 dead letter at ${url}?`)
      strictEqual((yield* dlq.list()).items.length, 3)
      deepStrictEqual(json(yield* cli(`dlq delete ${answered} --yes --json`, { env })), [
        { dlqId: answered, outcome: "deleted" }
      ])
      const again = yield* cli(`dlq delete ${answered} --yes`, { env })
      strictEqual(again.code, 1)
      assertInclude(again.stderr, "No dead letter has the id")
    })
  )

  it.scopedLive("deletes those that match, or all", () =>
    Effect.gen(function* () {
      const { dlq, env } = yield* serveThree
      const one = yield* cli("dlq delete --queue orders --yes", { env })
      deepStrictEqual(one, { code: 0, stdout: "1 dead letter is deleted.\n", stderr: "" })
      deepStrictEqual(json(yield* cli("dlq delete --all --yes --json", { env })), { deleted: 2 })
      deepStrictEqual((yield* dlq.list()).items, [])
      deepStrictEqual(json(yield* cli("dlq delete --all --yes --json", { env })), { deleted: 0 })
    })
  )

  it.effect("wants ids, filters or --all, and one of them alone", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: "http://127.0.0.1:9" }
      for (const options of ["", "id --all", "id --status 500", "--status 1000", "--queue orders --all"]) {
        for (const name of ["delete", "retry"]) {
          const { code, stderr } = yield* cli(`dlq ${name} ${options} --yes`, { env })
          strictEqual(code, 2, `${options} ${stderr}`)
        }
      }
      const { stderr } = yield* cli("dlq retry --yes", { env })
      assertInclude(stderr, "Give the ids of the dead letters to retry, filters such as --queue, or --all.")
    })
  )
})
