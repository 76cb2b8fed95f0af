import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import { QStashUnavailable } from "@effect-qstash/domain/QStashError"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Utils from "effect/Utils"
import { Courier, type DeliveryOutcome } from "../Courier.ts"
import type { TenantServices } from "../TenantServices.ts"
import type { DeliveryEvent } from "../DeliveryEvent.ts"
import type * as Limits from "../Limits.ts"
import type * as Signer from "../Signer.ts"
import type { Lease, Settlement, StoredMessage } from "../Rows.ts"
import { mapVerbs, Store } from "../Store.ts"
import type { StoreError } from "../StoreError.ts"
import { eventBytes } from "../Sizes.ts"
import { outcomeOf, requestOf, settlementOf } from "./attempt.ts"
import { EventReporter } from "./EventReporter.ts"
import { interrupt } from "./fibers.ts"
import { Outage } from "./Outage.ts"
import { makeService } from "./service.ts"
import { Signers } from "./Signers.ts"

/** How many rows a verb takes at once. If more are due, the next run takes them. */
const batch = 1000

/** How often old log entries and dead letters are deleted, in milliseconds. */
const pruneEvery = 3_600_000

/** The log and the dead letters are also trimmed after so many new entries, or so many bytes. */
const pruneEntries = 1000
const pruneBytes = 16 * 2 ** 20

/**
 * How long the messages of a killed process wait for another one, and how long before their end leases are renewed, in
 * milliseconds. An attempt may take hours, so a lease cannot be longer than every attempt.
 */
const leaseFor = 120_000
const leaseMargin = 60_000

export interface CoreOptions {
  readonly signingKeys: (tenantId: string) => SigningKeys
  readonly concurrency: number
  readonly concurrencyPerTenant: number
  readonly concurrencyPerDestination: number
  readonly limits: Limits.Resolved
  readonly deduplicationWindow: number
  readonly logRetention: number
  readonly dlqRetention: number
  readonly deliveryTimeout: number
  /** How long signing keys that were read may be used, in milliseconds. */
  readonly signingKeysMaxAge: number
  readonly onEvents: (events: ReadonlyArray<DeliveryEvent>) => void
  /** The engine's time in milliseconds. */
  readonly now: Effect.Effect<number>
  /** The time to sign a delivery for, given the engine's `now`. */
  readonly signAt: (now: number) => number
}

/** A delivery under way. */
export interface InFlight {
  readonly lease: Lease
  readonly deadline: number
  readonly fiber: Fiber.RuntimeFiber<DeliveryOutcome>
  outcome: DeliveryOutcome | undefined
}

/** The state machine behind both drivers, real and virtual time. It does nothing until a driver calls `runDue`. */
export interface Core {
  readonly service: TenantServices
  /**
   * Does everything that is due: settles finished deliveries, fires schedules, starts deliveries without waiting for them.
   * Returns when to run next unless something changes before; a time that is not in the future means immediately.
   *
   * A generator, because an effect would take a tenth longer. The driver must not be interrupted while it runs, or
   * messages would stay leased without being delivered. When the Store fails, the run ends, and the next one does what
   * is left.
   */
  readonly runDue: () => Generator<
    Utils.YieldWrap<Effect.Effect<unknown, StoreError>>,
    number | undefined,
    unknown
  >
  /** Takes note of a run that the Store has failed. Returns how many milliseconds to wait before the next one. */
  readonly backOff: (error: StoreError) => Effect.Effect<number>
  readonly inFlight: ReadonlyMap<number, InFlight>
  /** Sets the function to call when a delivery finishes or a caller changes something. */
  readonly onChange: (changed: () => void) => void
  /** Calls it. */
  readonly wake: () => void
  /** Reports that virtual time goes on without a delivery. */
  readonly reportStalled: (attempt: InFlight) => Effect.Effect<void>
  /** Ends the engine: settles the deliveries that have ended, and releases the others. */
  readonly releaseAll: Effect.Effect<void>
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
    const signers = new Signers(store, options.signingKeys, options.signingKeysMaxAge)
    const reporter = new EventReporter(options.onEvents)
    const outage = new Outage()
    /** Outcomes not yet written to the Store. They outlive a run only if store.settle failed. */
    let unsettled: ReadonlyArray<Settlement> = []
    /** Leases whose delivery has not started. They outlive a run only if the keys to sign it could not be read. */
    let unstarted: Array<Lease> = []
    let lastRepeat = 0
    /** When the first lease has to be renewed, if its attempt is then still under way. */
    let renewAt = Infinity
    let lastPrune = -Infinity
    let newEntries = 0
    let newBytes = 0
    let changed = (): void => {}

