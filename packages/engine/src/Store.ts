/**
 * The port to the engine's state. Each verb is one transaction: it happens whole or not at all, and never twice. All
 * instants are milliseconds since 1970 and come from the engine. A verb that changes messages writes the log, and returns
 * what it wrote. The ids of new messages come from the IdGenerator that is there when the Store is made. A verb that cannot do its work fails with a StoreError; then it may or may not have happened.
 *
 * @since 0.1.0
 */
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import { MessageId } from "@effect-qstash/domain/MessageId"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import type { UrlGroupEndpoint } from "@effect-qstash/domain/UrlGroup"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { DeliveryEvent } from "./DeliveryEvent.ts"
import type { Resolved } from "./Limits.ts"
import type {
  AcceptLimits,
  AcceptedMessage,
  FlowControlChange,
  Lease,
  MessageDraft,
  PageRequest,
  Retention,
  Settlement,
  StoredDeadLetter,
  StoredFlowControl,
  StoredMessage,
  StoredPage,
  StoredQueue,
  StoredSchedule,
  StoredUrlGroup
} from "./Rows.ts"
import type { StoreError } from "./StoreError.ts"

interface Logged {
  /** What was written to the log, in order. */
  readonly events: ReadonlyArray<DeliveryEvent>
}

/**
 * @since 0.1.0
 */
export declare namespace Store {
  /**
   * `E` is what each verb can fail with: of a Store that the engine runs on, StoreError.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Service<E = StoreError> {
    /**
     * Creates the schedule or replaces every setting of the one with this id. A replaced one keeps its pause, its
     * creation time and what is known of its last firing; its next time counts from now. `full` when the tenant holds
     * `limit` schedules and the id is not among them.
     */
    readonly upsertSchedule: (request: {
      readonly tenantId: string
      readonly scheduleId: ScheduleId
      readonly settings: CreateSchedule
      readonly callerIp: string | undefined
      readonly now: number
      readonly limit: number
    }) => Effect.Effect<"stored" | "full", E>

    /** One schedule of the tenant. */
    readonly getSchedule: (
      tenantId: string,
      scheduleId: ScheduleId
    ) => Effect.Effect<Option.Option<StoredSchedule>, E>

    /** The tenant's schedules, oldest first. */
    readonly listSchedules: (tenantId: string) => Effect.Effect<ReadonlyArray<StoredSchedule>, E>

    /** Removes a schedule, and returns whether it existed. Its messages stay. */
    readonly deleteSchedule: (tenantId: string, scheduleId: ScheduleId) => Effect.Effect<boolean, E>

    /**
     * Pauses or resumes, and returns whether the schedule exists. A firing that fell into the pause is not made up
     * for even if it was not claimed yet: resuming moves such a schedule to its next time after now.
     */
    readonly setPaused: (request: {
      readonly tenantId: string
      readonly scheduleId: ScheduleId
      readonly isPaused: boolean
      readonly now: number
    }) => Effect.Effect<boolean, E>

    /**
     * Takes the schedules that are due, earliest first: inserts the messages of each active one and moves each to its
     * next time after now, in one step, so that a firing makes its messages exactly once. A paused one only moves. One
     * that missed several times fires once. One whose URL group is gone notes that as its error, and so does one whose
     * messages would go beyond a limit of the tenant.
     */
    readonly claimDueSchedules: (request: {
      readonly now: number
      readonly limit: number
      readonly limits: Pick<AcceptLimits, "maxMessages" | "maxPendingBytes">
    }) => Effect.Effect<Logged, E>

    /**
     * Accepts all drafts or none. The result names a URL group that does not exist, and a limit that would be exceeded;
     * a message to a URL group counts once for each endpoint, and one that is recognised does not count. A draft with the
     * key of one that was accepted within `window` milliseconds gets that one's messages. Queues are made on first use; a
     * flow-control key takes the limits of the latest draft. Where there would be more keys than `maxFlowControlKeys`, the
     * idle ones are forgotten first: those of no pending message, without a pause or a pin, whose rate window is over. Drafts that come out of the delivery of a leased message, of
     * whatever tenant, become messages with one hop more than that one.
     */
    readonly accept: (request: {
      readonly tenantId: string
      readonly callerIp: string | undefined
      readonly drafts: ReadonlyArray<MessageDraft>
      readonly now: number
      readonly window: number
      readonly deliveryOf: MessageId | undefined
      readonly limits: AcceptLimits
    }) => Effect.Effect<
      | ({
          readonly _tag: "Accepted"
          readonly messages: ReadonlyArray<ReadonlyArray<AcceptedMessage>>
        } & Logged)
      | { readonly _tag: "UrlGroupNotFound"; readonly urlGroup: UrlGroupName }
      | { readonly _tag: "OverLimit"; readonly limit: keyof AcceptLimits },
      E
    >

