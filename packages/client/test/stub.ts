import type { QStashServices } from "@effect-qstash/domain"
import { QStashClient } from "@effect-qstash/client"
import {
  HttpClient,
  type HttpClientError,
  type HttpClientRequest,
  HttpClientResponse
} from "@effect/platform"
import { Effect, Layer, Redacted } from "effect"

/** A request as the transport gets it. */
export interface Sent {
  readonly method: string
  readonly url: URL
  /** Path and query, as they stand on the wire. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  readonly request: HttpClientRequest.HttpClientRequest
}

export type Answer = (sent: Sent, index: number) => Effect.Effect<Response, HttpClientError.HttpClientError>

/** A transport in memory. */
export const stub = (answer: Answer) => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request, url) => {
    const one: Sent = {
      method: request.method,
      url,
      target: url.pathname + url.search,
      headers: { ...request.headers },
      body: request.body._tag === "Uint8Array" ? request.body.body : undefined,
      request
    }
    sent.push(one)
    return Effect.map(answer(one, sent.length - 1), (response) =>
      HttpClientResponse.fromWeb(request, response)
    )
  })
  return { sent, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

export const token = Redacted.make("token-of-the-account")

/** Runs an effect with a client over a transport in memory. */
export const over = (
  transport: { readonly layer: Layer.Layer<HttpClient.HttpClient> },
  options: Partial<QStashClient.Options> = {}
): (<A, E>(self: Effect.Effect<A, E, QStashServices>) => Effect.Effect<A, E>) =>
  Effect.provide(Layer.orDie(QStashClient.layer({ token, ...options })).pipe(Layer.provide(transport.layer)))

export const json = (
  body: unknown,
  init?: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
): Response =>
  new Response(JSON.stringify(body), {
    ...init,
    headers: { "Content-Type": "application/json", ...init?.headers }
  })

/** The least that a record needs. */
export const record = {
  scheduleId: "nightly",
  cron: "0 4 * * *",
  destination: "https://example.com",
  createdAt: 0
}

export const pending = {
  messageId: "msg_1",
  url: "https://example.com",
  method: "POST",
  maxRetries: 3,
  notBefore: 0,
  createdAt: 0
}

export const letter = { ...pending, dlqId: "1725323658779-0" }

export const logEntry = { time: 0, state: "CREATED", messageId: "msg_1", url: "https://example.com" }

const queue = { name: "reports", createdAt: 0, updatedAt: 0, parallelism: 1, paused: false, lag: 0 }

const group = { name: "team.a", createdAt: 0, updatedAt: 0, endpoints: [{ url: "https://example.com" }] }

const state = { flowControlKey: "per customer/é" }

const keys = { current: "sig_current", next: "sig_next" }

/** One message for a URL, a list for a group. */
const published = (destination: string, messageId = "msg_1"): unknown =>
  /^https?:/i.test(destination) ? { messageId } : [{ messageId, url: "https://example.com" }]

interface Asked {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | undefined
}

const textOf = ({ body = "" }: Asked): string =>
  typeof body === "string" ? body : new TextDecoder().decode(body)

const routes: ReadonlyArray<readonly [route: RegExp, answer: (asked: Asked, rest: string) => unknown]> = [
  [/^GET \/v2\/schedules$/, () => [record]],
  [/^GET \/v2\/schedules\//, () => record],
  [
    /^POST \/v2\/schedules\//,
    ({ headers }) =>
      headers["upstash-cron"] === undefined ? undefined : { scheduleId: headers["upstash-schedule-id"] }
  ],
  [/^POST \/v2\/(?:publish|enqueue\/[^/]+)\/(.*)$/, (_, destination) => published(destination)],
  [
    /^POST \/v2\/batch$/,
    (asked) => {
      const items: ReadonlyArray<{ readonly destination: string }> = JSON.parse(textOf(asked))
      return items.map(({ destination }, index) => published(destination, `msg_${index + 1}`))
    }
  ],
  [/^GET \/v2\/messages\//, () => pending],
  [/^DELETE \/v2\/messages(?:\?|$)/, () => ({ cancelled: 2 })],
  [/^GET \/v2\/queues$/, () => [queue]],
  [/^GET \/v2\/queues\//, () => queue],
  [/^GET \/v2\/topics$/, () => [group]],
  [/^GET \/v2\/topics\//, () => group],
  [/^GET \/v2\/dlq(?:\?|$)/, () => ({ messages: [letter] })],
  [/^GET \/v2\/dlq\//, () => letter],
  [/^DELETE \/v2\/dlq(?:\?|$)/, () => ({ deleted: 2 })],
  [/^POST \/v2\/dlq\/retry(?:\?|$)/, () => ({ responses: [{ messageId: "msg_2" }], cursor: "" })],
  [/^POST \/v2\/dlq\/retry\//, () => ({ messageId: "msg_2" })],
  [/^GET \/v2\/flowControl$/, () => [state]],
  [/^GET \/v2\/flowControl\//, () => state],
  [/^GET \/v2\/globalParallelism$/, () => ({ parallelismMax: 10, parallelismCount: 1 })],
  [/^GET \/v2\/events(?:\?|$)/, () => ({ events: [logEntry] })],
  [/^(?:GET \/v2\/keys|POST \/v2\/keys\/rotate)$/, () => keys]
]

/** The JSON that QStash answers where nothing goes wrong, if it answers any. */
export const answerOf = (asked: Asked): unknown => {
  for (const [route, answer] of routes) {
    const found = route.exec(`${asked.method} ${asked.target}`)
    if (found !== null) return answer(asked, found[1] ?? "")
  }
  return undefined
}

/** Answers as QStash would where nothing goes wrong. */
export const fine = (sent: Asked): Response => {
  const answer = answerOf(sent)
  return answer === undefined ? new Response(null) : json(answer)
}
