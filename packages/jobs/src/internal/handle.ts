import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { QStashReceiver } from "@effect-qstash/receiver/QStashReceiver"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Headers from "@effect/platform/Headers"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Tracer from "effect/Tracer"
import type { Any } from "../JobSchedule.ts"
import { Ledger, WorkInProgress } from "../Ledger.ts"
import type { Run } from "../Run.ts"
import { GaveUp, type Outcome } from "../Verdict.ts"
import { Worker } from "../Worker.ts"
import { measured } from "./metrics.ts"
import * as Respond from "./respond.ts"
import type { JobResponse } from "./respond.ts"
import { createdAt, type JobRequest, runOf } from "./run.ts"

/** Handlers by the last segments of their paths, their types taken away. */
export type Handlers = Readonly<Record<string, Handler>>

type Handler = (input: unknown, run: Run) => Effect.Effect<unknown, unknown>

/** Which handler a path asks for. Whatever stands before the name is where the jobs are mounted, and the signature covers it. */
const routeOf = (
  url: string
): { readonly suffix: string; readonly name: string; readonly isOutcome: boolean } => {
  const query = url.indexOf("?")
  const path = query < 0 ? url : url.slice(0, query)
  const segments = path.split("/")
  const isOutcome = segments.at(-1) === "outcome"
  const name = segments.at(isOutcome ? -2 : -1) ?? ""
  return {
    name,
    isOutcome,
    suffix: `/${name}${isOutcome ? "/outcome" : ""}${query < 0 ? "" : url.slice(query)}`
  }
}

const utf8 = new TextDecoder()
const parseJson = Schema.decodeUnknownEither(Schema.parseJson())

/**
 * Verifies a request, finds its job, and responds in a way that QStash understands. Only the handler can be interrupted,
 * so call it where interruption is off.
 */
export const handle = (
  app: string,
  jobs: ReadonlyMap<string, Any>,
  handlers: Handlers,
  request: JobRequest
): Effect.Effect<JobResponse, never, QStashReceiver | Ledger | Worker | QStashMessages> =>
  Effect.gen(function* () {
    const receiver = yield* QStashReceiver
    const worker = yield* Worker
    const { isOutcome, name, suffix } = routeOf(request.url)
    const verified = yield* Effect.either(
      receiver.verify({ headers: request.headers, url: worker.url + suffix, body: request.body })
    )
    if (Either.isLeft(verified)) {
      const { message, status } = verified.left
      yield* Effect.logWarning(message)
      return Respond.unverified(status, message)
    }
    const job = jobs.get(name)
    if (job === undefined || (isOutcome && !job.hasOutcome)) {
      return yield* unknownJob(name)
    }
    const messages = yield* QStashMessages
    const run = runOf(job, request, verified.right, messages)
    const path = isOutcome ? `${name}/outcome` : name
    const { messageId = "unknown", attempt } = run
    return yield* guarded(
      isOutcome
        ? conclude(jobs, handlers, job, run)
        : perform(app, job, handlers[path], run, createdAt(verified.right, messages))
    ).pipe(
      measured(path),
      Effect.annotateLogs({ job: path, messageId, attempt }),
      Effect.withSpan(`job ${path}`, {
        kind: "consumer",
        captureStackTrace: false,
        links: linksOf(request),
        attributes: { job: path, messageId, attempt }
      })
    )
  })

/** Responds to the end of a handler, however it comes. An interruption is the shutdown of the worker. */
const guarded = <R>(work: Effect.Effect<JobResponse, never, R>): Effect.Effect<JobResponse, never, R> =>
  Effect.catchAllCause(Effect.interruptible(work), (cause) =>
    Cause.isInterruptedOnly(cause)
      ? Effect.as(Effect.logWarning("Interrupted, so QStash tries again"), Respond.interrupted)
      : Effect.as(Effect.logError("The handler died", cause), Respond.died)
  )

/** The publisher's span, by a header that is not signed: good for a link. */
const linksOf = ({ headers: { traceparent } }: JobRequest): ReadonlyArray<Tracer.SpanLink> =>
  traceparent === undefined
    ? []
    : Option.match(HttpTraceContext.w3c(Headers.fromInput({ traceparent })), {
        onNone: () => [],
        onSome: (span) => [{ _tag: "SpanLink", span, attributes: {} }]
      })

const unknownJob = (name: string): Effect.Effect<JobResponse> =>
  Effect.as(
    Effect.logWarning(`This version has no job ${JSON.stringify(name)}, so QStash tries again`),
    Respond.unknownJob
  )

const undecodable = (reason: string): Effect.Effect<JobResponse> =>
  Effect.as(Effect.logError(reason), Respond.undecodable(reason))

const missing = (name: string) => Effect.dieMessage(`There is no handler for ${JSON.stringify(name)}`)