    /** Wakes the driver too: what failed may have happened. */
    const unavailable = <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, QStashUnavailable> =>
      Effect.catchAll(effect, (error) =>
        Effect.suspend(() => {
          changed()
          return Effect.zipRight(
            outage.begin(error),
            new QStashUnavailable({ status: 500, reason: "the server cannot reach its Store" })
          )
        })
      )

    const report = (events: ReadonlyArray<DeliveryEvent>): Effect.Effect<void> => {
      for (const event of events) newBytes += eventBytes(event)
      newEntries += events.length
      return reporter.report(events)
    }

    const timeoutOf = ({ settings }: StoredMessage): number =>
      settings.timeout === undefined
        ? options.deliveryTimeout
        : Math.min(Duration.toMillis(settings.timeout), options.deliveryTimeout)

    const start = (lease: Lease, signer: () => Signer.Signer, now: number): InFlight => {
      const { message, token } = lease
      const jti = ids.unsafeNext("jwt")
      // Built inside the delivery, so that a tenant without keys fails only its own attempts.
      const delivery = Effect.suspend(() =>
        courier.deliver(requestOf(message, signer(), jti, options.signAt(now)))
      )
      const fiber = fork(delivery, token)
      const attempt: InFlight = { lease, deadline: now + timeoutOf(message), fiber, outcome: undefined }
      const exit = fiber.unsafePoll()
      if (exit !== null) {
        attempt.outcome = outcomeOf(exit)
        return attempt
      }
      fiber.addObserver((late) => {
        attempt.outcome ??= outcomeOf(late)
        changed()
      })
      return attempt
    }

    /** The engine checks deadlines itself, so that they work the same in real and in virtual time. */
    const expire = (attempt: InFlight): DeliveryOutcome => {
      interrupt(attempt.fiber)
      const limit = Duration.format(Duration.millis(timeoutOf(attempt.lease.message)))
      attempt.outcome = { _tag: "Unanswered", reason: `no response within ${limit}` }
      return attempt.outcome
    }

    const tokensHeld = (): ReadonlyArray<number> => [
      ...inFlight.keys(),
      ...[...unsettled, ...unstarted].map(({ token }) => token)
    ]

    const { maxPendingBytes } = options.limits

    /** Settles deliveries in the order in which they started, so that the order of finishing does not matter. */
    const settleEnded = (now: number): Effect.Effect<void, StoreError> =>
      Effect.suspend(() => {
        const settlements = unsettled.slice()
        for (const attempt of inFlight.values()) {
          const outcome = attempt.outcome ?? (attempt.deadline <= now ? expire(attempt) : undefined)
          if (outcome !== undefined) settlements.push(settlementOf(attempt.lease, outcome, now))
        }
        if (settlements.length === 0) return Effect.void
        return Effect.flatMap(store.settle({ settlements, now, maxPendingBytes }), (settled) => {
          unsettled = []
          for (const { token } of settlements) inFlight.delete(token)
          return report(settled.events)
        })
      })

    /** If all finish immediately and nothing else is in flight, it skips tracking them in `inFlight`. */
    const startAll = (now: number): void => {
      const attempts: Array<InFlight> = []
      const left: Array<Lease> = []
      for (const lease of unstarted) {
        const signer = signers.get(lease.message.tenantId)
        // The keys have been rotated since they were read.
        if (signer === undefined) left.push(lease)
        else attempts.push(start(lease, signer, now))
      }
      unstarted = left
      if (inFlight.size === 0 && attempts.every(isEnded)) {
        unsettled = attempts.map(({ lease, outcome }) => settlementOf(lease, outcome, now))
        return
      }
      for (const attempt of attempts) inFlight.set(attempt.lease.token, attempt)
    }

    const prune = (now: number): Effect.Effect<void, StoreError> => {
      const { maxDeadLetterBytes, maxDeadLetters, maxLogBytes, maxLogEntries } = options.limits
      lastPrune = now
      newEntries = 0
      newBytes = 0
      return store.prune({
        logs: { before: now - options.logRetention, maxEntries: maxLogEntries, maxBytes: maxLogBytes },
        deadLetters: {
          before: now - options.dlqRetention,
          maxEntries: maxDeadLetters,
          maxBytes: maxDeadLetterBytes
        }
      })
    }

    const mustPrune = (): boolean => newEntries >= pruneEntries || newBytes >= pruneBytes

