/**
 * @since 0.1.0
 */
export * as GroupedMessages from "./GroupedMessages.ts"
export * as QStashClient from "./QStashClient.ts"
export * as QStashDlqClient from "./QStashDlqClient.ts"
export * as QStashFlowControlClient from "./QStashFlowControlClient.ts"
export * as QStashLogsClient from "./QStashLogsClient.ts"
export * as QStashMessagesClient from "./QStashMessagesClient.ts"
export * as QStashQueuesClient from "./QStashQueuesClient.ts"
export * as QStashSchedulesClient from "./QStashSchedulesClient.ts"
export * as QStashSigningKeysClient from "./QStashSigningKeysClient.ts"
export * as QStashUrlGroupsClient from "./QStashUrlGroupsClient.ts"
export * from "./QStashClientMisconfigured.ts"
