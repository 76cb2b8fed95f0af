/**
 * Delivers over HTTP with undici itself: its lowest level sends a URL, a method and headers as they are given, where
 * `fetch` would rewrite URLs, refuse a GET with a body and follow redirects.
 *
 * @since 0.1.0
 */
import {
  answerLimit,
  Courier,
  type DeliveryOutcome,
  type DeliveryRequest,
  responseHeaderLimit
} from "@effect-qstash/engine/Courier"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { rootCertificates } from "node:tls"
import { Agent } from "undici"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * PEM certificates that are trusted beside the usual authorities, for a worker with a certificate of its own.
   *
   * @default none
   */
  readonly ca?: string | ReadonlyArray<string> | undefined
  /**
   * How many bytes of headers a worker's response may have, names and values together. A response with more fails the
   * attempt.
   *
   * @default 1 MiB
   */
  readonly maxResponseHeaderBytes?: number | undefined
}

/**
 * Sends each request as it stands: path and query byte for byte, header names in the case given, the body with every
 * method. A redirect is an answer like any other. Connections are kept and used again, and are closed with the scope.
 *
 * Credentials of the URL become `Authorization: Basic`, unless the message has that header. `Host` and what frames the
 * body are undici's own to add.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Courier.Service, never, Scope.Scope> => {
  const maxHeaderBytes = options.maxResponseHeaderBytes ?? responseHeaderLimit
  return Effect.map(
    Effect.acquireRelease(
      Effect.sync(
        () =>
          new Agent({
            // The deadline is the engine's, so none of undici's own may come before it.
            headersTimeout: 0,
            bodyTimeout: 0,
            // undici refuses this size itself too.
            maxHeaderSize: maxHeaderBytes + 1,
            connect: {
              timeout: 0,
              ...(options.ca === undefined ? {} : { ca: [...rootCertificates, ...Arr.ensure(options.ca)] })
            }
          })
      ),
      (agent) => Effect.promise(() => agent.destroy())
    ),
    (agent) => ({
      deliver: (request) =>
        Effect.tryPromise({
          try: (signal) => send(agent, request, signal),
          catch: (error): DeliveryOutcome => ({
            _tag: "Unanswered",
            reason: reasonOf(error, hostOf(request.url), maxHeaderBytes)
          })
        }).pipe(Effect.merge)
    })
  )
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<Courier> => Layer.scoped(Courier, make(options))

const send = async (
  agent: Agent,
  request: DeliveryRequest,
  signal: AbortSignal
): Promise<DeliveryOutcome> => {
  const url = new URL(request.url)
  const answer = await agent.request({
    origin: url.origin,
    path: rawPath(request.url, url),
    method: request.method,
    headers: headersOf(request, url),
    body: request.body.length === 0 ? null : request.body,
    signal
  })
  const chunks: Array<Uint8Array> = []
  // The connection of an answer that goes on is closed.
  let room = answerLimit
  for await (const chunk of answer.body) {
    const bytes: Uint8Array = chunk
    chunks.push(bytes.subarray(0, room))
    room -= bytes.length
    if (room < 0) break
  }
  return {
    _tag: "Answered",
    status: answer.statusCode,
    headers: answer.headers,
    body: Buffer.concat(chunks)
  }
}

/** What follows the authority, up to the fragment, as it was written. */
const rawPath = (text: string, url: URL): string => {
  const raw = /^https?:\/\/[^/?#\\]+([^#]*)/i.exec(text)?.[1] ?? url.pathname + url.search
  return raw.startsWith("/") ? raw : `/${raw}`
}

const headersOf = (request: DeliveryRequest, url: URL): Array<string> => {
  const hasCredentials = url.username !== "" || url.password !== ""
  const isAuthorized = request.headers.some(([name]) => name.toLowerCase() === "authorization")
  const headers = request.headers.flat()
  return hasCredentials && !isAuthorized ? [...headers, "Authorization", basic(url)] : headers
}

const basic = (url: URL): string =>
  `Basic ${Buffer.concat([percentDecoded(url.username), Buffer.from(":"), percentDecoded(url.password)]).toString("base64")}`

/** The URL parser lets a stray `%` stand, on which `decodeURIComponent` would throw. */
const percentDecoded = (text: string): Buffer =>
  Buffer.from(
    text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1"
  )

const parseHost = Option.liftThrowable((url: string) => new URL(url).host)

const hostOf = (url: string): string => Option.getOrElse(parseHost(url), () => "the destination")

/** Says what went wrong in words of our own: the texts of undici and of Node repeat parts of the request. */
const reasonOf = (error: unknown, host: string, maxHeaderBytes: number): string => {
  const code = [property(error, "code"), property(error, "name")].find(Predicate.isString) ?? "unknown error"
  if (/^(?:UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW)$/.test(code)) {
    return `${host} sent more than ${maxHeaderBytes} bytes of response headers, the limit of maxResponseHeaderBytes`
  }
  if (hasBadStatusLine(error, code)) return `${host} sent an invalid HTTP status line (${code})`
  const found = reasons.find(([pattern]) => pattern.test(code))
  return `${found === undefined ? `${host} could not be reached` : found[1](host)} (${code})`
}

/**
 * undici asserts that a status is at least 100 and that nobody switches protocols unasked, and calls an unasked 100
 * "bad response". For the rest of the status line it has no code either, only the text of its parser.
 */
const hasBadStatusLine = (error: unknown, code: string): boolean => {
  const text = String(property(error, "message"))
  return (
    code === "ERR_ASSERTION" ||
    (code === "UND_ERR_SOCKET" && text === "bad response") ||
    (code === "HTTPParserError" &&
      /\(Invalid (?:status code|response status|HTTP version)|\(Expected (?:HTTP\/|space after version)/.test(
        text
      ))
  )
}

const property = (error: unknown, name: string): unknown =>
  Predicate.hasProperty(error, name) ? error[name] : undefined

const reasons: ReadonlyArray<readonly [RegExp, (host: string) => string]> = [
  [/^ECONNREFUSED$/, (host) => `${host} refused the connection`],
  [/^(?:ENOTFOUND|EAI_\w+)$/, (host) => `${host} could not be resolved`],
  [/^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, (host) => `${host} could not be reached`],
  [
    /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_CLOSED|UND_ERR_DESTROYED)$/,
    (host) => `${host} closed the connection before its response was complete`
  ],
  [/^(?:HTTPParserError|HPE_\w+|UND_ERR_RES_\w+)$/, (host) => `the response of ${host} is not valid HTTP`],
  [
    /^(?:UND_ERR_INVALID_ARG|ERR_INVALID_\w+)$/,
    (host) => `the request to ${host} cannot be sent: a header or the path is not valid`
  ],
  [
    /^(?:EPROTO|ERR_TLS_\w+|ERR_SSL_\w+|CERT_\w+|UNABLE_TO_\w+|\w*SELF_SIGNED_CERT\w*|HOSTNAME_MISMATCH)$/,
    (host) => `no secure connection to ${host}`
  ]
]
