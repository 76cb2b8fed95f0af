import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { StoreError } from "../StoreError.ts"

/** How long to wait after the first failure of the Store, and at most, in milliseconds. The wait doubles each time. */
const firstBackoff = 10
const longestBackoff = 30_000

/** Whether the Store is down. Logs one line when an outage begins, and one when it ends. */
export class Outage {
  #isDown = false
  /** How many runs in a row the Store has failed. */
  #failures = 0

  begin(error: StoreError): Effect.Effect<void> {
    if (this.#isDown) return Effect.void
    this.#isDown = true
    return Effect.logError("The Store failed. The engine tries again until it works", Cause.fail(error))
  }

  /** Takes note of a run that has failed. Returns how many milliseconds to wait before the next one. */
  backOff(error: StoreError): Effect.Effect<number> {
    return Effect.as(this.begin(error), Math.min(firstBackoff * 2 ** this.#failures++, longestBackoff))
  }

  get isDown(): boolean {
    return this.#isDown
  }

  end(): Effect.Effect<void> {
    this.#isDown = false
    this.#failures = 0
    return Effect.logInfo("The Store works again")
  }
}
