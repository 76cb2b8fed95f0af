/**
 * @since 0.1.0
 */
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { Page } from "@effect-qstash/domain/Page"
import type { Published } from "@effect-qstash/domain/Published"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import type { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import type {
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QStashUnavailable
} from "@effect-qstash/domain/QStashError"
import type { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import type { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import type { DlqMessage, QStashMessage } from "@effect-qstash/domain/QStashMessage"
import type { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import type { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import type { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoredMessage } from "./Rows.ts"

/**
 * Who calls the engine. Each tenant has its own schedules, messages, signing keys and everything else.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tenant {
  readonly tenantId: string
  /** The caller's address. Deliveries of what it creates or publishes carry it as `Upstash-Caller-Ip`. */
  readonly callerIp?: string | undefined
  /** The message whose delivery made this request, if the request names it in `Upstash-Message-Id`. */
  readonly deliveryOf?: MessageId | undefined
}

/**
 * @since 0.1.0
 */
export declare namespace TenantServices {
  /**
   * Which dead letters or log entries to return. Already checked.
   *
   * @since 0.1.0
   * @category models
   */
  export interface PageRequest {
    readonly criteria: Criteria
    /** The cursor of the previous page. */
    readonly cursor?: string | undefined
    readonly count: number
    /**
     * How many bytes the page may hold.
     *
     * @default the option `maxPageBytes`
     */
    readonly maxBytes?: number | undefined
    readonly order: "latestFirst" | "earliestFirst"
  }

  /**
   * Which dead letters to delete or retry. Already checked.
   *
   * @since 0.1.0
   * @category models
   */
  export type Selection = Omit<PageRequest, "order" | "maxBytes">
}

/**
 * The services of every tenant. The operations below the services are for a server: their input is already checked, and
 * their destinations stay as they are, byte for byte, while the services normalise those of their callers. What the Store
 * fails to do fails with QStashUnavailable.
 *
 * @since 0.1.0
 * @category models
 */
export interface TenantServices {
  /** All services of one tenant. */
  readonly services: (tenant: Tenant) => Context.Context<QStashServices>
  readonly schedules: (tenant: Tenant) => QStashSchedules.Service
  readonly messages: (tenant: Tenant) => QStashMessages.Service
  readonly queues: (tenant: Tenant) => QStashQueues.Service
  readonly urlGroups: (tenant: Tenant) => QStashUrlGroups.Service
  readonly dlq: (tenant: Tenant) => QStashDlq.Service
  readonly flowControl: (tenant: Tenant) => QStashFlowControl.Service
  readonly logs: (tenant: Tenant) => QStashLogs.Service
  readonly signingKeys: (tenant: Tenant) => QStashSigningKeys.Service

  /** Creates or overwrites a schedule. */
  readonly createSchedule: (
    tenant: Tenant,
    settings: CreateSchedule
  ) => Effect.Effect<ScheduleId, QStashQuotaExceeded | QStashInvalidRequest | QStashUnavailable>

  /** Accepts all messages or none. Returns what each has become: for a URL group one message for each endpoint. */
  readonly accept: (
    tenant: Tenant,
    messages: ReadonlyArray<PublishMessage>
  ) => Effect.Effect<
    ReadonlyArray<ReadonlyArray<Published>>,
    QStashQuotaExceeded | QStashInvalidRequest | QStashUnavailable
  >

  /** Every message of the tenant that is not done, oldest first. */
  readonly pending: (tenant: Tenant) => Effect.Effect<ReadonlyArray<QStashMessage>, QStashUnavailable>

  /** Cancels matching messages, `count` at most, and returns how many. */
  readonly cancelMany: (
    tenant: Tenant,
    criteria: Criteria,
    count?: number
  ) => Effect.Effect<number, QStashUnavailable>

  /** A page of dead letters. Rejects an invalid cursor. */
  readonly dlqPage: (
    tenant: Tenant,
    request: TenantServices.PageRequest
  ) => Effect.Effect<Page<DlqMessage>, QStashInvalidRequest | QStashUnavailable>

  /** Deletes matching dead letters, `count` at most, and returns a cursor if there are more. */
  readonly dlqDelete: (
    tenant: Tenant,
    request: TenantServices.Selection
  ) => Effect.Effect<
    { readonly deleted: number; readonly cursor?: string },
    QStashInvalidRequest | QStashUnavailable
  >

  /** Publishes matching dead letters again, `count` at most, and returns a cursor if there are more. */
  readonly dlqRetry: (
    tenant: Tenant,
    request: TenantServices.Selection & { readonly retries?: number | undefined }
  ) => Effect.Effect<Page<Published>, QStashQuotaExceeded | QStashInvalidRequest | QStashUnavailable>

  /**
   * Delivers a message once more, whatever its state: QStash delivers at least once, and sometimes twice. The Store does
   * not know of it, so this attempt takes no slot, is not logged, and its outcome changes nothing.
   */
  readonly redeliver: (message: StoredMessage) => Effect.Effect<void>

  /** A page of the log. Rejects an invalid cursor. */
  readonly logsPage: (
    tenant: Tenant,
    request: TenantServices.PageRequest
  ) => Effect.Effect<Page<LogEntry>, QStashInvalidRequest | QStashUnavailable>

  /**
   * A page of the log by message: `count` messages, each with all of its entries that match. The order is that of the
   * first entry of each message. Latest first, later pages leave out what is new since the first one. Of each body only
   * `trimBody` bytes count, which is how many the caller will keep. Rejects an invalid cursor.
   */
  readonly logsByMessage: (
    tenant: Tenant,
    request: TenantServices.PageRequest & { readonly trimBody?: number | undefined }
  ) => Effect.Effect<Page<ReadonlyArray<LogEntry>>, QStashInvalidRequest | QStashUnavailable>
}
