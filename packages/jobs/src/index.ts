/**
 * @since 0.1.0
 */
export * as Job from "./Job.ts"
/**
 * @since 0.1.0
 */
export * as Jobs from "./Jobs.ts"
/**
 * @since 0.1.0
 */
export * as JobsHttpApi from "./JobsHttpApi.ts"
/**
 * @since 0.1.0
 */
export * as Ledger from "./Ledger.ts"
/**
 * @since 0.1.0
 */
export * as Plan from "./Plan.ts"
/**
 * @since 0.1.0
 */
export * from "./Run.ts"
