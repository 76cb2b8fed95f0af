import { MessageId } from "@effect-qstash/domain"
import { retryAfter } from "@effect-qstash/engine/RetryAfter"
import type { StoredMessage } from "@effect-qstash/engine/Rows"
import { describe } from "@effect/vitest"
import { Effect } from "effect"
import { matchesMessage } from "@effect-qstash/engine/Matches"
import { responseHeaders } from "../../../engine/src/internal/responseHeaders.ts"
import { type Call, parseJson, queryOf } from "../../../server/src/internal/call.ts"
import type { Request } from "../../../server/src/internal/http.ts"
import * as OriginPolicy from "../../../server/src/internal/originPolicy.ts"
import * as Route from "../../../server/src/internal/route.ts"
import { pageOf, selectionOf } from "../../../server/src/internal/selection.ts"
import { MemoryRequest } from "../../../testing/src/internal/MemoryRequest.ts"
import { fill, growsLinearly, items, type Work } from "./growth.ts"

const given =
  <A>(inputOf: (size: number) => A, read: (input: A) => unknown): Work =>
  (size) => {
    const input = inputOf(size)
    return () => read(input)
  }

const request = (parts: Partial<Request>): Request => ({
  method: "GET",
  target: "/",
  headers: { host: ["localhost"] },
  callerIp: undefined,
  body: () => Effect.succeed(new Uint8Array()),
  ...parts
})

const callOf = (target: string, body = ""): Call => ({
  request: request({ target, body: () => Effect.succeed(new TextEncoder().encode(body)) }),
  tenant: { tenantId: "t", callerIp: undefined },
  limits: { message: 10_000_000, batch: 10_000_000 },
  id: "",
  destination: ""
})

const admit = OriginPolicy.make({ hosts: () => ["dev.example.com"], origins: ["https://app.example.com"] })

const host = (hostOf: (size: number) => string): Work =>
  given(
    (size) => request({ headers: { host: [hostOf(size)] } }),
    (one) => admit(one, true)
  )

const route = (targetOf: (size: number) => string, method = "POST"): Work =>
  given(targetOf, (target) => Route.toSafeText(Route.parse(method, target)))

const wait = (valueOf: (size: number) => string): Work =>
  given(
    (size) => ({ "retry-after": valueOf(size) }),
    (headers) => retryAfter(headers, 0)
  )

const stored = (index: number, labels: ReadonlyArray<string> = []): StoredMessage => ({
  tenantId: "t",
  messageId: MessageId.make(`m${index}`),
  sequence: index,
  settings: { labels },
  url: "https://example.com/",
  urlGroup: undefined,
  endpointName: undefined,
  scheduleId: undefined,
  callbackOf: undefined,
  callerIp: undefined,
  createdAt: 0,
  notBefore: 0,
  dueAt: 0,
  retried: 0,
  hops: 0
})

const delivery = (url: string, headers: ReadonlyArray<readonly [string, string]>) =>
  new MemoryRequest({ method: "POST", url, headers, body: new Uint8Array() })

