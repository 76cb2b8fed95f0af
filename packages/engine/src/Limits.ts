/**
 * How much one tenant may hold and one request may do. The engine, the local server and `QStashTest` take these options.
 *
 * @since 0.1.0
 */
import * as Record from "effect/Record"

/**
 * Each limit is a whole number from 0 up, or `Infinity`. A call that would go beyond one of the quotas fails with
 * `QStashQuotaExceeded`, whose text names it, and changes nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  /**
   * How many schedules each tenant may hold.
   *
   * @default 100_000
   */
  readonly maxSchedules?: number | undefined
  /**
   * How many queues each tenant may hold. The firing of a schedule and the retry of a dead letter are never refused for
   * this one.
   *
   * @default 100_000
   */
  readonly maxQueues?: number | undefined
  /**
   * How many URL groups each tenant may hold. On the wire QStash calls it `maxTopics`.
   *
   * @default 10_000
   */
  readonly maxUrlGroups?: number | undefined
  /**
   * How many endpoints each URL group may have. On the wire QStash calls it `maxEndpointsPerTopic`.
   *
   * @default 10_000
   */
  readonly maxEndpointsPerUrlGroup?: number | undefined
  /**
   * How many flow-control keys each tenant may use. When there would be more, idle keys are forgotten first: those of no
   * pending message, without a pause or a pin, whose rate window is over. The firing of a schedule and the retry of a
   * dead letter are never refused for this one.
   *
   * @default 100_000
   */
  readonly maxFlowControlKeys?: number | undefined
  /**
   * How many messages of each tenant may be pending: waiting or being delivered. A schedule that fires beyond it makes no
   * message and notes the error. Callbacks, further attempts and retries of dead letters are never refused.
   *
   * @default 1_000_000
   */
  readonly maxMessages?: number | undefined
  /**
   * How many bytes the bodies of each tenant's pending messages may have, callbacks included. A schedule that fires
   * beyond it makes no message and notes the error. Callbacks, further attempts and retries of dead letters are never
   * refused, but while no byte is left, a callback's `sourceBody` is empty: otherwise every failed attempt would keep one
   * more copy of a large body.
   *
   * @default 1_073_741_824, which is 1 GiB
   */
  readonly maxPendingBytes?: number | undefined
  /**
   * How many messages one request may create. A message to a URL group counts once for each endpoint.
   *
   * @default 100_000
   */
  readonly maxMessagesPerRequest?: number | undefined
  /**
   * How many bytes the bodies of the messages may have that one request creates. A body to a URL group counts once for
   * each endpoint.
   *
   * @default 268_435_456, which is 256 MiB
   */
  readonly maxBytesPerRequest?: number | undefined
  /**
   * How many retries a message, a schedule, a callback or the retry of a dead letter may ask for.
   *
   * @default 100
   */
  readonly maxRetries?: number | undefined
  /**
   * How often a message may lead back to QStash's own API: a publish that a delivery makes there counts as one hop, and
   * its messages pass the count on, to their callbacks too. One hop more is refused, so that a loop ends.
   *
   * @default 10
   */
  readonly maxHops?: number | undefined
  /**
   * How many bytes a page of the log or of dead letters may hold: texts, headers and bodies as they are stored. A page
   * has at least one entry, and its cursor leads to the rest.
   *
   * @default 16_777_216, which is 16 MiB
   */
  readonly maxPageBytes?: number | undefined
  /**
   * How many entries of each tenant's log are kept. The oldest go first.
   *
   * @default 100_000
   */
  readonly maxLogEntries?: number | undefined
  /**
   * How many bytes each tenant's log may hold. The oldest entries go first. The body of a message counts for each entry
   * about it, although they share it in memory.
   *
   * @default 268_435_456, which is 256 MiB
   */
  readonly maxLogBytes?: number | undefined
  /**
   * How many dead letters of each tenant are kept. The oldest go first.
   *
   * @default 100_000
   */
  readonly maxDeadLetters?: number | undefined
  /**
   * How many bytes each tenant's dead letters may hold. The oldest go first.
   *
   * @default 268_435_456, which is 256 MiB
   */
  readonly maxDeadLetterBytes?: number | undefined
}

const mebibyte = 2 ** 20

const defaults = {
  maxSchedules: 100_000,
  maxQueues: 100_000,
  maxUrlGroups: 10_000,
  maxEndpointsPerUrlGroup: 10_000,
  maxFlowControlKeys: 100_000,
  maxMessages: 1_000_000,
  maxPendingBytes: 1024 * mebibyte,
  maxMessagesPerRequest: 100_000,
  maxBytesPerRequest: 256 * mebibyte,
  maxRetries: 100,
  maxHops: 10,
  maxPageBytes: 16 * mebibyte,
  maxLogEntries: 100_000,
  maxLogBytes: 256 * mebibyte,
  maxDeadLetters: 100_000,
  maxDeadLetterBytes: 256 * mebibyte
} satisfies Required<Limits>

/**
 * Every limit as a number.
 *
 * @since 0.1.0
 * @category models
 */
export type Resolved = Readonly<Record<keyof Limits, number>>

const checked = (name: string, limit: number): number => {
  if (limit === Infinity || (Number.isSafeInteger(limit) && limit >= 0)) return limit
  throw new RangeError(`${name}: expected a whole number from 0 up, got ${limit}`)
}

/**
 * The limits with defaults for what is absent. Throws a `RangeError` that names a limit which is not a whole number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = (limits: Limits): Resolved =>
  Record.map(defaults, (fallback, name) => checked(name, limits[name] ?? fallback))
