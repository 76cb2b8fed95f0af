/**
 * QStash in memory under virtual time, for your tests.
 *
 * @since 0.1.0
 */
export { Delivery } from "./Delivery.ts"
export * as QStashTest from "./QStashTest.ts"
