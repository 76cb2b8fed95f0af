/**
 * Which messages a call is about.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type * as DateTime from "effect/DateTime"
import type { DlqId } from "./DlqId.ts"
import type { FlowControlKey } from "./FlowControl.ts"
import type { LogState } from "./LogEntry.ts"
import type { MessageId } from "./MessageId.ts"
import type { QueueName } from "./QueueName.ts"
import type { ScheduleId } from "./ScheduleId.ts"
import type { UrlGroupName } from "./UrlGroupName.ts"

/**
 * One value, or several of which one must match.
 *
 * @since 0.1.0
 * @category models
 */
export type OneOrMore<A> = A | Arr.NonEmptyReadonlyArray<A>

/** The filters that all three share. A message must match each of them; an undefined filter is ignored. */
interface Common {
  readonly urlGroup?: OneOrMore<UrlGroupName> | undefined
  readonly queueName?: OneOrMore<QueueName> | undefined
  readonly scheduleId?: OneOrMore<ScheduleId> | undefined
  readonly flowControlKey?: OneOrMore<FlowControlKey> | undefined
  /** A label; spaces around it are ignored. */
  readonly label?: OneOrMore<string> | undefined
  /** The whole URL as it was published. It is normalised like a destination. */
  readonly url?: OneOrMore<string | URL> | undefined
  /** The IP address of the publisher. */
  readonly callerIp?: OneOrMore<string> | undefined
  /** Inclusive. Text is ISO 8601. */
  readonly fromDate?: DateTime.DateTime.Input | undefined
  /** Inclusive. */
  readonly toDate?: DateTime.DateTime.Input | undefined
}

/**
 * Filters for pending messages. The dates are those of their creation.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageFilter extends Common {
  /** The URL's host, in any case, with its port if it has one. */
  readonly host?: OneOrMore<string> | undefined
  /** The URL's path, starting with "/" and without the query. It is normalised like a destination. */
  readonly path?: OneOrMore<string> | undefined
}

/**
 * Filters for the dead letter queue. The dates are those of the failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface DlqFilter extends Common {
  readonly messageId?: MessageId | undefined
  /** 0 finds the messages whose destination sent no response. */
  readonly responseStatus?: OneOrMore<number> | undefined
}

/**
 * Filters for the logs. The dates are those of the entries.
 *
 * @since 0.1.0
 * @category models
 */
export interface LogFilter extends MessageFilter {
  readonly messageId?: OneOrMore<MessageId> | undefined
  /** `IN_PROGRESS` means `ACTIVE`, `RETRY` or `ERROR`. */
  readonly state?: LogState | "IN_PROGRESS" | undefined
}

/** Forbids undefined: a selector whose only filter is undefined would select everything. */
type Exact<Filter> = { readonly [K in keyof Filter]?: Exclude<Filter[K], undefined> }

/** Requires at least one key, so that nobody selects everything by accident. */
type Some<Filter> = {
  [K in keyof Filter]-?: Exact<Filter> & { readonly [Key in K]-?: Exclude<Filter[K], undefined> }
}[keyof Filter]

/**
 * The messages of a bulk operation: by id, by filters, or explicitly all. An empty selector is a type error, and is
 * rejected at run time too.
 *
 * @since 0.1.0
 * @category models
 */
export type MessageSelector =
  | { readonly messageIds: Arr.NonEmptyReadonlyArray<MessageId> }
  | (Some<MessageFilter> & { readonly messageIds?: never; readonly all?: never })
  | { readonly all: true }

/**
 * Like {@link MessageSelector}, for the dead letter queue.
 *
 * @since 0.1.0
 * @category models
 */
export type DlqSelector =
  | { readonly dlqIds: Arr.NonEmptyReadonlyArray<DlqId> }
  | (Some<DlqFilter> & { readonly dlqIds?: never; readonly all?: never })
  | { readonly all: true }
