import {
  type DlqMessageNotFound,
  type FlowControlKeyNotFound,
  type MessageNotFound,
  type QStashError,
  QStashInvalidRequest,
  type QStashQuotaExceeded,
  type QueueNotFound,
  type ScheduleNotFound,
  type UrlGroupNotFound
} from "@effect-qstash/domain/QStashError"
import { errorTexts } from "@effect-qstash/domain/wire/ErrorBody"
import * as QuotaText from "@effect-qstash/domain/wire/QuotaText"
import type { Tenant } from "@effect-qstash/engine/TenantServices"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Buffer, isAscii, isUtf8, transcode } from "node:buffer"
import { cut } from "./cut.ts"
import { type Answer, Refusal, type Request } from "./http.ts"
import type { CallName } from "./route.ts"

/** How large bodies may be, in bytes. */
export interface Limits {
  readonly message: number
  readonly batch: number
}

/** A request whose sender and route are known. */
export interface Call {
  readonly request: Request
  readonly tenant: Tenant
  readonly limits: Limits
  /** The segment of the path with the id or name, not yet decoded. */
  readonly id: string
  /** What follows the path, byte for byte. */
  readonly destination: string
}

/** Why a call is not served. */
export type Failure =
  | Refusal
  | ScheduleNotFound
  | MessageNotFound
  | QueueNotFound
  | UrlGroupNotFound
  | DlqMessageNotFound
  | FlowControlKeyNotFound
  | QStashQuotaExceeded
  | QStashError

export type Handler = (call: Call) => Effect.Effect<Answer, Failure>

/** The handlers of some calls, by name. */
export type Handlers<Names extends CallName> = Readonly<Record<Names, Handler>>

/** QStash responds to a change with 200 and no body. */
export const done: Answer = { status: 200 }

/** Checks the id or name in the path, then serves the call with a service of the tenant. */
export const checkingId =
  <Service, Id>(
    serviceOf: (tenant: Tenant) => Service,
    idOf: (segment: string) => Effect.Effect<Id, Failure>
  ) =>
  (serve: (service: Service, id: Id, call: Call) => Effect.Effect<Answer, Failure>): Handler =>
  (call) =>
    Effect.flatMap(idOf(call.id), (id) => serve(serviceOf(call.tenant), id, call))

const notEmpty = (segment: string): Effect.Effect<string, Refusal> =>
  segment === ""
    ? new Refusal({ status: 400, error: "the id or name in the path is empty" })
    : Effect.succeed(segment)

const percentDecoded = (segment: string): Effect.Effect<string, Refusal> =>
  Effect.flatMap(notEmpty(segment), (encoded) =>
    Effect.try({
      try: () => decodeURIComponent(encoded),
      catch: () =>
        new Refusal({
          status: 400,
          error: "the id or name in the path is not percent-encoded as it should be"
        })
    })
  )

/** An id that QStash makes or restricts: an invalid one is not found. */
export const idOf = <A>(id: Schema.Schema<A, string>, what: string) => {
  const decode = Schema.decodeOption(id)
  return (segment: string): Effect.Effect<A, Refusal> =>
    Effect.flatMap(percentDecoded(segment), (text) =>
      Option.match(decode(text), { onNone: () => notFound(what, text), onSome: Effect.succeed })
    )
}

/** A name that users choose: an invalid one is a bad request. */
export const nameOf = <A>(name: Schema.Schema<A, string>, field: string) => {
  const decode = Schema.decodeEither(name)
  return (segment: string): Effect.Effect<A, Refusal | QStashInvalidRequest> =>
    Effect.flatMap(percentDecoded(segment), (text) =>
      Either.mapLeft(decode(text), ({ message }) => new QStashInvalidRequest({ field, reason: message }))
    )
}

/** The body of a call that carries one message or JSON. */
export const bodyOf = (call: Call): Effect.Effect<Uint8Array, Refusal> =>
  call.request.body(call.limits.message, "maxMessageSize")

const notJson = (): Refusal => new Refusal({ status: 400, error: "the body is not JSON in UTF-8" })

/** Bytes of UTF-8 as text. `toString("utf8")` takes 42 ms for 10 MB that are not ASCII, the way through UTF-16 3 ms. */
const textOf = (bytes: Uint8Array): string =>
  isAscii(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
    : transcode(bytes, "utf8", "utf16le").toString("utf16le")

/** A byte order mark in front is ignored. */
export const parseJson = (body: Uint8Array): Effect.Effect<unknown, Refusal> =>
  isUtf8(body)
    ? Effect.try({
        try: (): unknown => JSON.parse(textOf(body).replace(/^\uFEFF/, "")),
        catch: notJson
      })
    : notJson()

export const jsonOf = (call: Call): Effect.Effect<unknown, Refusal> => Effect.flatMap(bodyOf(call), parseJson)

/** The parts of a request with a destination, as the wire codecs take them. */
export const partsOf = (call: Call) =>
  /^\/*(?:\?|$)/.test(call.destination)
    ? Effect.fail(new Refusal({ status: 400, error: errorTexts.emptyDestination }))
    : Effect.map(bodyOf(call), (body) => ({
        target: call.destination,
        headers: call.request.headers,
        body
      }))

/** The query of the call, without the token that may be in it. */
export const queryOf = ({ request: { target } }: Call): ReadonlyArray<readonly [string, string]> => {
  const mark = target.indexOf("?")
  const parameters = new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1))
  return [...parameters].filter(([name]) => name !== "qstash_token")
}

export const notFound = (what: string, id: string): Refusal =>
  new Refusal({ status: 404, error: `${what} ${cut(id)} not found` })

/** The response to each error of the services. */
export const refusalOf = (error: Failure): Refusal => {
  switch (error._tag) {
    case "Refusal":
      return error
    case "ScheduleNotFound":
      return notFound("schedule", error.scheduleId)
    case "MessageNotFound":
      return notFound("message", error.messageId)
    case "QueueNotFound":
      return notFound("queue", error.queueName)
    case "UrlGroupNotFound":
      return notFound("topic", error.urlGroup)
    case "DlqMessageNotFound":
      return notFound("dlq message", error.dlqId)
    case "FlowControlKeyNotFound":
      return notFound("flow control key", error.flowControlKey)
    case "QStashInvalidRequest":
      return new Refusal({
        status: error.status ?? 400,
        error: error.field === undefined ? error.reason : `${error.field}: ${error.reason}`
      })
    case "QStashQuotaExceeded":
      return new Refusal({ status: error.status, error: QuotaText.toWire(error.reason) })
    case "QStashUnauthorized":
      return new Refusal({ status: error.status, error: error.reason })
    case "QStashRateLimited":
      return new Refusal({ status: 429, error: error.message })
    case "QStashUnavailable":
    case "QStashUnexpectedResponse":
      return new Refusal({ status: 500, error: error.reason })
    case "QStashResponseTooLarge":
      return new Refusal({ status: 500, error: error.message })
  }
}