/** Decodes the payload and runs the handler, once. */
const perform = (
  app: string,
  job: Any,
  handler: Handler | undefined,
  run: Run,
  madeAt: Effect.Effect<Option.Option<DateTime.Utc>>
): Effect.Effect<JobResponse, never, Ledger> =>
  Effect.gen(function* () {
    if (handler === undefined) return yield* missing(job.name)
    const { signed, unsigned } = run.delivery
    const decoded = job.codec.decodePayload(utf8.decode(signed.body))
    if (Either.isLeft(decoded)) return yield* undecodable(decoded.left)
    const payload = decoded.right
    const limit = job.skipIfOlderThan
    const tooOld =
      limit !== undefined && (yield* isOlderThan(limit, run, madeAt)) ? new TooOld({ limit }) : undefined
    const ledger = yield* Ledger
    const keys = {
      token: signed.tokenId,
      message: unsigned.messageId,
      business: job.keyOf === undefined ? undefined : `${app}/${job.name}/${job.keyOf(payload)}`
    }
    const work = Effect.flatMap(tooOld ?? handler(payload, run), (result) =>
      Either.match(job.codec.encodeSuccess(result), {
        onLeft: (reason) => Effect.dieMessage(`The result of ${job.name} does not encode: ${reason}`),
        onRight: Effect.succeed
      })
    )
    return yield* ledger.once(keys, work).pipe(
      Effect.map(({ isRepeat, response }) => Respond.done(response, isRepeat)),
      Effect.catchAll((error) => respondTo(job, error))
    )
  })

/** Fails the work within the ledger, which knows whether an earlier delivery was in time. */
class TooOld extends Data.TaggedError("TooOld")<{ readonly limit: Duration.Duration }> {}

const isOlderThan = (
  limit: Duration.Duration,
  run: Run,
  madeAt: Effect.Effect<Option.Option<DateTime.Utc>>
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const firing = yield* run.scheduledFor
    const time: Option.Option<DateTime.DateTime> = Option.isSome(firing) ? firing : yield* madeAt
    const now = yield* Clock.currentTimeMillis
    return Option.isSome(time) && now - DateTime.toEpochMillis(time.value) > Duration.toMillis(limit)
  })

/** An error of the handler, of the ledger, or that it is too late. */
const respondTo = (job: Any, error: unknown): Effect.Effect<JobResponse> => {
  if (error instanceof WorkInProgress) {
    return Effect.as(Effect.logInfo(error.message), Respond.inProgress)
  }
  if (error instanceof TooOld) {
    return Effect.as(
      Effect.logWarning(`Skipped: older than ${Duration.format(error.limit)}`),
      Respond.skipped
    )
  }
  const encoded = job.codec.encodeError(error)
  if (Option.isNone(encoded)) return Effect.die(error)
  const { tag, text } = encoded.value
  const verdict = job.verdicts[tag]
  return verdict === undefined
    ? Effect.die(error)
    : Effect.as(Effect.logWarning(`Failed with ${tag}`), Respond.failed(verdict, text))
}

/** Reads a callback, and runs the outcome handler if it is final. */
const conclude = (
  jobs: ReadonlyMap<string, Any>,
  handlers: Handlers,
  job: Any,
  run: Run
): Effect.Effect<JobResponse, never, Ledger> =>
  Effect.gen(function* () {
    const callback = Either.flatMap(
      Either.mapLeft(parseJson(utf8.decode(run.delivery.signed.body)), () => "the callback is not JSON"),
      CallbackBody.decode
    )
    if (Either.isLeft(callback)) return yield* undecodable(callback.left)
    // All messages of a URL group call one of its jobs back.
    const { url, urlGroup } = callback.right
    const source = urlGroup === undefined ? job : jobs.get(routeOf(url).name)
    if (source === undefined) return yield* unknownJob(routeOf(url).name)
    if (!source.hasOutcome) return Respond.ignored
    const name = `${source.name}/outcome`
    const handler = handlers[name]
    if (handler === undefined) return yield* missing(name)
    const outcome = outcomeOf(source, callback.right)
    if (Either.isLeft(outcome)) return yield* undecodable(outcome.left)
    if (outcome.right === undefined) return Respond.ignored
    const ledger = yield* Ledger
    const keys = { token: run.delivery.signed.tokenId, message: `${outcome.right.messageId}/outcome` }
    return yield* ledger.once(keys, Effect.as(handler(outcome.right, run), "")).pipe(
      Effect.map(({ isRepeat }) => Respond.done("", isRepeat)),
      Effect.catchAll((error) => respondTo(source, error))
    )
  })

/** How the message ended, or `undefined` if QStash tries it again. A reason names the field at fault. */
const outcomeOf = (
  job: Any,
  callback: CallbackBody.CallbackBody
): Either.Either<Outcome<unknown, unknown, unknown> | undefined, string> =>
  Either.gen(function* () {
    const { body, dlqId, sourceBody, sourceMessageId, status } = callback
    const isSuccess = status !== undefined && status >= 200 && status < 300
    // A failed attempt calls back too. Only the failure callback, which comes once, names a dead letter.
    if (!isSuccess && dlqId === undefined) return undefined
    const text = utf8.decode(body)
    const isSkipped = Object.keys(callback.headers).some(
      (header) => header.toLowerCase() === Respond.skippedHeader.toLowerCase()
    )
    return {
      payload: yield* job.codec.decodePayload(utf8.decode(sourceBody)),
      messageId: sourceMessageId,
      exit: !isSuccess
        ? Exit.fail(
            Option.getOrElse(
              job.codec.decodeError(text),
              () =>
                new GaveUp({
                  reason: "failed",
                  ...(status === undefined ? {} : { status }),
                  ...(dlqId === undefined ? {} : { dlqId })
                })
            )
          )
        : isSkipped
          ? Exit.fail(new GaveUp({ reason: "skipped", ...(status === undefined ? {} : { status }) }))
          : Exit.succeed(yield* job.codec.decodeSuccess(text))
    }
  })
