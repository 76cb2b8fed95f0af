import type * as Effect from "effect/Effect"
import * as Data from "effect/Data"

/** A request as it arrived. */
export interface Request {
  readonly method: string
  /** The raw request target: nothing is decoded, merged or resolved. */
  readonly target: string
  /** By names in lower case, every value in its order. */
  readonly headers: Readonly<Record<string, ReadonlyArray<string>>>
  readonly callerIp: string | undefined
  /** Reads the body, once, if it has no more than so many bytes; else the quota is what the refusal names. */
  readonly body: (limit: number, quota: string) => Effect.Effect<Uint8Array, Refusal>
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A request that is not served, and why: QStash's `{"error": …}` with its status. */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly status: number
  readonly error: string
}> {}

export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value)
})

/** What QStash answers to a message, or a call, that is larger than the plan allows. */
export const overQuota = (quota: string, limit: number): Refusal =>
  new Refusal({ status: 413, error: `quota ${quota} exceeded, current limit: ${limit}` })

export const refused = ({ error, status }: Refusal): Answer => json({ error }, status)
