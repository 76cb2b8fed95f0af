/**
 * What the main entry exports, with `QStashReceiver` on `node:crypto`.
 *
 * @since 0.1.0
 */
export * as QStashReceiver from "./NodeQStashReceiver.ts"
export * from "./Delivery.ts"
export * from "./VerifiedDelivery.ts"
export * from "./VerifyError.ts"
