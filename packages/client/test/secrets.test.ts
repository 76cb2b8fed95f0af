import { QStashClient } from "@effect-qstash/client"
import {
  type CreateSchedule,
  type PublishMessage,
  QStashDlq,
  QStashLogs,
  QStashMessages,
  QStashSchedules,
  type QStashServices,
  QStashUrlGroups
} from "@effect-qstash/domain"
import { HttpClient, HttpClientError } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import {
  Cause,
  Context,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  LogLevel,
  Option,
  Redacted,
  Stream,
  TestClock,
  Tracer
} from "effect"
import { inspect } from "node:util"
import {
  calls,
  deduplicationId,
  dlqId,
  flowControlKey,
  type Method,
  methods,
  nightly,
  queueName,
  urlGroup
} from "./calls.ts"
import { type RawRequest, rawServer, reply, transports } from "./rawServer.ts"
import { type Answer, fine, json, letter, over, record, type Sent, stub } from "./stub.ts"

const secrets = {
  token: "secret-of-the-token",
  header: "secret-of-a-header",
  basicHeader: "secret-after-a-scheme",
  callbackHeader: "secret-of-a-callback-header",
  failureHeader: "secret-of-a-failure-header",
  username: "secret-of-a-username",
  password: "secret-of-a-password",
  query: "secret/of+a'query",
  callbackPassword: "secret-of-a-callback-password",
  callbackQuery: "secret-of-a-callback-query",
  body: 'secret-of "the" body',
  signingKey: "secret-of-a-signing-key"
} as const

const input: CreateSchedule.Input = {
  scheduleId: nightly,
  cron: "0 4 * * *",
  // The dot segment makes it one that is normalised, and told in the log.
  destination: `https://${secrets.username}:${secrets.password}@example.com/a/../jobs?key=${secrets.query}`,
  headers: {
    Authorization: secrets.header,
    "X-Many": ["one", secrets.header],
    "X-Proxy": `Basic ${secrets.basicHeader}`
  },
  body: secrets.body,
  callback: {
    url: `https://user:${secrets.callbackPassword}@example.com/back?key=${secrets.callbackQuery}`,
    headers: { Authorization: secrets.callbackHeader }
  },
  failureCallback: { url: "https://example.com/failed", headers: { Authorization: secrets.failureHeader } }
}

const { scheduleId: _id, cron: _cron, ...settings } = input

const message = { ...settings, body: secrets.body, deduplicationId } satisfies PublishMessage.Input

/** A batch is JSON, and a body in it often JSON once more. */
const batched = [
  { ...message, body: JSON.stringify({ password: secrets.body }) },
  { destination: "https://example.com" }
]

const secretUrl = `https://${secrets.username}:${secrets.password}@example.com/?key=${secrets.query}`

const secretCalls: typeof calls = {
  ...calls,
  "QStashSchedules.create": Effect.flatMap(QStashSchedules, (schedules) => schedules.create(input)),
  "QStashMessages.publish": Effect.flatMap(QStashMessages, (messages) => messages.publish(message)),
  "QStashMessages.enqueue": Effect.flatMap(QStashMessages, (messages) =>
    messages.enqueue(queueName, message)
  ),
  "QStashMessages.batch": Effect.flatMap(QStashMessages, (messages) => messages.batch(batched)),
  "QStashMessages.cancelMany": Effect.flatMap(QStashMessages, (messages) =>
    messages.cancelMany({ url: secretUrl })
  ),
  "QStashUrlGroups.upsertEndpoints": Effect.flatMap(QStashUrlGroups, (groups) =>
    groups.upsertEndpoints(urlGroup, [{ url: secretUrl }])
  ),
  "QStashUrlGroups.removeEndpoints": Effect.flatMap(QStashUrlGroups, (groups) =>
    groups.removeEndpoints(urlGroup, [{ url: secretUrl }])
  ),
  "QStashDlq.list": Effect.flatMap(QStashDlq, (dlq) => dlq.list({ url: secretUrl })),
  "QStashDlq.stream": Effect.flatMap(QStashDlq, (dlq) => Stream.runDrain(dlq.stream({ url: secretUrl }))),
  "QStashDlq.deleteMany": Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany({ url: secretUrl })),
  "QStashDlq.retryMany": Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ url: secretUrl })),
  "QStashLogs.list": Effect.flatMap(QStashLogs, (logs) => logs.list({ url: secretUrl })),
  "QStashLogs.stream": Effect.flatMap(QStashLogs, (logs) => Stream.runDrain(logs.stream({ url: secretUrl })))
}

const token = Redacted.make(secrets.token)