describe("the work of server grows with its input", () => {
  growsLinearly({
    "a Host of labels": host((size) => `${fill("a.", size)} `),
    "a Host of numbers": host((size) => `127${fill(".1", size)}`),
    "an IPv6 Host": host((size) => `[${fill("0:", size)}`),
    "the port of a Host": host((size) => `localhost:${fill("1", size)}`),
    "the host of an absolute target": given(
      (size) => request({ target: `http://${fill("a", size)} ` }),
      (one) => admit(one, true)
    ),
    "an Origin": given(
      (size) => request({ headers: { host: ["localhost"], origin: [`https://${fill("a.", size)}`] } }),
      (one) => admit(one, true)
    ),
    "a path of slashes": route((size) => `/v2/publish/${fill("/", size)}`),
    "slashes inside a path": route((size) => `/a${fill("/", size)}b`),
    "slashes behind a path": route((size) => `/v2/queues${fill("/", size)}`, "GET"),
    "the name of a queue in a path": route((size) => `/v2/enqueue/${fill("a", size)}`),
    "the name of a queue that is a scheme": route((size) => `/v2/enqueue/${fill("https:/", size)}`),
    "a destination in a path": route((size) => `/v2/publish/https://xn--a-${fill("ecp", size)}`),
    "question marks in a path": route((size) => `/v2/publish/a${fill("?", size)}\n`),
    "an unknown path": route((size) => `/${fill("a-", size)}`),
    "the parameters of a query": given((size) => callOf(`/v2/dlq?${fill("a=b&", size)}`), queryOf),
    "escapes in a query": given((size) => callOf(`/v2/dlq?a=${fill("%41", size)}`), queryOf),
    "a page's cursor": given(
      (size) => callOf(`/v2/logs?cursor=${fill("a", size)}`),
      (call) => Effect.runSyncExit(pageOf(call, "log", { most: 100, takes: ["cursor"] }))
    ),
    "digits for a page's count": given(
      (size) => callOf(`/v2/logs?count=${fill("0", size)}x`),
      (call) => Effect.runSyncExit(pageOf(call, "log", { most: 100 }))
    ),
    "ids between commas in a query": given(
      (size) => callOf(`/v2/messages?messageIds=${fill("a,", size)}`),
      (call) => Effect.runSyncExit(selectionOf(call, "message", { most: 500 }))
    ),
    "ids between commas in JSON": given(
      (size) => callOf("/v2/messages", JSON.stringify({ messageIds: fill("a,", size) })),
      (call) => Effect.runSyncExit(selectionOf(call, "message", { most: 500 }))
    ),
    "a list of ids in JSON": given(
      (size) => callOf("/v2/dlq", JSON.stringify({ dlqIds: items(size, 8, (index) => `d${index}`) })),
      (call) => Effect.runSyncExit(selectionOf(call, "dlq", { most: 500 }))
    ),
    "nested JSON": given(
      (size) => new TextEncoder().encode(fill("[", size)),
      (bytes) => Effect.runSyncExit(parseJson(bytes))
    )
  })
})

describe("the work of engine grows with a worker's response", () => {
  growsLinearly({
    "digits to retry after": wait((size) => `${fill("1", size)}x`),
    "blanks to retry after": wait((size) => `1${fill(" ", size)}x`),
    "a duration to retry after": wait((size) => fill("1m", size)),
    "a duration without an end to retry after": wait((size) => `${fill("11.1ms", size)}x`),
    "a date to retry after": wait((size) => `Mon, ${fill("1 ", size)}`),
    "many headers": given(
      (size) => Object.fromEntries(items(size, 20, (index) => [`x-${index}`, "v"])),
      responseHeaders
    ),
    "a long header name": given((size) => ({ [fill("a-", size)]: "v" }), responseHeaders),
    "labels to filter by, and as many of a message": given(
      (size) => ({
        criteria: { label: ["q", ...items(size, 8, (index) => `q${index}`)] as const },
        message: stored(
          0,
          items(size, 8, (index) => `l${index}`)
        )
      }),
      ({ criteria, message }) => matchesMessage(criteria, message)
    ),
    "ids to filter by, and as many messages": given(
      (size) => ({
        criteria: { messageIds: ["q", ...items(size, 8, (index) => `q${index}`)] as const },
        messages: items(size, 8, (index) => stored(index))
      }),
      ({ criteria, messages }) => messages.filter((message) => matchesMessage(criteria, message))
    )
  })
})

describe("the work of testing grows with its input", () => {
  growsLinearly({
    "the URL of a delivery": given(
      (size) => `https://${fill("a@", size)}?${fill("a", size)}`,
      (url) => [delivery(url, []).url, delivery(url, []).headers]
    ),
    "many headers of a delivery": given(
      (size) => items(size, 20, (index) => [`X-${index}`, "v"] as const),
      (headers) => delivery("https://example.com", headers).headers
    ),
    "one header of a delivery, repeated": given(
      (size) => items(size, 10, () => ["X-A", "v"] as const),
      (headers) => delivery("https://example.com", headers).headers["x-a"]?.length
    ),
    "the cookies of a delivery": given(
      (size) => [["Cookie", items(size, 10, (index) => `a${index}=b`).join("; ")] as const],
      (headers) => delivery("https://example.com", headers).cookies
    )
  })
})
