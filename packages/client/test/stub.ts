import type { QStashSchedules } from "@effect-qstash/domain"
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
): (<A, E>(self: Effect.Effect<A, E, QStashSchedules>) => Effect.Effect<A, E>) =>
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

/** Answers as QStash would where nothing goes wrong. */
export const fine = (sent: Pick<Sent, "method" | "target" | "headers">): Response =>
  sent.method === "GET"
    ? json(sent.target === "/v2/schedules" ? [record] : record)
    : sent.method === "POST" && sent.headers["upstash-cron"] !== undefined
      ? json({ scheduleId: sent.headers["upstash-schedule-id"] })
      : new Response(null)
