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
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

const utf8 = new TextDecoder()

interface Overrides {
  readonly url?: string
  readonly headers?: Headers.Headers
  readonly remoteAddress?: string
}

/** A delivery as the request of an `HttpApp`: what a socket would bring, without the socket. */
export class MemoryRequest extends Inspectable.Class implements HttpServerRequest.HttpServerRequest {
  readonly [HttpServerRequest.TypeId]: HttpServerRequest.TypeId = HttpServerRequest.TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly source: DeliveryRequest
  readonly remoteAddress: Option.Option<string>
  private readUrl: string | undefined
  private readHeaders: Headers.Headers | undefined

  constructor(source: DeliveryRequest, { headers, remoteAddress, url }: Overrides = {}) {
    super()
    this.source = source
    this.readUrl = url
    this.readHeaders = headers
    this.remoteAddress = Option.fromNullable(remoteAddress)
  }

  // Both are made when first asked for: many an app never looks.

  get url(): string {
    this.readUrl ??= targetOf(this.source.url)
    return this.readUrl
  }

  get headers(): Headers.Headers {
    this.readHeaders ??= headersOf(this.source)
    return this.readHeaders
  }

  get originalUrl(): string {
    return this.source.url
  }

  get method(): HttpMethod {
    return isHttpMethod(this.source.method) ? this.source.method : "POST"
  }

  get cookies() {
    return Cookies.parseHeader(this.headers["cookie"] ?? "")
  }

  get text(): Effect.Effect<string, RequestError> {
    return Effect.sync(() => utf8.decode(this.source.body))
  }

  get json(): Effect.Effect<unknown, RequestError> {
    return Effect.try({
      try: (): unknown => JSON.parse(utf8.decode(this.source.body)),
      catch: (cause) => new RequestError({ request: this, reason: "Decode", cause })
    })
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, RequestError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, RequestError> {
    return Effect.sync(() => Uint8Array.from(this.source.body).buffer)
  }

  get stream(): Stream.Stream<Uint8Array, RequestError> {
    return Stream.sync(() => Uint8Array.from(this.source.body))
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
    return new MemoryRequest(this.source, {
      url: overrides.url ?? this.url,
      headers: overrides.headers ?? this.headers,
      ...(overrides.remoteAddress === undefined ? {} : { remoteAddress: overrides.remoteAddress })
    })
  }

  override toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpServerRequest",
      method: this.method,
      url: this.url
    })
  }
}

/** Path and query, as they stand in a request line. */
const targetOf = (url: string): string => {
  const [, target = ""] = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url) ?? []
  return target.startsWith("/") ? target : `/${target}`
}

const hostOf = (url: string): string => /^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(url)?.[1] ?? ""

/** Repeated values arrive joined, as Node joins them. */
const headersOf = ({ body, headers, url }: DeliveryRequest): Headers.Headers => {
  const record: Record<string, string> = { host: hostOf(url) }
  if (body.length > 0) record["content-length"] = String(body.length)
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    const before = record[lower]
    record[lower] = before === undefined ? value : `${before}, ${value}`
  }
  return Headers.unsafeFromRecord(record)
}
