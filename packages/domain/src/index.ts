/**
 * What QStash is, as Effect values.
 *
 * @since 0.1.0
 */
export * from "./CreateSchedule.ts"
export * from "./CronExpression.ts"
export * from "./DeliveryMethod.ts"
export * from "./Destination.ts"
export * from "./FlowControl.ts"
export * from "./IdGenerator.ts"
export * from "./QStashError.ts"
export * from "./QStashSchedule.ts"
export * from "./QStashSchedules.ts"
export * from "./QueueName.ts"
export * from "./RedactedValue.ts"
export * from "./RetryDelayExpression.ts"
export * from "./ScheduleId.ts"
export * from "./UrlGroupName.ts"
