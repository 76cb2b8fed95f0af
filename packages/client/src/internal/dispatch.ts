import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { gunzipSync } from "node:zlib"
import type { Dispatcher } from "undici"
import { AttemptLimits, enforcing } from "./AttemptLimits.ts"
import { defaults } from "./settings.ts"
import {
  bodyFault,
  type BodyFault,
  requestFault,
  tooLarge,
  tooLate,
  type TransportFault
} from "./transportFault.ts"

type IncomingHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2]

/** Nobody sees it: when a request is aborted, its outcome is already known. */
const aborted = new Error("aborted")

/** A longer `setTimeout` fires at once. */
const longestTimer = 2 ** 31 - 1

const decoder = new TextDecoder()

/** One request on its way: undici reports to it, and once the headers have arrived, it is the response. */
class Exchange
  extends Inspectable.Class
  implements HttpClientResponse.HttpClientResponse, Dispatcher.DispatchHandler
{
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  status = 0
  headers = Headers.empty
  private setCookie: string | ReadonlyArray<string> = []
  private readonly chunks: Array<Uint8Array> = []
  private size = 0
  /** The whole body, or why it is missing. */
  private body: Either.Either<Uint8Array, unknown> | undefined
  private onBody: (() => void) | undefined
  private controller: Dispatcher.DispatchController | undefined
  private readonly timer: NodeJS.Timeout | undefined

  constructor(
    readonly request: HttpClientRequest.HttpClientRequest,
    private readonly limit: number,
    time: number,
    private readonly onHead: (head: Effect.Effect<Exchange, TransportFault>) => void
  ) {
    super()
    // A fiber that sleeps costs 20 µs, which is why this client keeps the time itself.
    this.timer = time <= longestTimer ? setTimeout(() => this.abort(tooLate), time) : undefined
  }

  onRequestStart(controller: Dispatcher.DispatchController) {
    this.controller = controller
    if (this.body !== undefined) controller.abort(aborted)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHeaders) {
    // What comes before the response, such as 103 Early Hints.
    if (status < 200) return
    this.status = status
    this.headers = Headers.fromInput(headers)
    this.setCookie = headers["set-cookie"] ?? []
    this.onHead(Effect.succeed(this))
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer) {
    this.size += chunk.length
    if (this.size > this.limit) this.abort(tooLarge)
    else this.chunks.push(chunk)
  }

  onResponseEnd() {
    const [first = new Uint8Array()] = this.chunks
    const bytes = this.chunks.length > 1 ? Buffer.concat(this.chunks) : first
    this.end(
      this.headers["content-encoding"] === "gzip" && bytes.length > 0
        ? Either.try({
            try: () => gunzipSync(bytes, { maxOutputLength: this.limit }),
            catch: (cause) => (cause instanceof RangeError ? tooLarge : cause)
          })
        : Either.right(bytes)
    )
  }

  onResponseError(_: unknown, cause: unknown) {
    this.end(Either.left(cause))
  }

  /** Cuts off the connection, unless the response has already ended. */
  abort(cause: unknown) {
    if (this.body !== undefined) return
    this.end(Either.left(cause))
    this.controller?.abort(aborted)
  }

  private end(body: Either.Either<Uint8Array, unknown>) {
    if (this.body !== undefined) return
    this.body = body
    clearTimeout(this.timer)
    if (this.status === 0 && Either.isLeft(body))
      this.onHead(Effect.fail(requestFault(this.request, body.left)))
    this.onBody?.()
  }

  private read<A>(convert: (bytes: Uint8Array) => A): Effect.Effect<A, BodyFault> {
    const ended = () =>
      Either.mapBoth(this.body ?? Either.left(aborted), {
        onLeft: (cause) => bodyFault(this, cause),
        onRight: convert
      })
    return Effect.suspend(() =>
      this.body === undefined
        ? Effect.async<A, BodyFault>((resume) => {
            this.onBody = () => resume(ended())
            return Effect.sync(() => this.abort(aborted))
          })
        : ended()
    )
  }

  get text() {
    return this.read((bytes) => decoder.decode(bytes))
  }

  get json(): Effect.Effect<unknown, BodyFault> {
    return Effect.tryMap(this.text, {
      try: (text): unknown => (text === "" ? null : JSON.parse(text)),
      catch: (cause) => bodyFault(this, cause)
    })
  }

  get arrayBuffer() {
    return this.read((bytes) => new Uint8Array(bytes).buffer)
  }

  get stream() {
    return Stream.fromEffect(this.read((bytes) => bytes))
  }

  get urlParamsBody() {
    return Effect.flatMap(this.asWeb, (web) => web.urlParamsBody)
  }

  get formData() {
    return Effect.flatMap(this.asWeb, (web) => web.formData)
  }

  private get asWeb() {
    return this.read((bytes) =>
      HttpClientResponse.fromWeb(this.request, new Response(new Uint8Array(bytes), { headers: this.headers }))
    )
  }

  get cookies() {
    return Cookies.fromSetCookie(this.setCookie)
  }

  get remoteAddress() {
    return Option.none()
  }

  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }
}

