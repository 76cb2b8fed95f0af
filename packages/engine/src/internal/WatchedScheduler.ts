import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

/** As many turns in a row Effect's own scheduler takes before it lets the event loop have one. */
const maxTurnsInARow = 2048

/** Effect's own scheduler, which remembers whether a fiber was made ready to run. */
export class WatchedScheduler extends Scheduler.MixedScheduler {
  /** Whether one was since this was last set to false. */
  hasReady = false
  /** The fiber that moves time, whose own turns do not count. */
  driver: Fiber.RuntimeFiber<unknown, unknown> | undefined = undefined

  constructor() {
    super(maxTurnsInARow)
  }

  override scheduleTask(
    task: Scheduler.Task,
    priority: number,
    fiber?: Fiber.RuntimeFiber<unknown, unknown>
  ): void {
    if (fiber === undefined || fiber !== this.driver) this.hasReady = true
    super.scheduleTask(task, priority, fiber)
  }
}
