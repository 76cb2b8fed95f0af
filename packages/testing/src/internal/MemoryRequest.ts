import type { DeliveryRequest } from "@effect-qstash/engine/Courier"
import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import { isHttpMethod } from "@effect/platform/HttpMethod"
import { RequestError } from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Multipart from "@effect/platform/Multipart"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import { constUndefined } from "effect/Function"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

interface Overrides {
  readonly url?: string
  readonly headers?: Headers.Headers
  readonly remoteAddress?: string
}

/** A delivery as the request of an `HttpApp`, as it would arrive over a socket. */
export class MemoryRequest extends Inspectable.Class implements HttpServerRequest.HttpServerRequest {
  readonly [HttpServerRequest.TypeId]: HttpServerRequest.TypeId = HttpServerRequest.TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly source: DeliveryRequest
  private readonly address: string
  /** The unmodified request. As on a socket, its body can be read only once, even through modified copies. */
  private readonly first: MemoryRequest
  private isRead = false
  private readText: string | undefined
  private readUrl: string | undefined
  private readHeaders: Headers.Headers | undefined

  constructor(
    source: DeliveryRequest,
    { headers, remoteAddress = "127.0.0.1", url }: Overrides = {},
    first?: MemoryRequest
  ) {
    super()
    this.source = source
    this.first = first ?? this
    this.readUrl = url
    this.readHeaders = headers
    this.address = remoteAddress
  }

  get remoteAddress(): Option.Option<string> {
    return Option.some(this.address)
  }

  // Both are computed on first use, because many apps never read them.

  get url(): string {
    this.readUrl ??= targetOf(this.source.url)
    return this.readUrl
  }

  get headers(): Headers.Headers {
    this.readHeaders ??= headersOf(this.source)
    return this.readHeaders
  }

  /** The target of the request, as on a socket: without the host, which is only in the header. */
  get originalUrl(): string {
    return targetOf(this.source.url)
  }

  get method(): HttpMethod {
    return isHttpMethod(this.source.method) ? this.source.method : "POST"
  }

  get cookies() {
    return Cookies.parseHeader(this.headers["cookie"] ?? "")
  }

  /** Reads the whole body, up to the limit that an application may set. */
  private read<A>(
    give: (bytes: Uint8Array) => A,
    given: () => A | undefined = constUndefined
  ): Effect.Effect<A, RequestError> {
    return Effect.flatMap(HttpIncomingMessage.MaxBodySize, (limit) => {
      const before = given()
      if (before !== undefined) return Effect.succeed(before)
      if (Option.isSome(limit) && this.source.body.length > limit.value) {
        const description = `The body is longer than ${limit.value} bytes`
        return new RequestError({ request: this, reason: "Decode", description })
      }
      return this.take(give)
    })
  }

  /** Reads the body. Reading it a second time hangs on Node; here it dies with an explanation. */
  private take<A>(give: (bytes: Uint8Array) => A): Effect.Effect<A> {
    if (this.first.isRead) {
      return Effect.dieMessage(
        "The body of this request has already been read. Reading it again would hang on Node, unless both times as text or JSON: keep the first result"
      )
    }
    this.first.isRead = true
    return Effect.succeed(give(this.source.body))
  }

  get text(): Effect.Effect<string, RequestError> {
    return this.read(
      (bytes) => (this.readText = utf8.decode(bytes)),
      () => this.readText
    )
  }

  get json(): Effect.Effect<unknown, RequestError> {
    return Effect.tryMap(this.text, {
      try: (text): unknown => (text === "" ? null : JSON.parse(text)),
      catch: (cause) => new RequestError({ request: this, reason: "Decode", cause })
    })
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, RequestError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, RequestError> {
    return this.read((bytes) => Uint8Array.from(bytes).buffer)
  }

  /** Without a limit: that is up to the reader of the stream. */
  get stream(): Stream.Stream<Uint8Array, RequestError> {
    return Stream.fromIterableEffect(
      Effect.suspend(() => this.take((bytes) => (bytes.length === 0 ? [] : [Uint8Array.from(bytes)])))
    )
  }

  get multipart() {
    return Multipart.toPersisted(this.multipartStream)
  }

  get multipartStream(): Stream.Stream<Multipart.Part, Multipart.MultipartError> {
    return Stream.pipeThroughChannel(
      Stream.mapError(
        this.stream,
        (cause) => new Multipart.MultipartError({ reason: "InternalError", cause })
      ),
      Multipart.makeChannel(this.headers)
    )
  }

  get upgrade(): Effect.Effect<never, RequestError> {
    return new RequestError({
      request: this,
      reason: "Decode",
      description: "A delivery is no request to upgrade"
    })
  }

  modify(overrides: Overrides): MemoryRequest {
    return new MemoryRequest(
      this.source,
      {
        url: overrides.url ?? this.url,
        headers: overrides.headers ?? this.headers,
        remoteAddress: overrides.remoteAddress ?? this.address
      },
      this.first
    )
  }

  override toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpServerRequest",
      method: this.method,
      url: this.originalUrl
    })
  }
}

/** Path and query, as in a request line. */
const targetOf = (url: string): string => {
  const [, target = ""] = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url) ?? []
  return target.startsWith("/") ? target : `/${target}`
}

const hostOf = (url: string): string => /^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(url)?.[1] ?? ""

/** Node keeps only the first value of these headers. */
const keptOnce = new Set([
  "age",
  "authorization",
  "content-length",
  "content-type",
  "etag",
  "expires",
  "from",
  "host",
  "if-modified-since",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "referer",
  "retry-after",
  "server",
  "user-agent"
])

/** Joins repeated values as Node does. */
const headersOf = ({ body, headers, method, url }: DeliveryRequest): Headers.Headers => {
  const record: Record<string, string> = { host: hostOf(url) }
  // A method that usually has a body sends a length even without one.
  if (body.length > 0 || /^(?:POST|PUT|PATCH)$/.test(method)) record["content-length"] = String(body.length)
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    const before = record[lower]
    if (before === undefined) record[lower] = value
    else if (!keptOnce.has(lower)) record[lower] = `${before}${lower === "cookie" ? "; " : ", "}${value}`
  }
  return Headers.unsafeFromRecord(record)
}