const bytesOf = ({ body }: HttpClientRequest.HttpClientRequest): Uint8Array | null | undefined =>
  body._tag === "Uint8Array" ? body.body : body._tag === "Empty" ? null : undefined

interface Address {
  readonly origin: string
  readonly path: string
}

/** The target of a call survives URL parsing as it is, so the 3 µs that parsing takes are saved. */
const cutAddress = ({ url }: HttpClientRequest.HttpClientRequest): Address => {
  const target = url.indexOf("/", "https://".length)
  return { origin: url.slice(0, target), path: url.slice(target) }
}

const parseAddress = (request: HttpClientRequest.HttpClientRequest): Address | undefined =>
  Option.match(HttpClientRequest.toUrl(request), {
    onNone: () => undefined,
    onSome: ({ origin, pathname, search }) => ({ origin, path: pathname + search })
  })

/** What fetch sends as well. */
const common = { accept: "*/*", "accept-encoding": "gzip", "user-agent": "node" }

const withoutLimits: AttemptLimits.Service = { bytes: defaults.maxResponseBytes }

/** Sends each request with its bytes, and never follows a redirect. */
export const makeClient = (dispatcher: Dispatcher): HttpClient.HttpClient => {
  const send = (
    request: HttpClientRequest.HttpClientRequest,
    address: Address | undefined,
    bytes: number,
    time: number,
    scope?: Scope.Scope
  ): Effect.Effect<HttpClientResponse.HttpClientResponse, TransportFault> => {
    const body = bytesOf(request)
    if (address === undefined) return Effect.fail(requestFault(request, undefined, "InvalidUrl"))
    if (body === undefined) return Effect.fail(requestFault(request, undefined, "Encode"))
    let exchange: Exchange | undefined
    const sent = Effect.async<Exchange, TransportFault>((resume) => {
      const started = new Exchange(request, bytes, time, resume)
      exchange = started
      dispatcher.dispatch(
        {
          ...address,
          method: request.method,
          headers: { ...common, ...request.headers },
          body,
          headersTimeout: 0,
          bodyTimeout: 0
        },
        started
      )
      return Effect.sync(() => started.abort(aborted))
    })
    return scope === undefined
      ? sent
      : Effect.zipRight(
          Scope.addFinalizer(
            scope,
            Effect.sync(() => exchange?.abort(aborted))
          ),
          sent
        )
  }
  const client = HttpClient.makeWith<never, never, TransportFault, never>(
    Effect.flatMap((request) =>
      Effect.contextWithEffect((context: Context.Context<never>) => {
        const { bytes, scope } = Option.getOrElse(
          Context.getOption(context, AttemptLimits),
          () => withoutLimits
        )
        return send(request, parseAddress(request), bytes, Infinity, scope)
      })
    ),
    Effect.succeed
  )
  enforcing.set(client, (request, { bytes, time }) =>
    send(request, cutAddress(request), bytes, Duration.toMillis(time))
  )
  return client
}
