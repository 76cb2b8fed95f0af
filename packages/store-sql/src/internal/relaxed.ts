import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"

/**
 * Whether transactions may be lost in a power failure, as long as nothing is damaged. A claim may: its messages are then
 * due again. The next transaction that must not be lost makes this one durable as well.
 */
export const isRelaxed = globalValue("@effect-qstash/store-sql/isRelaxed", () => FiberRef.unsafeMake(false))
