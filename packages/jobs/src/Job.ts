/**
 * One kind of work: its payload, result, errors and settings, declared once for those who publish it and for the worker
 * that does it.
 *
 * @since 0.1.0
 */
import { CronExpression } from "@effect-qstash/domain/CronExpression"
import type { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import { DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { Published } from "@effect-qstash/domain/Published"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import type { QStashError, QStashQuotaExceeded } from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Types from "effect/Types"
import { type Codec, makeCodec } from "./internal/codec.ts"
import { durationOf } from "./internal/durationOf.ts"
import { erased } from "./internal/erased.ts"
import {
  type Declared,
  deduplicationIdOf,
  messageOf,
  scheduleIdOf,
  type ScheduleHeaders,
  type Settings
} from "./internal/inputs.ts"
import type { Run } from "./Run.ts"
import { Worker } from "./Worker.ts"

/**
 * Marks the types of a job; there is no such property at run time.
 *
 * @since 0.1.0
 * @category symbols
 */
export const TypeId: unique symbol = Symbol.for("@effect-qstash/jobs/Job")

/**
 * What a failed attempt means for the message.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict =
  | { readonly _tag: "Retry" }
  | { readonly _tag: "RetryAfter"; readonly delay: Duration.Duration }
  | { readonly _tag: "GiveUp" }

/**
 * QStash tries again after its own backoff, or that of the job's `retryDelay`.
 *
 * @since 0.1.0
 * @category verdicts
 */
export const retry: Verdict = { _tag: "Retry" }

/**
 * QStash tries again after this time, rounded up to whole seconds. It ignores more than a day and uses its own backoff
 * then.
 *
 * @since 0.1.0
 * @category verdicts
 */
export const retryAfter = (delay: Duration.DurationInput): Verdict => ({
  _tag: "RetryAfter",
  delay: durationOf("retryAfter", delay)
})

/**
 * QStash does not try again: the message becomes a dead letter at once.
 *
 * @since 0.1.0
 * @category verdicts
 */
export const giveUp: Verdict = { _tag: "GiveUp" }

/**
 * A message failed for good with something other than an error that its job declares. `status` is that of the last
 * response, and absent if there was none.
 *
 * @since 0.1.0
 * @category errors
 */
export class GaveUp extends Schema.TaggedError<GaveUp>()("GaveUp", {
  reason: Schema.Literal("failed", "skipped"),
  status: Schema.optionalWith(Schema.Number, { exact: true }),
  dlqId: Schema.optionalWith(Schema.typeSchema(DlqIdFromAnswer), { exact: true })
}) {
  override get message(): string {
    if (this.reason === "skipped") return "The message was older than the job accepts and was skipped"
    const response = this.status === undefined ? "no response" : `status ${this.status}`
    return `The message failed for good: the last attempt ended with ${response}`
  }
}

/**
 * How a message ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcome<Payload, Success, Error> {
  readonly payload: Payload
  readonly exit: Exit.Exit<Success, Error | GaveUp>
  readonly messageId: MessageId
}

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
 * What can go wrong when a message is published. A payload that does not encode is a `QStashInvalidRequest`.
 *
 * @since 0.1.0
 * @category errors
 */
export type PublishError = QStashQuotaExceeded | QStashError

/**
 * @since 0.1.0
 * @category models
 */
export interface ScheduleOptions<Payload> {
  /** Five fields or a named descriptor, in UTC unless prefixed with `CRON_TZ=Zone `. An invalid one throws here. */
  readonly cron: CronExpression | string
  readonly payload: Payload
  /**
   * Tells one of many schedules of a job from the others: `digest.t42` is the id of the schedule of `digest` with the key
   * `t42`. Letters, digits, `-`, `_` and `.`.
   */
  readonly key?: string | undefined
  /**
   * Whether `apply` pauses or resumes the schedule.
   *
   * @default it stays as it is; a new one is active
   */
  readonly isPaused?: boolean | undefined
  /** Sends each firing to all jobs of a URL group. */
  readonly to?: UrlGroup<Payload> | undefined
}

/**
 * A schedule of a job, declared. `Jobs.plan` compares it with what QStash has.
 *
 * @since 0.1.0
 * @category models
 */
export interface Schedule {
  readonly job: Any
  readonly key: string | undefined
  readonly cron: CronExpression
  /** JSON, or why the payload does not encode. */
  readonly body: Either.Either<string, QStashInvalidRequest>
  readonly isPaused: boolean | undefined
  readonly to: { readonly name: UrlGroupName; readonly jobs: ReadonlyArray<Any> } | undefined
}

/**
 * A job of whatever types, as a router and a plan see it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Any extends Declared {
  readonly codec: Codec
  readonly verdicts: Readonly<Record<string, Verdict>>
  readonly keyOf: ((payload: unknown) => string) | undefined
  readonly skipIfOlderThan: Duration.Duration | undefined
  readonly scheduled: Schedule | undefined
}

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
 * A job with this payload.
 *
 * @since 0.1.0
 * @category models
 */
export interface Takes<Payload> extends Any {
  readonly [TypeId]?: { readonly payload: (payload: Payload) => Payload }
}

/**
 * A job that declares a schedule.
 *
 * @since 0.1.0
 * @category models
 */
export interface Scheduled extends Any {
  readonly [TypeId]?: { readonly features: (feature: "schedule") => void }
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
        deduplicationId ?? (keyOf === undefined ? undefined : yield* deduplicationIdOf(name, keyOf(payload)))
      return { ...messageOf(worker, common, body, { trace }), deduplicationId: id }
    })

  const job: Job<Name, TypeOf<P>, S, E, FeaturesFor<Out, Sched>> = {
    ...common,
    get scheduled() {
      return schedule === undefined ? undefined : scheduleOf(job, schedule)
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
    schedule: (options) => scheduleOf(job, options)
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

const scheduleOf = <P>(job: Any, options: ScheduleOptions<P>): Schedule => {
  const { cron, isPaused, key, payload, to } = options
  const schedule: Schedule = {
    job,
    key,
    cron: typeof cron === "string" ? CronExpression.make(cron) : cron,
    body: job.codec.encodePayload(payload),
    isPaused,
    to
  }
  scheduleIdOf({ environment: undefined }, schedule)
  return schedule
}

/**
 * Jobs that take the same payload, as one destination of a schedule: a firing makes a message for each of them. `apply`
 * makes sure that the group has exactly these endpoints.
 *
 * @since 0.1.0
 * @category models
 */
export interface UrlGroup<Payload> {
  readonly name: UrlGroupName
  readonly jobs: readonly [Takes<Payload>, ...ReadonlyArray<Takes<Payload>>]
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const urlGroup = <Payload>(
  name: UrlGroupName,
  ...jobs: readonly [Takes<Payload>, ...ReadonlyArray<Takes<Payload>>]
): UrlGroup<Payload> => ({ name, jobs })

const declaredOf = (target: Schedule | Scheduled): Schedule => {
  if ("body" in target) return target
  if (target.scheduled !== undefined) return target.scheduled
  throw new TypeError(`The job ${JSON.stringify(target.name)} has no schedule`)
}

/** The message of one firing. */
const firingOf = (schedule: Schedule, headers: ScheduleHeaders) =>
  Effect.gen(function* () {
    const worker = yield* Worker
    return messageOf(worker, schedule.job, yield* schedule.body, { key: schedule.key, ...headers })
  })

/**
 * Runs a scheduled job now, with the payload of its schedule.
 *
 * @since 0.1.0
 * @category combinators
 */
export const trigger = (
  target: Schedule | Scheduled
): Effect.Effect<Published, PublishError, QStashMessages | Worker> =>
  Effect.flatMap(firingOf(declaredOf(target), {}), (message) =>
    Effect.flatMap(QStashMessages, (messages) => messages.publish(message))
  )

/**
 * The firings of a schedule from `from` on and before `until`: what {@link backfill} would publish.
 *
 * @since 0.1.0
 * @category combinators
 */
export const firings = (
  target: Schedule | Scheduled,
  range: { readonly from: DateTime.DateTime.Input; readonly until: DateTime.DateTime.Input }
): ReadonlyArray<DateTime.Utc> => {
  const { cron } = declaredOf(target)
  const until = DateTime.toEpochMillis(DateTime.unsafeMake(range.until))
  const found: Array<DateTime.Utc> = []
  let next = cron.nextMillis(DateTime.toEpochMillis(DateTime.unsafeMake(range.from)) - 1)
  while (next !== undefined && next < until) {
    found.push(DateTime.unsafeMake(next))
    next = cron.nextMillis(next)
  }
  return found
}

/**
 * Publishes one message for each firing of a schedule in a time that is past: `run.scheduledFor` is the firing. A second
 * backfill of the same firings within 10 minutes publishes nothing. Look at {@link firings} first.
 *
 * @since 0.1.0
 * @category combinators
 */
export const backfill = (
  target: Schedule | Scheduled,
  range: { readonly from: DateTime.DateTime.Input; readonly until: DateTime.DateTime.Input }
): Effect.Effect<
  ReadonlyArray<{
    readonly firing: DateTime.Utc
    readonly result: Either.Either<Published, QStashInvalidRequest>
  }>,
  PublishError,
  QStashMessages | Worker
> =>
  Effect.gen(function* () {
    const messages = yield* QStashMessages
    const schedule = declaredOf(target)
    const id = scheduleIdOf(yield* Worker, schedule)
    const all = firings(target, range)
    const results = yield* Effect.forEach(Arr.chunksOf(all, 100), (chunk) =>
      Effect.flatMap(
        Effect.forEach(chunk, (firing) =>
          Effect.gen(function* () {
            const scheduledFor = DateTime.formatIso(firing)
            const message = yield* firingOf(schedule, { cron: schedule.cron, scheduledFor })
            const deduplicationId: DeduplicationId = yield* deduplicationIdOf(id, scheduledFor)
            return { ...message, deduplicationId }
          })
        ),
        messages.batch
      )
    )
    return Arr.zipWith(all, results.flat(), (firing, result) => ({
      firing,
      result: Either.map(result, Arr.unsafeGet(0))
    }))
  })
