import type { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import {
  QStashInvalidRequest,
  QStashQuotaExceeded,
  type QStashUnavailable
} from "@effect-qstash/domain/QStashError"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import * as PathSegment from "@effect-qstash/domain/wire/PathSegment"
import * as QuotaText from "@effect-qstash/domain/wire/QuotaText"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { DeliveryEvent } from "../../DeliveryEvent.ts"
import type * as Limits from "../../Limits.ts"
import type { Store } from "../../Store.ts"

/** What the engine gives its services. */
export interface Options {
  /** Its errors are those of the callers. */
  readonly store: Store.Service<QStashUnavailable>
  readonly ids: IdGenerator.Service
  readonly now: Effect.Effect<number>
  readonly limits: Limits.Resolved
  readonly deduplicationWindow: number
  readonly parallelism: number
  /** Forgets what is too old. Runs before each look at the log or the dead letters. */
  readonly prune: Effect.Effect<void, QStashUnavailable>
  /** The keys of a tenant that has never rotated them. */
  readonly firstKeys: (tenantId: string) => SigningKeys
  /** Called after a rotation: deliveries read the keys again. */
  readonly forgetKeys: (tenantId: string) => void
  /** Called after each change, with what it wrote to the log. */
  readonly changed: (events: ReadonlyArray<DeliveryEvent>) => Effect.Effect<void>
}

/** What several services use. */
export interface ServiceContext extends Options {
  readonly overLimit: (name: keyof Limits.Limits) => QStashQuotaExceeded
  /** A message may not ask for more retries than the limit, nor may its callbacks. */
  readonly checkRetries: (
    settings: Pick<MessageSettings, "callback" | "failureCallback"> & {
      readonly retries?: number | undefined
    }
  ) => Either.Either<void, QStashQuotaExceeded>
  /**
   * Runs a verb that changes something and reports it, without an interruption between the two: the driver would sleep
   * through a change that is stored but not reported.
   */
  readonly change: <A, E, R>(
    verb: (now: number) => Effect.Effect<A, E, R>,
    eventsOf?: (result: A) => ReadonlyArray<DeliveryEvent>
  ) => Effect.Effect<A, E, R>
}

export const makeContext = (options: Options): ServiceContext => {
  const overLimit: ServiceContext["overLimit"] = (name) => quotaExceeded(name, options.limits[name])
  return {
    ...options,
    overLimit,
    checkRetries: ({ callback, failureCallback, retries }) =>
      [retries, callback?.retries, failureCallback?.retries].some(
        (count = 0) => count > options.limits.maxRetries
      )
        ? Either.left(overLimit("maxRetries"))
        : Either.void,
    change: (verb, eventsOf = () => []) =>
      options.now.pipe(
        Effect.flatMap(verb),
        Effect.tap((result) => options.changed(eventsOf(result))),
        Effect.uninterruptible
      )
  }
}

/** A year, as in QStash's pay-as-you-go plan. */
export const maxDelaySeconds = 365 * 24 * 60 * 60

export const quotaExceeded = (name: string, limit: number): QStashQuotaExceeded =>
  new QStashQuotaExceeded({ status: 412, reason: QuotaText.make(name, limit) })

export const orFail = <A, B, E>(
  found: Option.Option<A>,
  show: (stored: A) => B,
  error: () => E
): Either.Either<B, E> =>
  Option.match(found, { onNone: () => Either.left(error()), onSome: (stored) => Either.right(show(stored)) })

/** An operation on one thing, whose id or name must fit into a path, as the client checks too. */
export const checkingId =
  (field: string) =>
  <Id, Rest extends ReadonlyArray<unknown>, A, E>(serve: (id: Id, ...rest: Rest) => Effect.Effect<A, E>) =>
  (id: Id, ...rest: Rest): Effect.Effect<A, E | QStashInvalidRequest> =>
    Effect.flatMap(PathSegment.encode(field, id), () => serve(id, ...rest))

/** Checks a branded name too: one that comes from a response can be any text, and this one makes a row. */
export const checkingName = <A>(schema: Schema.Schema<A, string>, field: string) => {
  const decode = Schema.decodeEither(schema)
  return (name: string): Either.Either<A, QStashInvalidRequest> =>
    Either.mapLeft(decode(name), ({ message }) => new QStashInvalidRequest({ field, reason: message }))
}