/** Everything that could end up before somebody's eyes while a call runs. */
const watch = <A, E>(call: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    const spans: Array<string> = []
    const kinds: Array<Tracer.SpanKind> = []
    const seenAttributes = new Map<string, unknown>()
    const see = (...values: ReadonlyArray<unknown>) => {
      for (const value of values) seen.push(inspect(value, { depth: 30, showHidden: true, getters: true }))
    }
    const tracer = Tracer.make({
      span: (name, parent, _context, links, startTime, kind, options): Tracer.Span => {
        spans.push(name)
        kinds.push(kind)
        see(name, links, options)
        const attributes = new Map<string, unknown>()
        return {
          _tag: "Span",
          spanId: name,
          traceId: "trace",
          name,
          parent,
          context: Context.empty(),
          status: { _tag: "Started", startTime },
          attributes,
          links: [],
          sampled: true,
          kind,
          end: (_, exit) => {
            if (Exit.isFailure(exit)) see(exit, Cause.pretty(exit.cause, { renderErrorCause: true }))
          },
          attribute: (key, value) => {
            attributes.set(key, value)
            seenAttributes.set(key, value)
            see(key, value)
          },
          event: (title, _, values) => see(title, values),
          addLinks: (more) => see(more)
        }
      },
      context: (run) => run()
    })
    const logger = Logger.make((options) => {
      see(options.message, [...options.annotations], options.cause, [...options.spans])
    })
    const exit = yield* Effect.exit(call).pipe(
      Effect.withTracer(tracer),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
      Logger.withMinimumLogLevel(LogLevel.All)
    )
    if (Exit.isFailure(exit)) {
      see(exit)
      const failure = Option.getOrThrow(Cause.failureOption(exit.cause))
      assertTrue(failure instanceof Error)
      see(failure, failure.message, failure.stack, String(failure), failure.toString())
      seen.push(
        JSON.stringify(failure),
        JSON.stringify(exit),
        Cause.pretty(exit.cause, { renderErrorCause: true })
      )
    }
    return { attributes: seenAttributes, exit, kinds, spans, seen: seen.join("\n") }
  })

/** Neither as it is nor as it stands in a query or in JSON. */
const assertNone = (seen: string): void =>
  deepStrictEqual(
    Object.entries(secrets).flatMap(([name, secret]) => {
      const inQuery = new URLSearchParams([["", secret]]).toString().slice(1)
      const inJson = JSON.stringify(secret).slice(1, -1)
      return [secret, inQuery, inJson].some((spelling) => seen.includes(spelling)) ? [name] : []
    }),
    []
  )

const echo = ({ body, headers, method, url }: Sent): string =>
  [
    `${method} ${url.href}`,
    ...Object.entries(headers).map((field) => field.join(": ")),
    new TextDecoder().decode(body)
  ].join(" ")

const transportFault =
  (make: (sent: Sent) => unknown): Answer =>
  (sent) =>
    Effect.fail(
      new HttpClientError.RequestError({ request: sent.request, reason: "Transport", cause: make(sent) })
    )

