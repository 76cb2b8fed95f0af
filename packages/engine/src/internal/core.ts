import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import {
  QStashInvalidRequest,
  QStashQuotaExceeded,
  ScheduleNotFound
} from "@effect-qstash/domain/QStashError"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { Courier, type DeliveryOutcome } from "../Courier.ts"
import type { Engine } from "../Engine.ts"
import type { DeliveryEvent } from "../DeliveryEvent.ts"
import * as Signer from "../Signer.ts"
import { type Lease, type Settlement, Store, type StoredMessage } from "../Store.ts"
import { judge, methodOf, requestOf, urlOf, type Verdict } from "./attempt.ts"
import { recordOf } from "./record.ts"

/** How many rows a verb takes at once; more than are due just means another round. */
const batch = 1000

/** A year, as in QStash's pay-as-you-go plan. */
const maxDelaySeconds = 365 * 24 * 60 * 60

/** A lease outlives its attempt's deadline, so that a deadline is settled before the lease ends. */
const leaseMargin = 60_000

export interface CoreOptions {
  readonly signingKeys: (tenantId: string) => { readonly current: Redacted.Redacted }
  readonly concurrency: number
  readonly maxSchedules: number
  readonly defaultTimeout: number
  readonly onEvents: (events: ReadonlyArray<DeliveryEvent>) => Effect.Effect<void>
  /** The engine's time in milliseconds, asked anew for each use. */
  readonly now: Effect.Effect<number>
  /** The instant for which a token is signed that leaves at the engine's `now`. */
  readonly signAt: (now: number) => number
}

/** A delivery under way. */
export interface InFlight {
  readonly lease: Lease
  readonly deadline: number
  readonly fiber: Fiber.RuntimeFiber<DeliveryOutcome>
  outcome: DeliveryOutcome | undefined
}

interface Ended {
  readonly lease: Lease
  readonly outcome: DeliveryOutcome
  readonly verdict: Verdict
}

/**
 * The state machine that both drivers turn. It keeps no time of its own and starts nothing by itself.
 */
export interface Core extends Engine.Service {
  /**
   * One pass over what is due: settles what came back, fires schedules, starts deliveries without awaiting them.
   * Answers when the next pass is wanted, unless something changes before; an instant that is not ahead means at once.
   */
  readonly pass: Effect.Effect<number | undefined>
  readonly inFlight: ReadonlyMap<number, InFlight>
  /** Sets what is told when a delivery that was awaited ends, or a schedule changes. */
  readonly onChange: (changed: () => void) => void
  /** Notes that virtual time goes on without a delivery; told with the next pass. */
  readonly noteStalled: (attempt: InFlight) => Effect.Effect<void>
  /** Settles what came back, and gives back the rest: the end of the engine. */
  readonly handBack: Effect.Effect<void>
}

