import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { TransportFault } from "./transportFault.ts"

export declare namespace AttemptLimits {
  export interface Service {
    /** Of the body, after decompression. */
    readonly bytes: number
    /** When it closes, the request is aborted. */
    readonly scope?: Scope.Scope
  }
}

/** How far an `HttpClient` of {@link enforcing} may go for one attempt that comes through a `transformClient`. */
export class AttemptLimits extends Context.Tag("@effect-qstash/client/AttemptLimits")<
  AttemptLimits,
  AttemptLimits.Service
>() {}

/** Sends a request of the client itself. The time is from the connection to the end of the response. */
type SendWithin = (
  request: HttpClientRequest.HttpClientRequest,
  limits: { readonly time: Duration.Duration; readonly bytes: number }
) => Effect.Effect<HttpClientResponse.HttpClientResponse, TransportFault>

/**
 * The clients that keep the limits of an attempt by themselves, with `tooLate` and `tooLarge` as the causes of their
 * errors, and how each sends without a `transformClient`. Through `execute`, with the limits in the context, a call
 * takes 6 µs more.
 */
export const enforcing = new WeakMap<HttpClient.HttpClient, SendWithin>()
