/**
 * @since 0.1.0
 */
import type { QStashDlq } from "./QStashDlq.ts"
import type { QStashFlowControl } from "./QStashFlowControl.ts"
import type { QStashLogs } from "./QStashLogs.ts"
import type { QStashMessages } from "./QStashMessages.ts"
import type { QStashQueues } from "./QStashQueues.ts"
import type { QStashSchedules } from "./QStashSchedules.ts"
import type { QStashSigningKeys } from "./QStashSigningKeys.ts"
import type { QStashUrlGroups } from "./QStashUrlGroups.ts"

/**
 * Every service of QStash: what a layer of the client or of a test provides.
 *
 * @since 0.1.0
 * @category models
 */
export type QStashServices =
  | QStashSchedules
  | QStashMessages
  | QStashQueues
  | QStashUrlGroups
  | QStashDlq
  | QStashFlowControl
  | QStashLogs
  | QStashSigningKeys
