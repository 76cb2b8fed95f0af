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
 * One value, or several of which any will do.
 *
 * @since 0.1.0
 * @category models
 */
export type OneOrMore<A> = A | Arr.NonEmptyReadonlyArray<A>

/** What the filters of all three have in common. A message has to match every filter that is given. */
interface Common {
  readonly urlGroup?: OneOrMore<UrlGroupName>
  readonly queueName?: OneOrMore<QueueName>
  readonly scheduleId?: OneOrMore<ScheduleId>
  readonly flowControlKey?: OneOrMore<FlowControlKey>
  readonly label?: OneOrMore<string>
  /** The whole URL, as the message has it. */
  readonly url?: OneOrMore<string>
  /** The address of whoever published the message. */
  readonly callerIp?: OneOrMore<string>
  /** Not before this instant, which is included. Text is ISO 8601. */
  readonly fromDate?: DateTime.DateTime.Input
  /** Not after this instant, which is included. */
  readonly toDate?: DateTime.DateTime.Input
}

/**
 * Filters for pending messages; the dates are those of their creation.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageFilter extends Common {
  /** The host of the URL, with its port if it has one. */
  readonly host?: OneOrMore<string>
  /** The path of the URL, without the query. */
  readonly path?: OneOrMore<string>
}

/**
 * Filters for the dead letter queue; the dates are those of the failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface DlqFilter extends Common {
  readonly messageId?: MessageId
  /** 0 finds the messages whose destination sent no response. */
  readonly responseStatus?: OneOrMore<number>
}

/**
 * Filters for the logs; the dates are those of the entries.
 *
 * @since 0.1.0
 * @category models
 */
export interface LogFilter extends MessageFilter {
  readonly messageId?: OneOrMore<MessageId>
  /** `IN_PROGRESS` stands for `ACTIVE`, `RETRY` and `ERROR`. */
  readonly state?: LogState | "IN_PROGRESS"
}

/** At least one of the keys, so that no selection is of everything by accident. */
type Some<Filter> = { [K in keyof Filter]-?: Filter & { readonly [Key in K]-?: Filter[K] } }[keyof Filter]

/**
 * The messages that a bulk operation is about: by id, by filters, or all of them, which has to be said. An empty
 * selector is a type error, and is refused at run time as well.
 *
 * @since 0.1.0
 * @category models
 */
export type MessageSelector =
  | { readonly messageIds: Arr.NonEmptyReadonlyArray<MessageId> }
  | (Some<MessageFilter> & { readonly messageIds?: never; readonly all?: never })
  | { readonly all: true }

/**
 * The same for the dead letter queue.
 *
 * @since 0.1.0
 * @category models
 */
export type DlqSelector =
  | { readonly dlqIds: Arr.NonEmptyReadonlyArray<DlqId> }
  | (Some<DlqFilter> & { readonly dlqIds?: never; readonly all?: never })
  | { readonly all: true }
