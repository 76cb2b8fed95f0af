import type * as Effect from "effect/Effect"
import * as Data from "effect/Data"

/** A request as it arrived. */
export interface Request {
  readonly method: string
  /** The raw request target: nothing is decoded, merged or resolved. */
  readonly target: string
  /** All values in order, by lower-case name. */
  readonly headers: Readonly<Record<string, ReadonlyArray<string>>>
  readonly callerIp: string | undefined
  /** Reads the body, once. If it is longer than the limit in bytes, the refusal names the quota. */
  readonly body: (limit: number, quota: string) => Effect.Effect<Uint8Array, Refusal>
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Why a request is not served: the status and the text of QStash's `{"error": …}`. */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly status: number
  readonly error: string
}> {}

export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value)
})

/** The response of QStash to a message or a call that is larger than the plan allows. */
export const overQuota = (quota: string, limit: number): Refusal =>
  new Refusal({ status: 413, error: `quota ${quota} exceeded, current limit: ${limit}` })

export const refused = ({ error, status }: Refusal): Answer => json({ error }, status)
