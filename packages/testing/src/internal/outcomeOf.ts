import { answerLimit, type DeliveryOutcome } from "@effect-qstash/engine/Courier"
import * as Cookies from "@effect/platform/Cookies"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Stream from "effect/Stream"

/** What platform's server would send. Most bodies are known at once, so that no fiber waits for them. */
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
      return read({ _tag: "Answered", status, headers }, body.stream)
    case "Raw":
    case "FormData":
      return Effect.suspend(() => {
        // Without the status, since a `Response` rejects a body with some of them.
        const web = HttpServerResponse.toWeb(
          HttpServerResponse.setBody(HttpServerResponse.empty({ status: 200 }), body)
        )
        const contentType =
          body._tag === "FormData" ? { "content-type": web.headers.get("content-type") ?? "" } : {}
        const { body: bytes } = web
        return read(
          { _tag: "Answered", status, headers: { ...headers, ...contentType } },
          bytes === null ? Stream.empty : Stream.fromReadableStream(() => bytes, identity)
        )
      })
  }
}

/** Includes the cookies, as Node's server sends them. */
const headersOf = ({
  cookies,
  headers
}: HttpServerResponse.HttpServerResponse): Readonly<Record<string, string | ReadonlyArray<string>>> => {
  if (Cookies.isEmpty(cookies)) return headers
  const own = headers["set-cookie"]
  return { ...headers, "set-cookie": [...Cookies.toSetCookieHeaders(cookies), ...Arr.fromNullable(own)] }
}

/** Stops reading once the body is longer than what QStash keeps. */
const read = (
  answered: Extract<DeliveryOutcome, { readonly _tag: "Answered" }>,
  body: Stream.Stream<Uint8Array, unknown>
): Effect.Effect<DeliveryOutcome> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  return Stream.runForEachWhile(body, (chunk) =>
    Effect.sync(() => {
      chunks.push(chunk)
      size += chunk.length
      return size <= answerLimit
    })
  ).pipe(
    Effect.interruptible,
    Effect.matchCause({
      onFailure: () => ({ _tag: "Unanswered", reason: "the response broke off" }),
      onSuccess: () => ({ ...answered, body: joined(chunks, size) })
    })
  )
}

const joined = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
