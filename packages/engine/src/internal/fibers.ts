import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as FiberStatus from "effect/FiberStatus"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Supervisor from "effect/Supervisor"

// All that the engine knows about the inside of fibers, which differs between major versions of Effect.

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

/** The id that a fiber asleep on the virtual clock is "blocked on". No real fiber has it. */
export const asleepMark = FiberId.runtime(-1, 0)

/** Whether a fiber is asleep on the virtual clock. */
export const isAsleep = (fiber: AnyFiber): Effect.Effect<boolean> =>
  Effect.map(
    fiber.status,
    (status) => FiberStatus.isSuspended(status) && HashSet.has(FiberId.ids(status.blockingOn), asleepMark.id)
  )

/** Interrupts without waiting for the end. */
export const interrupt = (fiber: AnyFiber): void => fiber.unsafeInterruptAsFork(FiberId.none)

/** Fiber metrics measure lifetimes in real time, which says nothing about a delivery in virtual time. */
export const withoutMetrics = <R>(runtime: Runtime.Runtime<R>): Runtime.Runtime<R> =>
  Runtime.disableRuntimeFlag(runtime, RuntimeFlags.RuntimeMetrics)

interface Started {
  readonly fiber: AnyFiber
  /** The fiber whose child it is, by its number. */
  readonly parent: number | undefined
  /** The fiber that started it as a child of another, and waits for it. */
  readonly starter: number | undefined
}

/** The fibers of one delivery, and which fiber started which. */
export class DeliveryFibers extends Supervisor.AbstractSupervisor<void> {
  override readonly value = Effect.void
  /** Since when, in real milliseconds, it has been waiting for the world. */
  waitingSince: number | undefined = undefined
  isStalled = false
  private first: Started | undefined = undefined
  /** Most deliveries have one fiber alone, and need no Map. */
  private more: Map<number, Started> | undefined = undefined

  override onStart(
    _context: unknown,
    _effect: unknown,
    parent: Option.Option<AnyFiber>,
    fiber: AnyFiber
  ): void {
    if (this.first === undefined) {
      this.first = { fiber, parent: undefined, starter: undefined }
      return
    }
    const parentId = Option.isSome(parent) ? parent.value.id().id : undefined
    this.more ??= new Map()
    this.more.set(fiber.id().id, { fiber, parent: parentId, starter: this.starterOf(parentId) })
  }

  /**
   * A concurrent `Effect.forEach` runs a fiber that starts the others as children of its parent, and each of these
   * starts the next. Their status does not show that they wait for each other, so we remember who started whom.
   */
  private starterOf(parent: number | undefined): number | undefined {
    const current = Fiber.getCurrentFiber()
    if (parent === undefined || Option.isNone(current)) return undefined
    const { id } = current.value.id()
    return id === parent ? undefined : (this.more?.get(id)?.starter ?? id)
  }

  override onEnd(_exit: unknown, fiber: AnyFiber): void {
    this.more?.delete(fiber.id().id)
  }

  /** Those that have not ended, and the first. */
  private *started(): Iterable<Started> {
    if (this.first !== undefined) yield this.first
    if (this.more !== undefined) yield* this.more.values()
  }

  private parentOf(id: number): number | undefined {
    return this.more?.get(id)?.parent
  }

  /** Runs the delivery itself. `Effect.supervised` would do the same at three times the cost of the whole fork. */
  run<A>(runtime: Runtime.Runtime<never>, delivery: Effect.Effect<A>): Fiber.RuntimeFiber<A> {
    return Runtime.runFork(runtime, delivery, {
      updateRefs: (refs, fiberId) =>
        FiberRefs.updateAs(refs, { fiberId, fiberRef: FiberRef.currentSupervisor, value: this })
    })
  }

  /**
   * Whether every fiber of a delivery is asleep on the virtual clock, or waits for a fiber of the same delivery that is.
   * A fiber that seems to wait for itself or for one of its ancestors really waits for a Deferred, which any code may
   * complete, so it does not count as asleep.
   */
  get isAsleep(): Effect.Effect<boolean> {
    return Effect.gen(this, function* () {
      const waits = new Map<number, Array<number>>()
      for (const { fiber } of this.started()) {
        const status = yield* fiber.status
        if (FiberStatus.isDone(status)) continue
        if (!FiberStatus.isSuspended(status)) return false
        waits.set(
          fiber.id().id,
          Array.from(FiberId.toSet(status.blockingOn), (on) => on.id)
        )
      }
      for (const { fiber, starter } of this.started()) {
        if (starter !== undefined) waits.get(starter)?.push(fiber.id().id)
      }
      const ancestors = (id: number): Set<number> => {
        const line = new Set<number>()
        for (let at: number | undefined = id; at !== undefined && !line.has(at); at = this.parentOf(at))
          line.add(at)
        return line
      }
      const sleeps = (id: number, seen: ReadonlySet<number>): boolean => {
        const above = ancestors(id)
        return (waits.get(id) ?? []).some(
          (on) =>
            on === asleepMark.id ||
            (!seen.has(on) && !above.has(on) && waits.has(on) && sleeps(on, new Set([...seen, on])))
        )
      }
      return Array.from(waits.keys()).every((id) => sleeps(id, new Set([id])))
    })
  }
}