    /** While no slot is free, due messages must wait, so only schedules and deadlines wake the engine. */
    const wakeAt = (schedule = Infinity, message = Infinity): number | undefined => {
      if (unstarted.length > 0) return -Infinity
      let at = inFlight.size < options.concurrency ? Math.min(schedule, message) : schedule
      if (inFlight.size > 0) at = Math.min(at, renewAt)
      for (const attempt of inFlight.values()) {
        at = Math.min(at, attempt.outcome === undefined ? attempt.deadline : -Infinity)
      }
      return at === Infinity ? undefined : at
    }

    const runDue: Core["runDue"] = function* () {
      const now = yield* options.now
      if (inFlight.size > 0 || unsettled.length > 0) yield* settleEnded(now)
      if (renewAt <= now) {
        const tokens = tokensHeld()
        const until = now + leaseFor
        if (tokens.length > 0) yield* store.renew({ tokens, until })
        renewAt = tokens.length > 0 ? until - leaseMargin : Infinity
      }
      const fired = yield* store.claimDueSchedules({ now, limit: batch, limits: options.limits })
      yield* report(fired.events)
      const slots = options.concurrency - inFlight.size - unstarted.length
      if (slots > 0) {
        const claimed = yield* store.claimDueMessages({
          now,
          limit: Math.min(slots, batch),
          perTenant: options.concurrencyPerTenant,
          perDestination: options.concurrencyPerDestination,
          leaseFor
        })
        if (claimed.leases.length > 0) renewAt = Math.min(renewAt, now + leaseFor - leaseMargin)
        unstarted = [...unstarted, ...claimed.leases]
        yield* report(claimed.events)
      }
      if (unstarted.length > 0) {
        signers.expire(now)
        for (const { message } of unstarted) {
          if (signers.get(message.tenantId) === undefined) yield* signers.load(message.tenantId)
        }
        startAll(now)
        if (unsettled.length > 0) {
          const settled = yield* store.settle({ settlements: unsettled, now, maxPendingBytes })
          unsettled = []
          yield* report(settled.events)
        }
      }
      if (now - lastPrune >= pruneEvery || mustPrune()) yield* prune(now)
      const { message, schedule } = yield* store.nextWake
      if (outage.isDown) yield* outage.end()
      return wakeAt(schedule, message)
    }

    const releaseAll = Effect.gen(function* () {
      yield* Effect.catchAll(settleEnded(yield* options.now), (error) => outage.begin(error))
      const tokens = tokensHeld()
      for (const attempt of inFlight.values()) interrupt(attempt.fiber)
      inFlight.clear()
      unstarted = []
      if (tokens.length === 0) return
      yield* store.release(tokens)
      yield* Effect.logWarning(`Released ${tokens.length} unfinished deliveries`)
    }).pipe(
      Effect.catchAll((error) =>
        Effect.logError(
          "Could not release unfinished deliveries. They start again when their leases end",
          Cause.fail(error)
        )
      )
    )

    const service = makeService({
      store: mapVerbs(store, unavailable),
      ids,
      now: options.now,
      limits: options.limits,
      deduplicationWindow: options.deduplicationWindow,
      // A number that JSON can carry.
      parallelism: Math.min(options.concurrencyPerTenant, Number.MAX_SAFE_INTEGER),
      prune: unavailable(Effect.flatMap(options.now, prune)),
      firstKeys: options.signingKeys,
      forgetKeys: (tenantId) => signers.forget(tenantId),
      changed: (more) =>
        Effect.suspend(() => {
          changed()
          const reported = report(more)
          // The change is made, so the call must not fail.
          return mustPrune()
            ? Effect.zipRight(
                reported,
                Effect.catchAll(Effect.flatMap(options.now, prune), (error) => outage.begin(error))
              )
            : reported
        })
    })

    return {
      service: {
        ...service,
        redeliver: (message) =>
          Effect.sync(() => {
            // The token is not the Store's, so the outcome will be stale.
            unstarted.push({ token: --lastRepeat, message })
            changed()
          })
      },
      runDue,
      backOff: (error) => outage.backOff(error),
      reportStalled: ({ lease: { message } }) =>
        Effect.flatMap(options.now, (time) => report([{ time, state: "STALLED", message }])),
      inFlight,
      onChange: (told) => {
        changed = told
      },
      wake: () => changed(),
      releaseAll
    }
  })

const isEnded = (attempt: InFlight): attempt is InFlight & { readonly outcome: DeliveryOutcome } =>
  attempt.outcome !== undefined
