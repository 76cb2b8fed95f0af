/**
 * What a home provides to the laws besides the contract itself.
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
  /** When it arrived, by the home's clock, in milliseconds since 1970. */
  readonly at: number
  readonly method: string
  /** The requested URL with its query, byte for byte. */
  readonly url: string
  /** Names and values as received. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array
}

/**
 * How a destination responds to a delivery: a status, a status with headers (names in lower case) and a body, or not at
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
      /** How long it takes, by the home's clock. Use {@link Capabilities.slowly} to set it. */
      readonly after?: Duration.DurationInput
    }
  | "silence"

/**
 * A destination that only one law uses.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint {
  /** Has a path, but no trailing slash and no query, so that a law can append both. */
  readonly url: string
  /** The deliveries so far to this URL and those that start with it, oldest first. */
  readonly deliveries: Effect.Effect<ReadonlyArray<Delivery>>
  /** Responds with each in turn, then with the last one to all that follow. The default is 200. */
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
  /** Returns once everything due on the way has been delivered and has a response. */
  readonly advance: (duration: Duration.DurationInput) => Effect.Effect<void>
  /** A new one on each use. */
  readonly endpoint: Effect.Effect<Endpoint>
  /** A new endpoint at another origin. */
  readonly elsewhere: Effect.Effect<Endpoint>
  /** The account's keys before any rotation. */
  readonly signingKeys: SigningKeys
}

/**
 * An account with its services and its time.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account {
  readonly services: Context.Context<QStashServices>
  readonly time: Time
}

/**
 * The limits of a home that the laws test.
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
 * What not every home can do. A home that lacks one gives a reason, with which the laws that need it are skipped.
 *
 * @since 0.1.0
 * @category models
 */
export interface Capabilities {
  readonly time: Time
  /** Another account of the same home. */
  readonly neighbour: Account
  /** An account of its own, for a law about everything in an account. A new one on each use. */
  readonly ownAccount: Effect.Effect<Account, never, Scope.Scope>
  /** The limits of the account and of a request, low enough for laws to reach. */
  readonly quotas: Quotas
  /** Makes a response that takes a while, so that a law can look while a delivery is in progress. */
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
    /** A unique name for anything, with a prefix of this run. */
    readonly mintId: Effect.Effect<string>
  }
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Harness extends Context.Tag("@effect-qstash/contract/Harness")<Harness, Harness.Service>() {}