export const make = (
  options: CoreOptions,
  fork: (delivery: Effect.Effect<DeliveryOutcome>, token: number) => Fiber.RuntimeFiber<DeliveryOutcome>
): Effect.Effect<Core, never, Store | Courier> =>
  Effect.gen(function* () {
    const store = yield* Store
    const courier = yield* Courier
    const ids = yield* IdGenerator
    const inFlight = new Map<number, InFlight>()
    const signers = new Map<string, Signer.Signer>()
    let events: Array<DeliveryEvent> = []
    let changed = (): void => {}

    const signerOf = (tenantId: string): Signer.Signer => {
      const known = signers.get(tenantId)
      if (known !== undefined) return known
      const signer = Signer.make(options.signingKeys(tenantId))
      signers.set(tenantId, signer)
      return signer
    }

    const note = (
      state: DeliveryEvent["state"],
      message: StoredMessage,
      time: number,
      details: Pick<DeliveryEvent, "responseStatus" | "error" | "nextDeliveryTime"> = {}
    ): void => {
      events.push({
        time,
        state,
        tenantId: message.tenantId,
        messageId: message.messageId,
        scheduleId: message.scheduleId,
        method: methodOf(message.settings),
        url: urlOf(message.settings),
        retried: message.retried,
        ...details
      })
    }

    const tellEvents = Effect.suspend(() => {
      if (events.length === 0) return Effect.void
      const told = events
      events = []
      return options.onEvents(told)
    })

    const timeoutOf = ({ settings }: StoredMessage): number =>
      settings.timeout === undefined
        ? options.defaultTimeout
        : Math.min(Duration.toMillis(settings.timeout), options.defaultTimeout)

    const leaseFor = (message: StoredMessage): number => timeoutOf(message) + leaseMargin

    const start = (lease: Lease, now: number): void => {
      const { message, token } = lease
      const jti = ids.unsafeNext("jwt")
      note("ACTIVE", message, now)
      // The request is made inside the delivery: a tenant without keys fails its own attempts and no others.
      const delivery = Effect.suspend(() =>
        courier.deliver(requestOf(message, signerOf(message.tenantId), jti, options.signAt(now)))
      )
      const fiber = fork(delivery, token)
      const attempt: InFlight = { lease, deadline: now + timeoutOf(message), fiber, outcome: undefined }
      inFlight.set(token, attempt)
      const exit = fiber.unsafePoll()
      if (exit !== null) {
        attempt.outcome = outcomeOf(exit)
        return
      }
      fiber.addObserver((late) => {
        attempt.outcome ??= outcomeOf(late)
        changed()
      })
    }

    /** The deadline is the engine's own event, so that it holds alike in real and in virtual time. */
    const expire = (attempt: InFlight): DeliveryOutcome => {
      attempt.fiber.unsafeInterruptAsFork(FiberId.none)
      const limit = Duration.format(Duration.millis(timeoutOf(attempt.lease.message)))
      attempt.outcome = { _tag: "Unanswered", reason: `no answer within ${limit}` }
      return attempt.outcome
    }

    /** In the order in which they were started, whichever of them ended first. */
    const settleEnded = (now: number): Effect.Effect<void> =>
      Effect.suspend(() => {
        const ended: Array<Ended> = []
        for (const attempt of inFlight.values()) {
          const outcome = attempt.outcome ?? (attempt.deadline <= now ? expire(attempt) : undefined)
          if (outcome === undefined) continue
          const { lease } = attempt
          ended.push({ lease, outcome, verdict: judge(lease.message, outcome, now) })
        }
        if (ended.length === 0) return Effect.void
        const settlements = ended.map(({ lease: { token }, verdict }): Settlement =>
          verdict._tag === "Retry"
            ? { token, _tag: "Retry", notBefore: now + verdict.delay }
            : { token, _tag: verdict._tag }
        )
        return Effect.map(store.settle(settlements), (answers) => {
          ended.forEach(({ lease, outcome, verdict }, index) => {
            inFlight.delete(lease.token)
            if (answers[index] === "settled") noteEnd(lease.message, outcome, verdict, now)
          })
        })
      })

    const noteEnd = (
      message: StoredMessage,
      outcome: DeliveryOutcome,
      verdict: Verdict,
      now: number
    ): void => {
      const status = outcome._tag === "Answered" ? { responseStatus: outcome.status } : {}
      if (verdict._tag === "Delivered") return note("DELIVERED", message, now, status)
      note("ERROR", message, now, { ...status, error: verdict.error })
      if (verdict._tag === "Failed") return note("FAILED", message, now, { ...status, error: verdict.error })
      note("RETRY", message, now, { nextDeliveryTime: now + verdict.delay })
    }

    const mintMessageId = (): string => ids.unsafeNext("msg")

    const isAnyOpen = (): boolean => {
      for (const attempt of inFlight.values()) if (attempt.outcome === undefined) return true
      return false
    }

    /** A full house is woken by a delivery that ends, not by a message that has to wait anyway. */
    const wakeAt = (schedule = Infinity, message = Infinity): number | undefined => {
      let at = inFlight.size < options.concurrency ? Math.min(schedule, message) : schedule
      for (const attempt of inFlight.values()) {
        at = Math.min(at, attempt.outcome === undefined ? attempt.deadline : -Infinity)
      }
      return at === Infinity ? undefined : at
    }

    // Interrupted halfway it would leave messages leased that nobody delivers, or events untold.
    const pass: Core["pass"] = Effect.uninterruptible(
      Effect.gen(function* () {
        const now = yield* options.now
        if (inFlight.size > 0) yield* settleEnded(now)
        for (const message of yield* store.claimDueSchedules({ now, limit: batch, mintMessageId })) {
          const isDelayed = message.notBefore > now
          note("CREATED", message, now, isDelayed ? { nextDeliveryTime: message.notBefore } : {})
        }
        const slots = options.concurrency - inFlight.size
        if (slots > 0) {
          const leases = yield* store.claimDueMessages({ now, limit: Math.min(slots, batch), leaseFor })
          for (const lease of leases) start(lease, now)
          if (leases.length > 0 && !isAnyOpen()) yield* settleEnded(now)
        }
        yield* tellEvents
        const { message, schedule } = yield* store.nextWake
        return wakeAt(schedule, message)
      })
    )

    const handBack = Effect.gen(function* () {
      yield* settleEnded(yield* options.now)
      const tokens = Array.from(inFlight.keys())
      for (const attempt of inFlight.values()) attempt.fiber.unsafeInterruptAsFork(FiberId.none)
      inFlight.clear()
      yield* store.release(tokens)
      yield* tellEvents
      if (tokens.length > 0) {
        yield* Effect.logWarning(`Handed back ${tokens.length} deliveries that had not ended`)
      }
    })

    const createSchedule: Core["createSchedule"] = ({ callerIp, tenantId }, settings) =>
      Effect.gen(function* () {
        yield* refuseUnsupported(settings)
        if (settings.delay !== undefined && Duration.toSeconds(settings.delay) > maxDelaySeconds) {
          return yield* new QStashQuotaExceeded({
            status: 412,
            reason: `quota maxDelay exceeded, current limit: ${maxDelaySeconds}`
          })
        }
        const scheduleId = settings.scheduleId ?? (yield* mintScheduleId)
        const stored = yield* store.upsertSchedule({
          tenantId,
          scheduleId,
          settings,
          callerIp,
          now: yield* options.now,
          limit: options.maxSchedules
        })
        if (stored === "full") {
          return yield* new QStashQuotaExceeded({
            status: 412,
            reason: `quota maxSchedules exceeded, current limit: ${options.maxSchedules}`
          })
        }
        changed()
        return scheduleId
        // A schedule that is stored but not told of would sleep through its first firing.
      }).pipe(Effect.uninterruptible)

    const schedules: Core["schedules"] = ({ callerIp, tenantId }) => {
      const known = (scheduleId: ScheduleId) => (isKnown: boolean) =>
        isKnown ? Effect.sync(() => changed()) : Effect.fail(new ScheduleNotFound({ scheduleId }))
      const setPaused = (isPaused: boolean) => (scheduleId: ScheduleId) =>
        options.now.pipe(
          Effect.flatMap((now) => store.setPaused({ tenantId, scheduleId, isPaused, now })),
          Effect.flatMap(known(scheduleId))
        )
      return {
        create: (input) =>
          Effect.flatMap(CreateSchedule.make(input), (settings) =>
            createSchedule({ callerIp, tenantId }, settings)
          ),
        get: (scheduleId) =>
          Effect.flatMap(
            store.getSchedule(tenantId, scheduleId),
            Option.match({
              onNone: () => Effect.fail(new ScheduleNotFound({ scheduleId })),
              onSome: (stored) => Effect.succeed(recordOf(stored))
            })
          ),
        list: Effect.map(store.listSchedules(tenantId), (all) => all.map(recordOf)),
        delete: (scheduleId) => Effect.flatMap(store.deleteSchedule(tenantId, scheduleId), known(scheduleId)),
        pause: setPaused(true),
        resume: setPaused(false)
      }
    }
    const mintScheduleId = Effect.map(ids.next("scd"), (text) => ScheduleId.make(text))

    return {
      createSchedule,
      schedules,
      pass,
      noteStalled: ({ lease }) => Effect.map(options.now, (now) => note("STALLED", lease.message, now)),
      inFlight,
      onChange: (told) => {
        changed = told
      },
      handBack
    }
  })

