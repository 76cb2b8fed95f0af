/**
 * One kind of work: its payload, result, errors and settings, declared once for those who publish it and for the worker
 * that does it.
 *
 * @since 0.1.0
 */
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import type { Published } from "@effect-qstash/domain/Published"
import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Arr from "effect/Array"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Types from "effect/Types"
import { makeCodec } from "./internal/codec.ts"
import { declare } from "./internal/declare.ts"
import { durationOf } from "./internal/durationOf.ts"
import { erased } from "./internal/erased.ts"
import { deduplicationIdOf, inEnvironment, messageOf, type Settings } from "./internal/inputs.ts"
import type { Any, PublishError, Schedule, ScheduleOptions, TypeId } from "./JobSchedule.ts"
import type { Run } from "./Run.ts"
import type { Outcome, Verdict } from "./Verdict.ts"
import { Worker } from "./Worker.ts"

/**
 * @since 0.1.0
 */
export * from "./JobSchedule.ts"

/**
 * @since 0.1.0
 */
export * from "./Verdict.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type PublishOptions = Pick<
  PublishMessage.Input,
  "delay" | "notBefore" | "flowControl" | "deduplicationId" | "labels"
>

/**
 * A queue decides itself when its messages go out, so there is neither a delay nor flow control; those that the job
 * declares do not apply either.
 *
 * @since 0.1.0
 * @category models
 */
export type EnqueueOptions = Pick<PublishOptions, "deduplicationId" | "labels">

/**
 * What a job has besides its work: an outcome handler, a schedule.
 *
 * @since 0.1.0
 * @category models
 */
export type Feature = "outcome" | "schedule"

/**
 * @since 0.1.0
 * @category models
 */
export interface Job<
  Name extends string,
  Payload,
  Success = void,
  Error = never,
  Features extends Feature = never
> extends Any {
  readonly name: Name
  readonly [TypeId]?: {
    readonly payload: (payload: Payload) => Payload
    readonly success: () => Success
    readonly error: () => Error
    readonly features: (feature: Features) => void
  }
  /** Publishes one message. With a `key` of the job, a second one with the same key within 10 minutes is not delivered. */
  readonly publish: (
    payload: Payload,
    options?: PublishOptions
  ) => Effect.Effect<Published, PublishError, QStashMessages | Worker>
  /** Puts one message into a queue, which QStash makes on first use. */
  readonly enqueue: (
    queueName: QueueName,
    payload: Payload,
    options?: EnqueueOptions
  ) => Effect.Effect<Published, PublishError, QStashMessages | Worker>
  /**
   * Publishes many messages in one call. Each has a result in its place: QStash may refuse some and accept the others. If
   * a payload does not encode, nothing is sent.
   */
  readonly publishMany: (
    payloads: ReadonlyArray<Payload>,
    options?: Omit<PublishOptions, "deduplicationId">
  ) => Effect.Effect<
    ReadonlyArray<Either.Either<Published, QStashInvalidRequest>>,
    PublishError,
    QStashMessages | Worker
  >
  /** Declares a schedule of this job, one of many if it has a key. */
  readonly schedule: (options: ScheduleOptions<Payload>) => Schedule
}

/**
 * @since 0.1.0
 * @category models
 */
export type PayloadOf<J> = J extends { readonly [TypeId]?: { readonly payload: (_: never) => infer P } }
  ? P
  : never

/**
 * @since 0.1.0
 * @category models
 */
export type SuccessOf<J> = J extends { readonly [TypeId]?: { readonly success: () => infer S } } ? S : never

/**
 * @since 0.1.0
 * @category models
 */
export type ErrorOf<J> = J extends { readonly [TypeId]?: { readonly error: () => infer E } } ? E : never

/**
 * @since 0.1.0
 * @category models
 */
export type FeaturesOf<J> = J extends {
  readonly [TypeId]?: { readonly features: (feature: infer F) => void }
}
  ? F
  : never

/**
 * Does the work of a job. What a handler of a job without a result returns is ignored.
 *
 * @since 0.1.0
 * @category models
 */
export type Handler<J, R> = (
  payload: PayloadOf<J>,
  run: Run
) => Effect.Effect<[SuccessOf<J>] extends [void] ? unknown : SuccessOf<J>, ErrorOf<J>, R>

/**
 * Receives how each message of a job ended, once.
 *
 * @since 0.1.0
 * @category models
 */
export type OutcomeHandler<J, R> = (
  outcome: Outcome<PayloadOf<J>, SuccessOf<J>, ErrorOf<J>>
) => Effect.Effect<unknown, never, R>

/**
 * The fields of a struct, or a schema.
 *
 * @since 0.1.0
 * @category models
 */
export type PayloadSchema = Schema.Struct.Fields | Schema.Schema.AnyNoContext

type TypeOf<P extends PayloadSchema> = P extends Schema.Schema.AnyNoContext
  ? Schema.Schema.Type<P>
  : P extends Schema.Struct.Fields
    ? Types.Simplify<Schema.Struct.Type<P>>
    : never

type TagOf<E> = E extends { readonly _tag: infer Tag extends string } ? Tag : never

