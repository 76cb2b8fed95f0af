/**
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * A Store could not do what a verb asks: its database is away, its disk is full. Whether the verb took effect is not
 * known. The cause is for the log of whoever runs the engine; callers never see it.
 *
 * @since 0.1.0
 * @category errors
 */
export class StoreError extends Data.TaggedError("StoreError")<{
  /** The verb that failed, such as `accept`. */
  readonly verb: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `The Store failed in ${this.verb}`
  }
}
