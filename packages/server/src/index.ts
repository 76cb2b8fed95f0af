/**
 * A QStash server for your own machine.
 *
 * @since 0.1.0
 */
export * as DevelopmentUsers from "./DevelopmentUsers.ts"
export * as ListenError from "./ListenError.ts"
export * as QStashServer from "./QStashServer.ts"
export * as UndiciCourier from "./UndiciCourier.ts"