const scenarios: Readonly<Record<string, Answer>> = {
  success: (sent) => Effect.succeed(fine(sent)),
  "an empty reply": () => Effect.sync(() => new Response(null)),
  "a reply that is an echo": (sent) => Effect.sync(() => new Response(echo(sent))),
  "a record of the wrong shape": () =>
    Effect.sync(() =>
      json([{ ...record, body: { secret: secrets.body }, header: { Authorization: [secrets.header] } }])
    ),
  "an answer under an id that is a secret": () => Effect.sync(() => json({ scheduleId: secrets.token })),
  "signing keys": () => Effect.sync(() => json({ current: secrets.signingKey, next: secrets.signingKey })),
  "signing keys of which one is missing": () => Effect.sync(() => json({ current: secrets.signingKey })),
  "signing keys of the wrong shape": () =>
    Effect.sync(() => json({ current: { key: secrets.signingKey }, next: [secrets.signingKey] })),
  "a redirect to a place with a secret": () =>
    Effect.sync(
      () => new Response(null, { status: 302, headers: { Location: `https://x.y/?${secrets.query}` } })
    ),
  "a rate limit": () => Effect.sync(() => json({ error: secrets.token }, { status: 429 })),
  ...Object.fromEntries(
    [400, 401, 403, 404, 408, 412, 418, 500, 503].flatMap(
      (status): ReadonlyArray<readonly [string, Answer]> => [
        [
          `${status} that is an echo in JSON`,
          (sent) => Effect.sync(() => json({ error: echo(sent) }, { status }))
        ],
        [`${status} that is a raw echo`, (sent) => Effect.sync(() => new Response(echo(sent), { status }))],
        [
          `${status} that cuts an echo of a secret short`,
          (sent) => Effect.sync(() => json({ error: `${"x".repeat(92)} ${echo(sent)}` }, { status }))
        ]
      ]
    )
  ),
  "400 that quotes a body from its middle on": (sent) =>
    Effect.sync(() => {
      const text = new TextDecoder().decode(sent.body)
      return new Response(text.slice(Math.max(0, text.indexOf('"body"'))), { status: 400 })
    }),
  "400 that quotes a body as JSON": (sent) =>
    Effect.sync(
      () => new Response(JSON.stringify({ got: new TextDecoder().decode(sent.body) }), { status: 400 })
    ),
  "400 that quotes the end of each header": ({ headers }) =>
    Effect.sync(
      () =>
        new Response(
          Object.values(headers)
            .map((value) => value.split(" ").at(-1))
            .filter((word) => word?.startsWith("secret"))
            .join(" "),
          { status: 400 }
        )
    ),
  "400 that quotes a query": ({ url }) => Effect.sync(() => new Response(url.search, { status: 400 })),
  "a fault": transportFault(() => new TypeError("fetch failed", { cause: new Error("ECONNRESET") })),
  "a fault that quotes a header": transportFault(
    ({ headers }) => new TypeError(`${headers["authorization"]} is invalid`)
  ),
  "a fault that quotes the URL": transportFault(
    ({ url }) => new Error("fetch failed", { cause: new Error(url.href) })
  ),
  "a fault that is text": transportFault(echo),
  "a fault that holds the request": transportFault(
    ({ request }) =>
      new HttpClientError.RequestError({ request, reason: "Transport", description: request.url })
  ),
  "a fault that hides the request": transportFault(
    ({ request }) =>
      new Error("outer", { cause: new HttpClientError.RequestError({ request, reason: "Encode" }) })
  ),
  "a fault before anything was sent": (sent) =>
    Effect.fail(
      new HttpClientError.RequestError({
        request: sent.request,
        reason: "InvalidUrl",
        cause: new Error(sent.url.href)
      })
    ),
  "a body that breaks off": () =>
    Effect.sync(() => new Response(new ReadableStream({ pull: (body) => body.error(new Error("dead")) }))),
  "a reply that does not come": () => Effect.never
}

const options = { token, retryBudget: 0, requestTimeout: "20 millis" } as const