/** A courier has no error to fail with; one that died or was interrupted still gave no answer. */
const outcomeOf = (exit: Exit.Exit<DeliveryOutcome>): DeliveryOutcome =>
  exit._tag === "Success"
    ? exit.value
    : {
        _tag: "Unanswered",
        reason: Cause.isInterruptedOnly(exit.cause)
          ? "the delivery was interrupted"
          : "the delivery broke off"
      }

/** What this engine cannot do is refused by name, so that nobody believes it is done. */
const refuseUnsupported = (settings: CreateSchedule): Effect.Effect<void, QStashInvalidRequest> => {
  const field =
    typeof settings.destination !== "string"
      ? "destination"
      : settings.queueName !== undefined
        ? "queueName"
        : settings.flowControl !== undefined
          ? "flowControl"
          : settings.callback !== undefined
            ? "callback"
            : settings.failureCallback !== undefined
              ? "failureCallback"
              : undefined
  return field === undefined
    ? Effect.void
    : Effect.fail(new QStashInvalidRequest({ field, reason: unsupported[field] }))
}

const unsupported = {
  destination: "a URL group as destination is not supported by this engine",
  queueName: "Upstash-Queue-Name is not supported by this engine",
  flowControl: "Upstash-Flow-Control-Key is not supported by this engine",
  callback: "Upstash-Callback is not supported by this engine",
  failureCallback: "Upstash-Failure-Callback is not supported by this engine"
}