    /**
     * Leases the messages that are due and may start, in the order of their time and sequence. Of a queue only the first
     * of its unfinished messages may, as many as its parallelism, and none while it is paused; of a flow-control key as
     * many as its limits allow; of a tenant and of a destination only while fewer of its messages are leased than
     * `perTenant` and `perDestination`. A message that may not start waits until a slot is freed, without keeping others
     * from starting. A leased one is due again when the time of its lease is over.
     *
     * A Store may stop before it has looked at everything. Then `nextWake` is not after `now`.
     */
    readonly claimDueMessages: (request: {
      readonly now: number
      readonly limit: number
      /** How many messages of one tenant may be leased at once. */
      readonly perTenant: number
      /** How many messages of one tenant to one origin may be leased at once. */
      readonly perDestination: number
      /** How long the leases last if they are not renewed, in milliseconds. */
      readonly leaseFor: number
    }) => Effect.Effect<{ readonly leases: ReadonlyArray<Lease> } & Logged, E>

    /**
     * Records the outcomes of attempts, in the given order, and returns for each whether its lease still held. What an
     * attempt entails happens with it: retry time or dead letter, callbacks, the state in the schedule, the place in
     * the queue. A message whose cancel was asked for meanwhile is not tried again. Where the bodies of the tenant's pending
     * messages have `maxPendingBytes` or more, callbacks go without the source body.
     */
    readonly settle: (request: {
      readonly settlements: ReadonlyArray<Settlement>
      readonly now: number
      readonly maxPendingBytes: number
    }) => Effect.Effect<{ readonly answers: ReadonlyArray<"settled" | "stale"> } & Logged, E>

    /** Makes leases last until an instant. One that was settled or released, or that somebody else has taken over, stays so. */
    readonly renew: (request: {
      readonly tokens: ReadonlyArray<number>
      readonly until: number
    }) => Effect.Effect<void, E>

    /**
     * Gives leases back: the messages are due at once, and the attempt does not count as one of theirs. It still counts
     * against the rate of its flow-control key, because its request may have reached the destination.
     */
    readonly release: (tokens: ReadonlyArray<number>) => Effect.Effect<void, E>

    /** When the next schedule, and the next message, ending lease or rate window, will be due. */
    readonly nextWake: Effect.Effect<
      {
        readonly schedule: number | undefined
        readonly message: number | undefined
      },
      E
    >

    /** One message that is not done. */
    readonly getMessage: (
      tenantId: string,
      messageId: MessageId
    ) => Effect.Effect<Option.Option<StoredMessage>, E>

    /** The messages that are not done, oldest first. */
    readonly listMessages: (tenantId: string) => Effect.Effect<ReadonlyArray<StoredMessage>, E>

    /**
     * Cancels matching messages, `limit` at most, oldest first, and returns how many: idle ones at
     * once, one under way when it is settled. One whose cancel was asked for before counts no more.
     */
    readonly cancel: (request: {
      readonly tenantId: string
      readonly criteria: Criteria
      readonly limit: number
      readonly now: number
    }) => Effect.Effect<{ readonly cancelled: number } & Logged, E>

    /** How many of the tenant's messages are not done. */
    readonly countMessages: (tenantId: string) => Effect.Effect<number, E>

    /** How many of the tenant's messages are leased. */
    readonly countLeased: (tenantId: string) => Effect.Effect<number, E>

    /** One dead letter. */
    readonly getDeadLetter: (
      tenantId: string,
      dlqId: DlqId
    ) => Effect.Effect<Option.Option<StoredDeadLetter>, E>

    /** A page of dead letters. */
    readonly pageDeadLetters: (request: PageRequest) => Effect.Effect<StoredPage<StoredDeadLetter>, E>

    /**
     * Removes matching dead letters, `count` at most, and returns their ids. With `retry` each becomes
     * a new message in the same step. Of letters that came after the number `upTo` none is taken; the answer has the number
     * to hand on with the next page, so that what fails again meanwhile is not taken twice.
     */
    readonly takeDeadLetters: (
      request: Omit<PageRequest, "order" | "maxBytes"> & {
        readonly upTo?: number | undefined
        readonly now: number
        readonly retry: { readonly retries: number | undefined } | undefined
      }
    ) => Effect.Effect<
      {
        readonly taken: ReadonlyArray<DlqId>
        readonly retried: ReadonlyArray<StoredMessage>
        readonly last: number | undefined
        readonly upTo: number
      } & Logged,
      E
    >