describe("no secret is shown", () => {
  for (const [what, answer] of Object.entries(scenarios)) {
    it.live(`after ${what}`, () =>
      Effect.gen(function* () {
        for (const method of methods) {
          const { seen } = yield* watch(secretCalls[method].pipe(over(stub(answer), options)))
          assertTrue(seen.includes(method))
          assertNone(seen)
        }
      })
    )
  }

  const unavailable = [
    ...Object.keys(scenarios).filter((what) => what.startsWith("a fault") && !what.includes("before")),
    "a body that breaks off",
    "a reply that does not come"
  ]
  for (const what of unavailable) {
    it.live(`after ${what}, and the error names the origin and nothing else of the URL`, () =>
      Effect.gen(function* () {
        const origin = "https://qstash.example.com:8443"
        const answer = scenarios[what] ?? (() => Effect.dieMessage("there is no such scenario"))
        for (const method of methods) {
          const { exit, seen } = yield* watch(
            secretCalls[method].pipe(over(stub(answer), { ...options, url: `${origin}/` }))
          )
          assertNone(seen)
          // A call that needs only the status succeeds although the rest of the reply is lost.
          if (Exit.isSuccess(exit)) continue
          const { message: text } = yield* Effect.flip(exit)
          assertTrue(text.startsWith("QStash could not be reached: "), text)
          strictEqual(text.split(origin).length, 2)
          strictEqual(/[/?#@]/.test(text.replace(origin, "")), false, text)
        }
      })
    )
  }

  const wire: Readonly<Record<string, (request: RawRequest) => void>> = {
    "a connection that is closed": ({ socket }) => socket.destroy(),
    "an answer that is no HTTP and quotes the request": ({ body, headers, socket, target }) =>
      socket.end(`${target} ${JSON.stringify(headers)} ${body}\r\n\r\n`),
    "a reply that breaks off within what it quotes": ({ headers, socket }) =>
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${JSON.stringify(headers)}`),
    "a header that breaks HTTP and quotes the token": ({ headers, socket }) =>
      socket.end(`HTTP/1.1 200 OK\r\nX Y: ${headers["authorization"]}\r\n\r\n`),
    "a refusal that quotes the request": ({ headers, socket, target }) =>
      socket.end(reply(400, JSON.stringify({ error: `${target} ${JSON.stringify(headers)}` })))
  }
  for (const [what, respond] of Object.entries(wire)) {
    it.scopedLive.each(Object.entries(transports))(`after ${what}, over %s`, ([, overSockets]) =>
      Effect.gen(function* () {
        const server = yield* rawServer(respond)
        for (const method of methods) {
          const { seen } = yield* watch(
            secretCalls[method].pipe(overSockets(server, { token, retryBudget: 0 }))
          )
          assertTrue(seen.includes(method))
          assertNone(seen)
        }
      })
    )
  }

  it.effect("in what a batch answers about a message that was refused", () =>
    Effect.gen(function* () {
      const transport = stub((sent) =>
        Effect.sync(() => json([{ error: echo(sent) }, { error: `${"x".repeat(92)} ${echo(sent)}` }]))
      )
      const answers = yield* Effect.flatMap(QStashMessages, (messages) =>
        messages.batch([message, { ...message, body: "another" }])
      ).pipe(over(transport, options))
      for (const answer of answers) {
        const refusal = yield* Effect.flip(answer)
        assertTrue(refusal.reason.length <= 101)
        assertNone([refusal.message, refusal.stack, JSON.stringify(refusal), inspect(refusal)].join("\n"))
      }
      strictEqual(answers.length, 2)
    })
  )

  it.effect("when options are refused", () =>
    Effect.gen(function* () {
      const broken = [
        { ...input, destination: `https://example.com/?key=${secrets.query}&upstash-method=GET` },
        { ...input, destination: `ftp://${secrets.username}:${secrets.password}@x.y?${secrets.query}` },
        { ...input, headers: { Authorization: `${secrets.header}\n` } },
        { ...input, callback: `ftp://${secrets.callbackPassword}@x.y` },
        { ...input, failureCallback: { url: "https://x.y", headers: { A: `${secrets.failureHeader}☃` } } }
      ]
      const brokenUrl = `ftp://${secrets.username}:${secrets.password}@x.y?${secrets.query}`
      const refused: ReadonlyArray<Effect.Effect<unknown, unknown, QStashServices>> = [
        ...broken.map((one) => Effect.flatMap(QStashSchedules, (schedules) => schedules.create(one))),
        ...broken.flatMap(({ scheduleId: _ofSchedule, cron: _toSchedule, ...one }) => [
          Effect.flatMap(QStashMessages, (messages) => messages.publish(one)),
          Effect.flatMap(QStashMessages, (messages) => messages.enqueue(queueName, one)),
          Effect.flatMap(QStashMessages, (messages) =>
            messages.batch([message, { ...one, body: secrets.body }])
          )
        ]),
        Effect.flatMap(QStashUrlGroups, (groups) => groups.upsertEndpoints(urlGroup, [{ url: brokenUrl }])),
        Effect.flatMap(QStashUrlGroups, (groups) => groups.removeEndpoints(urlGroup, [{ url: brokenUrl }])),
        Effect.flatMap(QStashLogs, (logs) => logs.list({ url: secretUrl, count: 0 }))
      ]
      for (const call of refused) {
        const { exit, seen } = yield* watch(
          over(
            stub(() => Effect.dieMessage("nothing is to be sent")),
            options
          )(call)
        )
        assertTrue(Exit.isFailure(exit))
        assertNone(seen)
      }
    })
  )

  it.effect("when a client cannot be built", () =>
    Effect.gen(function* () {
      const transport = stub(() => Effect.dieMessage("nothing is to be sent"))
      for (const given of [
        { token: Redacted.make(`${secrets.token}\n`) },
        { token, url: `https://${secrets.username}:${secrets.password}@qstash.upstash.io` },
        { token, url: `https://qstash.upstash.io/?key=${secrets.query}` },
        { token, url: secrets.password }
      ]) {
        const { exit, seen } = yield* watch(
          Effect.scoped(Layer.build(QStashClient.layer(given).pipe(Layer.provide(transport.layer))))
        )
        assertTrue(Exit.isFailure(exit))
        assertNone(seen)
      }
    })
  )
})