type ErrorOptions<E> = [E] extends [never]
  ? { readonly onError?: never }
  : {
      /** What each error means for the message, by its tag. */
      readonly onError: { readonly [Tag in TagOf<E>]: Verdict }
    }

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<P extends PayloadSchema, S, SI, E, EI, Out extends boolean, Sched> {
  /** What a message carries, as the fields of a struct or as a schema. It travels as JSON. */
  readonly payload: P
  /** What the handler returns, for the outcome. Without it the result is ignored. */
  readonly success?: Schema.Schema<S, SI> | undefined
  /** The tagged errors that the handler may fail with. Each needs a verdict in `onError`. */
  readonly error?: Schema.Schema<E, EI> | undefined
  /** The schedule that the job has in every deployment. More are declared with the job's `schedule`. */
  readonly schedule?: Sched | undefined
  /**
   * Skips a message whose time was longer ago when it arrives: the firing of its schedule, else when it was published.
   *
   * @default never
   */
  readonly skipIfOlderThan?: Duration.DurationInput | undefined
  /** How messages are delivered: retries, timeout, flow control, and so on. */
  readonly settings?: Settings | undefined
  /**
   * Names what a message is about. Two messages with the same key within 10 minutes are one, and a ledger runs the handler
   * once for all messages with the same key.
   */
  readonly key?: ((payload: TypeOf<P>) => string) | undefined
  /**
   * Whether a handler for the outcome receives how each message ended.
   *
   * @default false
   */
  readonly outcome?: Out | undefined
}

type FeaturesFor<Out, Sched> =
  | (Out extends true ? "outcome" : never)
  | (Sched extends undefined ? never : "schedule")

/**
 * Declares a job. The name is the last segment of the URL that QStash calls, so it is signed. It consists of letters,
 * digits, `-`, `_` and `.`; it throws for another name, or for `outcome`, which the router uses itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <
  const Name extends string,
  const P extends PayloadSchema,
  S = void,
  SI = never,
  E = never,
  EI = never,
  const Out extends boolean = false,
  const Sched extends Omit<ScheduleOptions<TypeOf<P>>, "key" | "to"> | undefined = undefined
>(
  name: Name,
  declaration: Options<P, S, SI, E, EI, Out, Sched> & ErrorOptions<E>
): Job<Name, TypeOf<P>, S, E, FeaturesFor<Out, Sched>> => {
  if (!/^[A-Za-z0-9._-]+$/.test(name) || /^(?:\.{1,2}|outcome)$/.test(name)) {
    throw new RangeError(
      `A job cannot be named ${JSON.stringify(name)}: use letters, digits, "-", "_" and "."`
    )
  }
  const { key, schedule, settings = {}, skipIfOlderThan } = declaration
  const codec = makeCodec({
    payload: schemaOf(declaration.payload),
    success: declaration.success,
    error: declaration.error
  })
  const keyOf = key === undefined ? undefined : erased<typeof key, (payload: unknown) => string>(key)
  const common = {
    name,
    settings,
    hasOutcome: declaration.outcome === true,
    codec,
    keyOf,
    verdicts: declaration.onError ?? {},
    skipIfOlderThan:
      skipIfOlderThan === undefined ? undefined : durationOf("skipIfOlderThan", skipIfOlderThan)
  }

  /** One message, without what the call itself says. */
  const prepare = (payload: TypeOf<P>, { deduplicationId }: Pick<PublishOptions, "deduplicationId"> = {}) =>
    Effect.gen(function* () {
      const worker = yield* Worker
      const trace = worker.propagateTrace ? yield* traceparent : undefined
      const body = yield* codec.encodePayload(payload)
      const id =
        deduplicationId ??
        (keyOf === undefined
          ? undefined
          : yield* deduplicationIdOf(inEnvironment(worker.environment, name), keyOf(payload)))
      return { ...messageOf(worker, common, body, { trace }), deduplicationId: id }
    })

  const job: Job<Name, TypeOf<P>, S, E, FeaturesFor<Out, Sched>> = {
    ...common,
    get scheduled() {
      return schedule === undefined ? undefined : declare(job, schedule)
    },
    publish: (payload, options) =>
      Effect.flatMap(prepare(payload, options), (message) =>
        Effect.flatMap(QStashMessages, (messages) =>
          messages.publish({ ...message, ...withoutUndefined(options) })
        )
      ),
    enqueue: (queueName, payload, options) =>
      Effect.flatMap(prepare(payload, options), ({ delay: _delay, flowControl: _flowControl, ...message }) =>
        Effect.flatMap(QStashMessages, (messages) =>
          messages.enqueue(queueName, { ...message, ...withoutUndefined(options) })
        )
      ),
    publishMany: (payloads, options) =>
      Effect.forEach(payloads, (payload, index) =>
        Effect.mapError(
          prepare(payload),
          (error) =>
            new QStashInvalidRequest({ reason: error.reason, field: `[${index}].${error.field ?? "body"}` })
        )
      ).pipe(
        Effect.flatMap((all) =>
          Effect.flatMap(QStashMessages, (messages) =>
            messages.batch(all.map((message) => ({ ...message, ...withoutUndefined(options) })))
          )
        ),
        Effect.map(Arr.map(Either.map(Arr.unsafeGet(0))))
      ),
    schedule: (options) => declare(job, options)
  }
  return job
}

/** The type of a schema that may need services does not show that these fields need none. */
const schemaOf = (payload: PayloadSchema): Schema.Schema.AnyNoContext =>
  erased(
    Schema.isSchema(payload) ? payload : Schema.Struct(erased<PayloadSchema, Schema.Struct.Fields>(payload))
  )

const withoutUndefined = <A extends object>(options: A | undefined): Partial<A> =>
  erased(Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)))

const traceparent: Effect.Effect<string | undefined> = Effect.map(Effect.option(Effect.currentSpan), (span) =>
  Option.isSome(span) ? HttpTraceContext.toHeaders(span.value)["traceparent"] : undefined
)
