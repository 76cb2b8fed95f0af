import type * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Scope from "effect/Scope"

export declare namespace AttemptLimits {
  export interface Service {
    /** From the connection to the end of the response. With a `transformClient`, somebody else keeps it. */
    readonly time?: Duration.Duration
    /** Of the body, after decompression. */
    readonly bytes: number
    /** When it closes, the request is aborted. */
    readonly scope?: Scope.Scope
  }
}

/**
 * How far an `HttpClient` may go for one attempt. A client in {@link enforcing} keeps to it by itself, with `tooLate` and
 * `tooLarge` as the causes of its errors.
 */
export class AttemptLimits extends Context.Tag("@effect-qstash/client/AttemptLimits")<
  AttemptLimits,
  AttemptLimits.Service
>() {}

export const enforcing = new WeakSet<HttpClient.HttpClient>()