describe("spans", () => {
  const spansOf = (method: Method, transformClient?: QStashClient.Options["transformClient"]) =>
    Effect.gen(function* () {
      const transport = stub((sent) => Effect.succeed(fine(sent)))
      const { attributes, exit, kinds, spans } = yield* watch(
        Effect.withSpan(
          secretCalls[method].pipe(over(transport, { ...options, transformClient })),
          "application"
        )
      )
      assertTrue(Exit.isSuccess(exit))
      return { attributes, kinds, sent: transport.sent, spans }
    })

  const attributes: Readonly<Record<string, ReadonlyArray<readonly [name: string, value: string]>>> = {
    "QStashMessages.publish": [["message_id", "msg_1"]],
    "QStashMessages.enqueue": [
      ["message_id", "msg_1"],
      ["queue_name", "reports"]
    ],
    "QStashMessages.get": [["message_id", "msg_1"]],
    "QStashMessages.cancel": [["message_id", "msg_1"]],
    "QStashDlq.get": [["dlq_id", dlqId]],
    "QStashDlq.delete": [["dlq_id", dlqId]],
    "QStashDlq.retry": [
      ["dlq_id", dlqId],
      ["message_id", "msg_2"]
    ],
    ...Object.fromEntries(
      ["create", "get", "delete", "pause", "resume"].map((name) => [
        `QStashSchedules.${name}`,
        [["schedule_id", nightly] as const]
      ])
    ),
    ...Object.fromEntries(
      ["upsert", "get", "delete", "pause", "resume"].map((name) => [
        `QStashQueues.${name}`,
        [["queue_name", "reports"] as const]
      ])
    ),
    ...Object.fromEntries(
      ["upsertEndpoints", "removeEndpoints", "get", "delete"].map((name) => [
        `QStashUrlGroups.${name}`,
        [["url_group", urlGroup] as const]
      ])
    ),
    ...Object.fromEntries(
      ["get", "pause", "resume", "pin", "unpin", "resetRate"].map((name) => [
        `QStashFlowControl.${name}`,
        [["flow_control_key", flowControlKey] as const]
      ])
    )
  }

  for (const method of methods) {
    it.effect(`${method} is one, with what it names, and no tracing header is sent`, () =>
      Effect.gen(function* () {
        const { attributes: found, kinds, sent, spans } = yield* spansOf(method)
        deepStrictEqual(spans, ["application", method])
        strictEqual(kinds[1], "client")
        deepStrictEqual(
          new Map([...found].filter(([name]) => name.startsWith("qstash."))),
          new Map<string, unknown>(
            (attributes[method] ?? []).map(([name, value]) => [`qstash.${name}`, value])
          )
        )
        deepStrictEqual(
          Object.keys(sent[0]?.headers ?? {}).filter((name) => /trace|^b3$|baggage/.test(name)),
          []
        )
      })
    )
  }

  it.effect("of messages name their group and their flow-control key as well", () =>
    Effect.gen(function* () {
      const transport = stub((sent) => Effect.succeed(fine(sent)))
      const { attributes: found } = yield* watch(
        Effect.flatMap(QStashMessages, (messages) =>
          messages.publish({ destination: { urlGroup }, flowControl: { key: flowControlKey, rate: 1 } })
        ).pipe(over(transport, options))
      )
      deepStrictEqual(
        found,
        new Map<string, unknown>([
          ["qstash.flow_control_key", flowControlKey],
          ["qstash.url_group", urlGroup]
        ])
      )
    })
  )

  it.effect("of a stream are one for each page", () =>
    Effect.gen(function* () {
      const transport = stub((_sent, index) =>
        Effect.succeed(json({ messages: [letter], ...(index < 2 ? { cursor: `${index}` } : {}) }))
      )
      const { spans } = yield* watch(calls["QStashDlq.stream"].pipe(over(transport, options)))
      deepStrictEqual(spans, ["QStashDlq.stream", "QStashDlq.stream", "QStashDlq.stream"])
    })
  )

  it.effect("tell how often a call was sent again", () =>
    Effect.gen(function* () {
      const transport = stub((sent, index) =>
        Effect.succeed(
          index < 2 ? json({ error: "no" }, { status: 429, headers: { "Retry-After": "0" } }) : fine(sent)
        )
      )
      const fiber = yield* Effect.fork(watch(calls["QStashSchedules.get"].pipe(over(transport))))
      yield* TestClock.adjust("10 seconds")
      const { seen } = yield* Fiber.join(fiber)
      assertTrue(/http\.request\.resend_count'\n2/.test(seen))
    })
  )

  it.effect("of a client that the user made stay the user's", () =>
    Effect.gen(function* () {
      const { spans } = yield* spansOf("QStashSchedules.get", (client) =>
        HttpClient.transformResponse(client, Effect.withSpan("mine"))
      )
      deepStrictEqual(spans, ["application", "QStashSchedules.get", "mine"])
    })
  )
})