    /** A page of the log, without the entries that came after the number `upTo`. */
    readonly pageLogs: (
      request: PageRequest & { readonly upTo?: number | undefined }
    ) => Effect.Effect<StoredPage<DeliveryEvent>, E>

    /**
     * Creates a queue or changes the one with this name; what is `undefined` stays. `full` when the tenant has `limit`
     * queues and this is not among them.
     */
    readonly upsertQueue: (request: {
      readonly tenantId: string
      readonly queueName: QueueName
      readonly parallelism: number
      readonly isPaused: boolean | undefined
      readonly now: number
      readonly limit: number
    }) => Effect.Effect<"stored" | "full", E>

    /** One queue. */
    readonly getQueue: (
      tenantId: string,
      queueName: QueueName
    ) => Effect.Effect<Option.Option<StoredQueue>, E>

    /** The tenant's queues, oldest first. */
    readonly listQueues: (tenantId: string) => Effect.Effect<ReadonlyArray<StoredQueue>, E>

    /** Removes a queue if there is one, and cancels the messages in it. */
    readonly deleteQueue: (request: {
      readonly tenantId: string
      readonly queueName: QueueName
      readonly now: number
    }) => Effect.Effect<Logged, E>

    /** Pauses or resumes a queue, and returns whether it exists. */
    readonly setQueuePaused: (request: {
      readonly tenantId: string
      readonly queueName: QueueName
      readonly isPaused: boolean
      readonly now: number
    }) => Effect.Effect<boolean, E>

    /**
     * Adds endpoints to a group, or puts them in the place of those with the same URL or name. Returns the limit that the
     * tenant or the group would exceed; then nothing changes.
     */
    readonly upsertEndpoints: (request: {
      readonly tenantId: string
      readonly urlGroup: UrlGroupName
      readonly endpoints: ReadonlyArray<UrlGroupEndpoint>
      readonly now: number
      readonly limits: Pick<Resolved, "maxUrlGroups" | "maxEndpointsPerUrlGroup">
    }) => Effect.Effect<"stored" | "maxUrlGroups" | "maxEndpointsPerUrlGroup", E>

    /**
     * Removes endpoints, the group with the last one. Returns whether the group has each of them; if not, all stay.
     */
    readonly removeEndpoints: (request: {
      readonly tenantId: string
      readonly urlGroup: UrlGroupName
      readonly endpoints: ReadonlyArray<{ readonly url?: string; readonly name?: string }>
      readonly now: number
    }) => Effect.Effect<boolean, E>

    /** One group. */
    readonly getUrlGroup: (
      tenantId: string,
      urlGroup: UrlGroupName
    ) => Effect.Effect<Option.Option<StoredUrlGroup>, E>

    /** The tenant's groups, oldest first. */
    readonly listUrlGroups: (tenantId: string) => Effect.Effect<ReadonlyArray<StoredUrlGroup>, E>

    /** Removes a group if there is one. */
    readonly deleteUrlGroup: (tenantId: string, urlGroup: UrlGroupName) => Effect.Effect<void, E>

    /** One flow-control key, as it stands at an instant. */
    readonly getFlowControl: (
      tenantId: string,
      key: FlowControlKey
    ) => Effect.Effect<Option.Option<StoredFlowControl>, E>

    /** The tenant's flow-control keys, oldest first. */
    readonly listFlowControl: (tenantId: string) => Effect.Effect<ReadonlyArray<StoredFlowControl>, E>

    /**
     * Changes a flow-control key. When the tenant has `limit` keys and the change would make one more, its idle keys are
     * forgotten, as `accept` does. `full` when that makes no room.
     */
    readonly changeFlowControl: (request: {
      readonly tenantId: string
      readonly key: FlowControlKey
      readonly change: FlowControlChange
      readonly now: number
      readonly limit: number
    }) => Effect.Effect<"stored" | "full", E>

    /** The signing keys, where they have been rotated. */
    readonly getSigningKeys: (tenantId: string) => Effect.Effect<Option.Option<SigningKeys>, E>

    /** Makes the next key the current one. `initial` counts where there was no rotation before. */
    readonly rotateSigningKeys: (request: {
      readonly tenantId: string
      readonly initial: SigningKeys
      readonly next: SigningKeys["next"]
    }) => Effect.Effect<SigningKeys, E>

