import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { DeliveryEvent } from "../../DeliveryEvent.ts"
import type {
  AcceptedMessage,
  StoredMessage,
  StoredQueue,
  StoredSchedule,
  StoredUrlGroup
} from "../../Rows.ts"
import type { Store } from "../../Store.ts"
import type { AppendLog } from "./AppendLog.ts"
import type { DeadLetters } from "./DeadLetters.ts"
import type { DueQueue, Entry } from "../DueQueue.ts"
import type { Gate, Lane } from "./Lanes.ts"

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface Tenant {
  readonly tenantId: string
  readonly schedules: Map<ScheduleId, ScheduleRow>
  messages: Map<MessageId, MessageRow>
  /** How many bytes the bodies of the messages have. */
  pendingBytes: number
  readonly queues: Map<QueueName, QueueRow>
  readonly groups: Map<UrlGroupName, Mutable<StoredUrlGroup>>
  readonly flowControl: Map<FlowControlKey, FlowRow>
  /** The keys that may be forgotten, and from when. */
  readonly idleKeys: DueQueue<IdleKey>
  readonly deadLetters: DeadLetters
  readonly log: AppendLog<DeliveryEvent>
  /** By key, those that expire first in front. */
  readonly deduplication: Map<string, Deduplicated>
  /** Counts the dead letters of one millisecond. */
  lastDlq: { readonly time: number; readonly count: number }
  leased: number
  readonly gate: Gate<MessageRow>
  /** By origin. Only those with deliveries under way or messages that wait for a slot. */
  destinations: Map<string, DestinationRow>
  signingKeys: SigningKeys | undefined
}

export interface ScheduleRow extends Omit<Mutable<StoredSchedule>, "lastStates"> {
  readonly sequence: number
  /** `lastStates` as a Map: an object with a new key at every firing costs as much as the rest of the firing. */
  states: Map<string, string>
  due: Entry<ScheduleRow> | undefined
}

export interface MessageRow {
  readonly sequence: number
  readonly tenant: Tenant
  readonly queue: QueueRow | undefined
  readonly flow: FlowRow | undefined
  /** The message that this is a callback of, if that one keeps its place in a queue until its callbacks are done. */
  readonly source: MessageRow | undefined
  message: StoredMessage
  due: Entry<MessageRow> | undefined
  state: MessageState
  /** Whether it is among the first of its queue, and the queue is not paused. */
  isAdmitted: boolean
  /** Its neighbours in the queue. */
  ahead: MessageRow | undefined
  behind: MessageRow | undefined
  isCancelRequested: boolean
  openCallbacks: number
}

export type MessageState =
  /** Waits for its time. */
  | { readonly _tag: "Planned" }
  /** Waits for its turn in a queue. */
  | { readonly _tag: "Held" }
  /** Is due and waits for a slot. */
  | { readonly _tag: "Waiting"; readonly lane: Lane<MessageRow> }
  /** Takes a slot at its destination. */
  | { readonly _tag: "Leased"; readonly token: number; readonly destination: DestinationRow }
  /** Delivered, given up or cancelled. It keeps its place in a queue until its callbacks are done. */
  | { readonly _tag: "Done" }

export interface QueueRow extends Mutable<StoredQueue> {
  /**
   * The first and the last message. Linked, because a Set or an array from which the first one leaves again and again
   * takes quadratic time.
   */
  first: MessageRow | undefined
  last: MessageRow | undefined
  /** How many are admitted: always the first ones. */
  admitted: number
  /** The first one that is not admitted. */
  waiting: MessageRow | undefined
}

export interface FlowRow {
  readonly sequence: number
  readonly key: FlowControlKey
  readonly gate: Gate<MessageRow>
  /** How many of its messages are due and wait for a slot. */
  waiting: number
  /** How many of its messages are not done. */
  pending: number
  readonly idle: IdleKey
  /** When the window that they wait for is over. */
  due: Entry<FlowRow> | undefined
  parallelism: number | undefined
  rate: number | undefined
  period: number
  isPaused: boolean
  isPinnedParallelism: boolean
  isPinnedRate: boolean
  underWay: number
  started: number
  windowStart: number | undefined
}

/** A flow-control key's place among the idle ones. */
interface IdleKey {
  readonly sequence: number
  readonly key: FlowControlKey
  due: Entry<IdleKey> | undefined
}

/** An origin that a tenant's messages go to. */
export interface DestinationRow {
  readonly origin: string
  readonly gate: Gate<MessageRow>
  underWay: number
  /** The waiting messages, by flow-control key: those of one lane have to pass the same gates. */
  lanes: Map<FlowRow | undefined, Lane<MessageRow>>
}

interface Deduplicated {
  readonly until: number
  readonly messages: ReadonlyArray<AcceptedMessage>
}

export type Slots = Pick<Parameters<Store.Service["claimDueMessages"]>[0], "perTenant" | "perDestination">

/** A message to create. */
export interface NewMessage {
  readonly settings: MessageSettings
  readonly url: string
  readonly urlGroup?: UrlGroupName | undefined
  readonly endpointName?: string | undefined
  readonly scheduleId?: ScheduleId | undefined
  readonly callbackOf?: MessageRow | undefined
  readonly callerIp: string | undefined
  readonly notBefore: number
  readonly hops?: number | undefined
}
