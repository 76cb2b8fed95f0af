/**
 * QStash's behaviour as a state machine over ports.
 *
 * @since 0.1.0
 */
export * as Courier from "./Courier.ts"
export * as DeliveryEvent from "./DeliveryEvent.ts"
export * as Engine from "./Engine.ts"
export * as Limits from "./Limits.ts"
export * as MemoryStore from "./MemoryStore.ts"
export * as RealTime from "./RealTime.ts"
export * as RetryAfter from "./RetryAfter.ts"
export * as Rows from "./Rows.ts"
export * as Signer from "./Signer.ts"
export * as Store from "./Store.ts"
export * as StoreError from "./StoreError.ts"
export * as TenantServices from "./TenantServices.ts"
export * as VirtualClock from "./VirtualClock.ts"
