/**
 * @since 0.1.0
 */
export * as QStashClient from "./QStashClient.ts"
export * from "./QStashClientMisconfigured.ts"
