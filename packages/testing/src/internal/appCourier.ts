import type { DeliveryOutcome, DeliveryRequest } from "@effect-qstash/engine/Courier"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { inContext } from "./inContext.ts"
import { MemoryRequest } from "./MemoryRequest.ts"

/**
 * Delivers into an `HttpApp` as a server would run it: with a scope for each request, the handlers that run before the
 * response, failures answered the way platform answers them, and a streamed body run to its end.
 */
export const deliverInto = <E, R>(
  app: HttpApp.Default<E, R>,
  context: Context.Context<Exclude<R, HttpServerRequest.HttpServerRequest | Scope.Scope>>
): ((request: DeliveryRequest) => Effect.Effect<DeliveryOutcome>) => {
  const answered = Effect.matchCauseEffect(app, {
    onFailure: (cause) =>
      Effect.flatMap(HttpServerError.causeResponse(cause), ([response]) => respond(response)),
    onSuccess: respond
  })
  return (delivery) =>
    Effect.flatMap(Scope.make(), (scope) => {
      // The request and the scope are what R asks for beside the context; the compiler cannot add up an Exclude.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const services = Context.add(
        Context.add(context, HttpServerRequest.HttpServerRequest, new MemoryRequest(delivery)),
        Scope.Scope,
        scope
      ) as Context.Context<R | HttpServerRequest.HttpServerRequest>
      return Effect.onExit(inContext(answered, services), (exit) => Scope.close(scope, exit))
    })
}

const respond = (response: HttpServerResponse.HttpServerResponse) =>
  Effect.flatMap(FiberRef.get(HttpApp.currentPreResponseHandlers), (handler) =>
    handler._tag === "None"
      ? outcomeOf(response)
      : Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
          Effect.matchCauseEffect(handler.value(request, response), {
            onFailure: (cause) =>
              Effect.flatMap(HttpServerError.causeResponse(cause), ([failed]) => outcomeOf(failed)),
            onSuccess: outcomeOf
          })
        )
  )

const outcomeOf = ({
  body,
  headers,
  status
}: HttpServerResponse.HttpServerResponse): Effect.Effect<DeliveryOutcome> => {
  const outcome: DeliveryOutcome = { _tag: "Answered", status, headers }
  return body._tag === "Stream"
    ? Effect.matchCause(Stream.runDrain(body.stream), {
        onFailure: (): DeliveryOutcome => ({ _tag: "Unanswered", reason: "the answer broke off" }),
        onSuccess: () => outcome
      })
    : Effect.succeed(outcome)
}
