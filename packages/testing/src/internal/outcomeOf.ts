import { answerLimit, type DeliveryOutcome } from "@effect-qstash/engine/Courier"
import * as Cookies from "@effect/platform/Cookies"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"

/** What platform's server would send. */
export const outcomeOf = (
  response: HttpServerResponse.HttpServerResponse
): DeliveryOutcome | Effect.Effect<DeliveryOutcome> => {
  const { body, status } = response
  const headers = headersOf(response)
  switch (body._tag) {
    case "Empty":
      return { _tag: "Answered", status, headers }
    case "Uint8Array":
      return { _tag: "Answered", status, headers, body: body.body }
    case "Stream":
      return Effect.matchCause(Effect.interruptible(bytesOf(body.stream)), {
        onFailure: (): DeliveryOutcome => ({ _tag: "Unanswered", reason: "the answer broke off" }),
        onSuccess: (bytes): DeliveryOutcome => ({ _tag: "Answered", status, headers, body: bytes })
      })
    case "Raw":
      return Effect.map(Effect.interruptible(rawBytes(body.body)), (bytes) => ({
        _tag: "Answered",
        status,
        headers,
        body: bytes
      }))
    case "FormData":
      return Effect.map(Effect.interruptible(formBytes(body.formData)), ({ bytes, contentType }) => ({
        _tag: "Answered",
        status,
        headers: { ...headers, "content-type": contentType },
        body: bytes
      }))
  }
}

/** With its cookies, as Node's server sends them. */
const headersOf = ({
  cookies,
  headers
}: HttpServerResponse.HttpServerResponse): Readonly<Record<string, string | ReadonlyArray<string>>> => {
  if (Cookies.isEmpty(cookies)) return headers
  const own = headers["set-cookie"]
  return { ...headers, "set-cookie": [...Cookies.toSetCookieHeaders(cookies), ...Arr.fromNullable(own)] }
}

/** What Node's server can send as it is: text, bytes, or a stream of its own. */
const rawBytes = (body: unknown): Effect.Effect<Uint8Array> => {
  if (typeof body === "string") return Effect.succeed(new TextEncoder().encode(body))
  if (Predicate.isUint8Array(body)) return Effect.succeed(body)
  if (Predicate.isNullable(body)) return Effect.succeed(new Uint8Array())
  return isAsyncIterable(body)
    ? Effect.orDie(
        bytesOf(
          Stream.mapEffect(
            Stream.fromAsyncIterable(body, (cause) => cause),
            rawBytes
          )
        )
      )
    : Effect.dieMessage("A raw body is text, bytes or a stream of these")
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  Predicate.hasProperty(value, Symbol.asyncIterator)

const formBytes = (form: FormData) => {
  const response = new Response(form)
  return Effect.map(
    Effect.promise(() => response.arrayBuffer()),
    (buffer) => ({
      bytes: new Uint8Array(buffer),
      contentType: response.headers.get("content-type") ?? "multipart/form-data"
    })
  )
}

/** The connection of an answer that goes on beyond the limit is closed. */
const bytesOf = <E, R>(stream: Stream.Stream<Uint8Array, E, R>): Effect.Effect<Uint8Array, E, R> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    return Effect.map(
      Stream.runForEachWhile(stream, (chunk) =>
        Effect.sync(() => {
          chunks.push(chunk)
          size += chunk.length
          return size <= answerLimit
        })
      ),
      () => joined(chunks, size)
    )
  })

const joined = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
