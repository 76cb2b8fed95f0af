import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Fiber } from "effect"
import { answering, cli, type Ended, json, responding } from "./support.ts"

/** What moves the cursor, sets the title, hides text or turns its direction. */
const hostile = "a\u001b[2J\u009b2J\u0085\u007f\u202eb\u2066c\u200f\u061c\u2028\u00ad\ufeff\u{e0001}d"
const url = `https://example.com/${hostile}`
const header = { [`X-${hostile}`]: [hostile] }

const message = {
  messageId: hostile,
  url,
  method: hostile,
  header,
  body: hostile,
  topicName: hostile,
  endpointName: hostile,
  scheduleId: hostile,
  queueName: hostile,
  flowControlKey: hostile,
  parallelism: 1,
  retryDelayExpression: hostile,
  callback: url,
  failureCallback: url,
  label: hostile,
  maxRetries: 3,
  notBefore: 0,
  createdAt: 0
}
const schedule = {
  ...message,
  destination: url,
  cron: `${hostile} * * * *`,
  error: hostile,
  lastScheduleTime: 1,
  lastScheduleStates: { [hostile]: hostile }
}
const letter = {
  ...message,
  dlqId: hostile,
  responseStatus: 500,
  responseHeader: header,
  responseBody: hostile
}
const { body: _, ...withoutBody } = message
const entry = { ...withoutBody, time: 1, state: hostile, error: hostile, responseStatus: 500 }
const queue = { name: hostile, createdAt: 0, updatedAt: 0, parallelism: 1, paused: true, lag: 0 }
const group = { name: hostile, createdAt: 0, updatedAt: 0, endpoints: [{ url, name: hostile }] }
const state = { flowControlKey: hostile, rateMax: 1, ratePeriod: 60 }

const routes: ReadonlyArray<readonly [route: RegExp, body: unknown]> = [
  [/^GET \/v2\/schedules$/, [schedule]],
  [/^GET \/v2\/schedules\//, schedule],
  [/^POST \/v2\/publish\//, [{ messageId: hostile, url }]],
  [/^GET \/v2\/messages\//, message],
  [/^GET \/v2\/queues$/, [queue]],
  [/^GET \/v2\/queues\//, queue],
  [/^GET \/v2\/topics$/, [group]],
  [/^GET \/v2\/topics\//, group],
  [/^GET \/v2\/dlq(?:\?|$)/, { messages: [letter] }],
  [/^GET \/v2\/dlq\//, letter],
  [/^POST \/v2\/dlq\/retry(?:\?|$)/, { responses: [{ messageId: hostile }] }],
  [/^POST \/v2\/dlq\/retry\//, { messageId: hostile }],
  [/^GET \/v2\/flowControl$/, [state]],
  [/^GET \/v2\/flowControl\//, state],
  [/^GET \/v2\/(?:events|logs)(?:\?|$)/, { events: [entry], logs: [entry] }],
  [/^(?:GET|POST) \/v2\/keys(?:\/rotate)?$/, { current: hostile, next: hostile }],
  [/^(?:GET|POST) \/dev\/clock/, { now: hostile }]
]

const hostileServer = responding(({ method, url: target }) => {
  const [, body] = routes.find(([route]) => route.test(`${method} ${target}`)) ?? []
  return { status: 200, body: body === undefined ? "" : JSON.stringify(body) }
})

const commands = [
  "schedules list",
  "schedules get a",
  "messages publish --url-group a",
  "messages list",
  "messages get a",
  "queues list",
  "queues get a",
  "url-groups list",
  "url-groups get a",
  "dlq list",
  "dlq get a",
  "dlq retry a",
  "flow-control list",
  "flow-control get a",
  "flow-control pause --all --yes",
  "logs"
]

const assertPrintable = (text: string, what: string): void => {
  const found = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(text.replaceAll("\n", ""))
  strictEqual(found?.[0], undefined, `${what}: ${JSON.stringify(text)}`)
}

const assertHarmless = ({ stderr, stdout }: Ended, what: string): void => {
  assertPrintable(stdout, what)
  assertPrintable(stderr, what)
}

describe("what a server sends", () => {
  for (const command of commands) {
    it.scopedLive(`shows as text that cannot control the terminal: ${command}`, () =>
      Effect.gen(function* () {
        const env = { QSTASH_URL: yield* hostileServer }
        for (const columns of [0, 80, 250]) {
          const ended = yield* cli(command, { env, ...(columns === 0 ? {} : { columns }) })
          strictEqual(ended.code, 0, ended.stderr)
          assertInclude(ended.stdout, "\\u{9b}")
          assertHarmless(ended, `${command} on ${columns} columns`)
        }
      })
    )

    it.scopedLive(`is escaped in JSON, with the same value: ${command} --json`, () =>
      Effect.gen(function* () {
        const env = { QSTASH_URL: yield* hostileServer }
        for (const columns of [0, 80]) {
          const ended = yield* cli(`${command} --json`, { env, ...(columns === 0 ? {} : { columns }) })
          strictEqual(ended.code, 0, ended.stderr)
          assertHarmless(ended, command)
          assertInclude(JSON.stringify(json(ended)), JSON.stringify(hostile).slice(1, -1))
        }
      })
    )
  }

  it.scopedLive("is harmless in the lines of logs --follow", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: yield* hostileServer }
      for (const options of ["", " --json"]) {
        let stdout = ""
        const fiber = yield* Effect.fork(
          cli(`logs --follow${options}`, { env, prints: (text) => void (stdout += text) })
        )
        yield* Effect.sleep("50 millis").pipe(Effect.repeat({ until: () => stdout.includes("\n") }))
        yield* Fiber.interrupt(fiber)
        assertPrintable(stdout, options)
        if (options !== "") strictEqual(JSON.parse(stdout).error, hostile)
      }
    })
  )

  it.scopedLive("is harmless in errors", () =>
    Effect.gen(function* () {
      for (const status of [400, 401, 404, 412, 500]) {
        const env = { QSTASH_URL: yield* answering(status, JSON.stringify({ error: hostile })) }
        for (const command of [
          "schedules list",
          "schedules get a",
          "schedules pause a b",
          "messages publish https://example.com",
          "clock now"
        ]) {
          for (const options of ["", " --json"]) {
            const ended = yield* cli(command + options, { env })
            strictEqual(ended.code, 1)
            assertHarmless(ended, `${status} ${command}${options}`)
          }
        }
      }
    })
  )

  it.scopedLive("is harmless in what a change of several things prints", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: yield* answering(404, JSON.stringify({ error: hostile })) }
      const ended = yield* cli(`dlq retry ${hostile.replaceAll("\u2028", "")} b`, { env })
      assertHarmless(ended, "dlq retry")
      deepStrictEqual(ended.code, 1)
    })
  )
})
