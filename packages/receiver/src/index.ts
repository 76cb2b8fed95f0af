/**
 * @since 0.1.0
 */
export * as QStashReceiver from "./QStashReceiver.ts"
export * from "./Delivery.ts"
export * from "./VerifiedDelivery.ts"
export * from "./VerifyError.ts"
