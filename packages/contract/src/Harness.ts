/**
 * What a home of QStash gives to the laws beside the contract itself.
 *
 * @since 0.1.0
 */
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import type * as Limits from "@effect-qstash/engine/Limits"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * One attempt to deliver a message, as the destination saw it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery {
  /** The home's own time when it came, in milliseconds since 1970. */
  readonly at: number
  readonly method: string
  /** What was called, byte for byte, with the query. */
  readonly url: string
  /** Names and values as they came. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array
}

/**
 * What a destination does with a delivery: a status, one with headers (names in lower case) and a body, or no answer at
 * all.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | number
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Uint8Array
      /** How long it takes, in the home's own time. Only {@link Capabilities.slowly} makes such answers. */
      readonly after?: Duration.DurationInput
    }
  | "silence"

/**
 * A destination that one law has for itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint {
  /** Has a path and neither slash at its end nor query, so that a law can put both behind it. */
  readonly url: string
  /** What came so far to this URL and all that begin with it, oldest first. */
  readonly deliveries: Effect.Effect<ReadonlyArray<Delivery>>
  /** One answer after the other, the last one for all that follow. Until it is called each answer is 200. */
  readonly respond: (...answers: readonly [Answer, ...ReadonlyArray<Answer>]) => Effect.Effect<void>
}

/**
 * A clock that the laws can move, and destinations whose deliveries they can see.
 *
 * @since 0.1.0
 * @category models
 */
export interface Time {
  /** Milliseconds since 1970. */
  readonly now: Effect.Effect<number>
  /** Ends when all that falls due on the way has been delivered and answered. */
  readonly advance: (duration: Duration.DurationInput) => Effect.Effect<void>
  /** A fresh one with each use. */
  readonly endpoint: Effect.Effect<Endpoint>
  /** A fresh endpoint at another origin. */
  readonly elsewhere: Effect.Effect<Endpoint>
  /** Those of this account, as they are until somebody rotates them. */
  readonly signingKeys: SigningKeys
}

/**
 * An account with what belongs to it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account {
  readonly services: Context.Context<QStashServices>
  readonly time: Time
}

/**
 * The limits of a home that the laws reach.
 *
 * @since 0.1.0
 * @category models
 */
export type Quotas = Pick<
  Limits.Resolved,
  | "maxSchedules"
  | "maxQueues"
  | "maxUrlGroups"
  | "maxEndpointsPerUrlGroup"
  | "maxMessagesPerRequest"
  | "maxBytesPerRequest"
  | "maxRetries"
  | "maxPageBytes"
>

/**
 * What not every home has. A home that lacks one says why, and the laws that need it are skipped with that reason.
 *
 * @since 0.1.0
 * @category models
 */
export interface Capabilities {
  readonly time: Time
  /** Another account of the same home. */
  readonly neighbour: Account
  /** An account that nobody else has, for laws about everything in it. A fresh one with each use. */
  readonly ownAccount: Effect.Effect<Account, never, Scope.Scope>
  /** How many of each the account may hold, or a request may ask for: few enough to reach them. */
  readonly quotas: Quotas
  /** Makes an answer that comes after a while, so that a law can look while a delivery is under way. */
  readonly slowly: (after: Duration.DurationInput, status: number) => Answer
}

/**
 * @since 0.1.0
 */
export declare namespace Harness {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service extends Partial<Capabilities> {
    /** A name that nobody else has, for whatever is named, with a prefix of this run's own. */
    readonly mintId: Effect.Effect<string>
  }
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Harness extends Context.Tag("@effect-qstash/contract/Harness")<Harness, Harness.Service>() {}
