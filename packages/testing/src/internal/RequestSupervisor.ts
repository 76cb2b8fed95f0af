import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Supervisor from "effect/Supervisor"

/**
 * Tells the supervisor of each delivery of the fibers that its request starts. A `FiberRef` for each of them would cost
 * as much as its scope.
 */
export class RequestSupervisor extends Supervisor.AbstractSupervisor<void> {
  override readonly value = Effect.void
  /** That of the request which starts next. */
  next: Supervisor.Supervisor<unknown> | undefined = undefined
  private readonly all = new Map<number, Supervisor.Supervisor<unknown>>()

  override onStart<A, E, R>(
    context: Context.Context<R>,
    effect: Effect.Effect<A, E, R>,
    parent: Option.Option<Fiber.RuntimeFiber<unknown, unknown>>,
    fiber: Fiber.RuntimeFiber<A, E>
  ): void {
    const { id } = fiber.id()
    if (this.next !== undefined) {
      this.all.set(id, this.next)
      this.next = undefined
      return
    }
    // What a request runs with a runtime of its own has no parent.
    const starter = Option.orElse(parent, Fiber.getCurrentFiber)
    const supervisor = Option.isNone(starter) ? undefined : this.all.get(starter.value.id().id)
    if (supervisor === undefined) return
    this.all.set(id, supervisor)
    supervisor.onStart(context, effect, parent, fiber)
  }

  override onEnd<A, E>(exit: Exit.Exit<A, E>, fiber: Fiber.RuntimeFiber<A, E>): void {
    const { id } = fiber.id()
    this.all.get(id)?.onEnd(exit, fiber)
    this.all.delete(id)
  }
}
