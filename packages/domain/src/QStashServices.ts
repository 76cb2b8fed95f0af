import { QStashDlq } from "./QStashDlq.ts"
import { QStashFlowControl } from "./QStashFlowControl.ts"
import { QStashLogs } from "./QStashLogs.ts"
import { QStashMessages } from "./QStashMessages.ts"
import { QStashQueues } from "./QStashQueues.ts"
import { QStashSchedules } from "./QStashSchedules.ts"
import { QStashSigningKeys } from "./QStashSigningKeys.ts"
import { QStashUrlGroups } from "./QStashUrlGroups.ts"
import * as Context from "effect/Context"

/**
 * All services of QStash, as a layer of the client or of a test provides them.
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

/** @since 0.1.0 */
export declare namespace QStashServices {
  /**
   * An implementation of every service.
   *
   * @since 0.1.0
   * @category models
   */
  export interface All {
    readonly schedules: QStashSchedules.Service
    readonly messages: QStashMessages.Service
    readonly queues: QStashQueues.Service
    readonly urlGroups: QStashUrlGroups.Service
    readonly dlq: QStashDlq.Service
    readonly flowControl: QStashFlowControl.Service
    readonly logs: QStashLogs.Service
    readonly signingKeys: QStashSigningKeys.Service
  }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const QStashServices = {
  /** Puts an implementation of every service into one context. */
  context: (all: QStashServices.All): Context.Context<QStashServices> =>
    Context.make(QStashSchedules, all.schedules).pipe(
      Context.add(QStashMessages, all.messages),
      Context.add(QStashQueues, all.queues),
      Context.add(QStashUrlGroups, all.urlGroups),
      Context.add(QStashDlq, all.dlq),
      Context.add(QStashFlowControl, all.flowControl),
      Context.add(QStashLogs, all.logs),
      Context.add(QStashSigningKeys, all.signingKeys)
    )
}
