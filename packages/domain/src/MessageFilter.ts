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

/** The filters that all three take. A message has to match each of them; one that is undefined does not count. */
interface Common {
  readonly urlGroup?: OneOrMore<UrlGroupName> | undefined
  readonly queueName?: OneOrMore<QueueName> | undefined
  readonly scheduleId?: OneOrMore<ScheduleId> | undefined
  readonly flowControlKey?: OneOrMore<FlowControlKey> | undefined
  /** A label; blanks around it do not count. */
  readonly label?: OneOrMore<string> | undefined
  /** The whole URL, as it was published. It is normalised as a destination is. */
  readonly url?: OneOrMore<string | URL> | undefined
  /** The address of whoever published the message. */
  readonly callerIp?: OneOrMore<string> | undefined
  /** Not before this instant, which is included. Text is ISO 8601. */
  readonly fromDate?: DateTime.DateTime.Input | undefined
  /** Not after this instant, which is included. */
  readonly toDate?: DateTime.DateTime.Input | undefined
}

/**
 * Filters for pending messages; the dates are those of their creation.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageFilter extends Common {
  /** The host of the URL in any case, with its port if it has one. */
  readonly host?: OneOrMore<string> | undefined
  /** The path of the URL, from its "/" on and without the query. It is normalised as a destination is. */
  readonly path?: OneOrMore<string> | undefined
}

/**
 * Filters for the dead letter queue; the dates are those of the failure.
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
 * Filters for the logs; the dates are those of the entries.
 *
 * @since 0.1.0
 * @category models
 */
export interface LogFilter extends MessageFilter {
  readonly messageId?: OneOrMore<MessageId> | undefined
  /** `IN_PROGRESS` stands for `ACTIVE`, `RETRY` and `ERROR`. */
  readonly state?: LogState | "IN_PROGRESS" | undefined
}

/** Without undefined: a selector whose only filter is undefined would select everything. */
type Exact<Filter> = { readonly [K in keyof Filter]?: Exclude<Filter[K], undefined> }

/** At least one of the keys, so that no selection is of everything by accident. */
type Some<Filter> = {
  [K in keyof Filter]-?: Exact<Filter> & { readonly [Key in K]-?: Exclude<Filter[K], undefined> }
}[keyof Filter]

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
