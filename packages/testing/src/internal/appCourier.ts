import type { DeliveryOutcome, DeliveryRequest } from "@effect-qstash/engine/Courier"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { inContext } from "./inContext.ts"
import { MemoryRequest } from "./MemoryRequest.ts"
import { warnOf } from "./warnOf.ts"

/**
 * Delivers into an `HttpApp` as a server would run it: with a scope for each request, the handlers that run before the
 * response, failures answered the way platform answers them, and a streamed body run to its end.
 */
export const deliverInto = <E, R>(
  app: HttpApp.Default<E, R>,
  context: Context.Context<Exclude<R, HttpServerRequest.HttpServerRequest | Scope.Scope>>
): ((request: DeliveryRequest) => Effect.Effect<DeliveryOutcome>) => {
  const answered = Effect.matchCauseEffect(app, {
    onFailure: (cause) => Effect.flatMap(responseOf(cause), respond),
    onSuccess: respond
  })
  const services = Array.from(context.unsafeMap)
  return (delivery) =>
    Effect.scopedWith((scope) =>
      inContext(
        answered,
        // The request and the scope are what R asks for beside the context. One Map: each `Context.add` would make another.
        Context.unsafeMake<R | HttpServerRequest.HttpServerRequest>(
          new Map<string, unknown>(services)
            .set(HttpServerRequest.HttpServerRequest.key, new MemoryRequest(delivery))
            .set(Scope.Scope.key, scope)
        )
      )
    )
}

/** What platform answers a failure with. A failure that has no answer of its own is a bug. */
const responseOf = (cause: Cause.Cause<unknown>) =>
  Effect.tap(
    Effect.map(HttpServerError.causeResponse(cause), ([response]) => response),
    ({ status }) =>
      status < 500 || Cause.isInterruptedOnly(cause)
        ? Effect.void
        : Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => warnOf(request, cause))
  )

const respond = (response: HttpServerResponse.HttpServerResponse) =>
  Effect.withFiberRuntime<DeliveryOutcome, never, HttpServerRequest.HttpServerRequest>((fiber) => {
    const handler = fiber.getFiberRef(HttpApp.currentPreResponseHandlers)
    return handler._tag === "None"
      ? outcomeOf(response)
      : Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
          Effect.matchCauseEffect(handler.value(request, response), {
            onFailure: (cause) => Effect.flatMap(responseOf(cause), outcomeOf),
            onSuccess: outcomeOf
          })
        )
  })

const outcomeOf = ({
  body,
  headers,
  status
}: HttpServerResponse.HttpServerResponse): Effect.Effect<DeliveryOutcome> => {
  switch (body._tag) {
    case "Uint8Array":
      return Effect.succeed({ _tag: "Answered", status, headers, body: body.body })
    case "Stream":
      return Effect.matchCause(Stream.runCollect(body.stream), {
        onFailure: (): DeliveryOutcome => ({ _tag: "Unanswered", reason: "the answer broke off" }),
        onSuccess: (chunks): DeliveryOutcome => ({
          _tag: "Answered",
          status,
          headers,
          body: joined(Chunk.toReadonlyArray(chunks))
        })
      })
    case "Raw":
      return Effect.map(rawBytes(body.body), (bytes) => ({ _tag: "Answered", status, headers, body: bytes }))
    case "FormData":
      return Effect.map(formBytes(body.formData), ({ bytes, contentType }) => ({
        _tag: "Answered",
        status,
        headers: { ...headers, "content-type": contentType },
        body: bytes
      }))
    case "Empty":
      return Effect.succeed({ _tag: "Answered", status, headers })
  }
}

/** What Node's server can send as it is: text, bytes, or a stream of its own. */
const rawBytes = (body: unknown): Effect.Effect<Uint8Array> => {
  if (typeof body === "string") return Effect.succeed(new TextEncoder().encode(body))
  if (Predicate.isUint8Array(body)) return Effect.succeed(body)
  if (Predicate.isNullable(body)) return Effect.succeed(new Uint8Array())
  return isAsyncIterable(body)
    ? Stream.fromAsyncIterable(body, (cause) => cause).pipe(
        Stream.mapEffect(rawBytes),
        Stream.runCollect,
        Effect.map((chunks) => joined(Chunk.toReadonlyArray(chunks))),
        Effect.orDie
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

const joined = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