    /** Forgets what is not to be kept of each tenant's log and dead letters. */
    readonly prune: (request: {
      readonly logs: Retention
      readonly deadLetters: Retention
    }) => Effect.Effect<void, E>
  }
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Store extends Context.Tag("@effect-qstash/engine/Store")<Store, Store.Service>() {}

/**
 * The same Store with each verb changed in the same way: its errors converted, a span around it. Verbs that are Effects
 * of their own stay so.
 *
 * @since 0.1.0
 * @category combinators
 */
export const mapVerbs = <E, E2>(
  store: Store.Service<E>,
  map: <A>(effect: Effect.Effect<A, E>, verb: keyof Store.Service) => Effect.Effect<A, E2>
): Store.Service<E2> => ({
  upsertSchedule: (request) => map(store.upsertSchedule(request), "upsertSchedule"),
  getSchedule: (tenantId, scheduleId) => map(store.getSchedule(tenantId, scheduleId), "getSchedule"),
  listSchedules: (tenantId) => map(store.listSchedules(tenantId), "listSchedules"),
  deleteSchedule: (tenantId, scheduleId) => map(store.deleteSchedule(tenantId, scheduleId), "deleteSchedule"),
  setPaused: (request) => map(store.setPaused(request), "setPaused"),
  claimDueSchedules: (request) => map(store.claimDueSchedules(request), "claimDueSchedules"),
  accept: (request) => map(store.accept(request), "accept"),
  claimDueMessages: (request) => map(store.claimDueMessages(request), "claimDueMessages"),
  settle: (request) => map(store.settle(request), "settle"),
  renew: (request) => map(store.renew(request), "renew"),
  release: (tokens) => map(store.release(tokens), "release"),
  nextWake: map(store.nextWake, "nextWake"),
  getMessage: (tenantId, messageId) => map(store.getMessage(tenantId, messageId), "getMessage"),
  listMessages: (tenantId) => map(store.listMessages(tenantId), "listMessages"),
  cancel: (request) => map(store.cancel(request), "cancel"),
  countMessages: (tenantId) => map(store.countMessages(tenantId), "countMessages"),
  countLeased: (tenantId) => map(store.countLeased(tenantId), "countLeased"),
  getDeadLetter: (tenantId, dlqId) => map(store.getDeadLetter(tenantId, dlqId), "getDeadLetter"),
  pageDeadLetters: (request) => map(store.pageDeadLetters(request), "pageDeadLetters"),
  takeDeadLetters: (request) => map(store.takeDeadLetters(request), "takeDeadLetters"),
  pageLogs: (request) => map(store.pageLogs(request), "pageLogs"),
  upsertQueue: (request) => map(store.upsertQueue(request), "upsertQueue"),
  getQueue: (tenantId, queueName) => map(store.getQueue(tenantId, queueName), "getQueue"),
  listQueues: (tenantId) => map(store.listQueues(tenantId), "listQueues"),
  deleteQueue: (request) => map(store.deleteQueue(request), "deleteQueue"),
  setQueuePaused: (request) => map(store.setQueuePaused(request), "setQueuePaused"),
  upsertEndpoints: (request) => map(store.upsertEndpoints(request), "upsertEndpoints"),
  removeEndpoints: (request) => map(store.removeEndpoints(request), "removeEndpoints"),
  getUrlGroup: (tenantId, urlGroup) => map(store.getUrlGroup(tenantId, urlGroup), "getUrlGroup"),
  listUrlGroups: (tenantId) => map(store.listUrlGroups(tenantId), "listUrlGroups"),
  deleteUrlGroup: (tenantId, urlGroup) => map(store.deleteUrlGroup(tenantId, urlGroup), "deleteUrlGroup"),
  getFlowControl: (tenantId, key) => map(store.getFlowControl(tenantId, key), "getFlowControl"),
  listFlowControl: (tenantId) => map(store.listFlowControl(tenantId), "listFlowControl"),
  changeFlowControl: (request) => map(store.changeFlowControl(request), "changeFlowControl"),
  getSigningKeys: (tenantId) => map(store.getSigningKeys(tenantId), "getSigningKeys"),
  rotateSigningKeys: (request) => map(store.rotateSigningKeys(request), "rotateSigningKeys"),
  prune: (request) => map(store.prune(request), "prune")
})

/**
 * The id of a new message. It is not validated, since it is minted here.
 *
 * @since 0.1.0
 * @category constructors
 */
export const mintMessageId = (ids: IdGenerator.Service): MessageId =>
  MessageId.make(ids.unsafeNext("msg"), { disableValidation: true })
