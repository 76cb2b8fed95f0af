import * as Context from "effect/Context"

/**
 * Whether transactions may be lost in a power failure, as long as nothing is damaged. A claim may: its messages are then
 * due again. The next transaction that must not be lost makes this one durable as well.
 */
export const IsRelaxed = Context.Reference<IsRelaxed>()("@effect-qstash/store-sql/IsRelaxed", {
  defaultValue: () => false
})

export interface IsRelaxed {
  readonly _: unique symbol
}
