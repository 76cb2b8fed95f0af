/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * One delivery attempt: everything that goes over the wire, in its order.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeliveryRequest {
  readonly method: string
  /** The destination as it was given: a courier sends its path and query byte for byte. */
  readonly url: string
  /** Names as they are sent, one entry for each value. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** Empty where the message has no body. Never changed, so it may be kept. */
  readonly body: Uint8Array
}

/**
 * What became of an attempt. Which statuses are a success is the engine's to say.
 *
 * @since 0.1.0
 * @category models
 */
export type DeliveryOutcome =
  | {
      readonly _tag: "Answered"
      readonly status: number
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
      /** For the callbacks, the dead letters and the logs; absent where there is none. Cut at {@link answerLimit}. */
      readonly body?: Uint8Array
    }
  | {
      readonly _tag: "Unanswered"
      /** Why no answer came, for the log; repeats nothing of the request but its host. */
      readonly reason: string
    }

/**
 * How much of an answer couriers read and keep, in bytes.
 *
 * @since 0.1.0
 * @category constants
 */
export const answerLimit = 1024 * 1024

/**
 * How many bytes of response headers, names and values, couriers accept by default. A response with more fails the
 * attempt.
 *
 * @since 0.1.0
 * @category constants
 */
export const responseHeaderLimit = 1024 * 1024

/**
 * @since 0.1.0
 */
export declare namespace Courier {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** Makes one attempt. It has no time limit of its own: the engine interrupts it at its deadline. */
    readonly deliver: (request: DeliveryRequest) => Effect.Effect<DeliveryOutcome>
  }
}

/**
 * The port through which deliveries leave the engine.
 *
 * @since 0.1.0
 * @category tags
 */
export class Courier extends Context.Tag("@effect-qstash/engine/Courier")<Courier, Courier.Service>() {}
