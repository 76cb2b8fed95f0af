/**
 * Which limit a tenant would exceed. Every Store counts in this way and this order.
 *
 * @since 0.1.0
 */
import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { AcceptLimits, MessageDraft } from "./Rows.ts"

/**
 * How many pending messages a tenant has, and how many bytes their bodies have.
 *
 * @since 0.1.0
 * @category models
 */
export interface PendingMessages {
  readonly messages: { readonly size: number }
  readonly pendingBytes: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type PendingLimits = Pick<AcceptLimits, "maxMessages" | "maxPendingBytes">

/** Some names out of `size`. */
interface Known<Name> {
  readonly size: number
  readonly has: (name: Name) => boolean
}

/**
 * What a tenant holds. Asked only about what the drafts name, so a Store need not read the rest.
 *
 * @since 0.1.0
 * @category models
 */
export interface Holdings extends PendingMessages {
  readonly queues: Known<QueueName>
  readonly flowControl: Known<FlowControlKey>
  readonly groups: {
    readonly get: (name: UrlGroupName) => { readonly endpoints: ReadonlyArray<unknown> } | undefined
  }
  readonly deduplication: { readonly has: (key: string) => boolean }
}

/**
 * The limit of pending messages that so many more, with so many bytes, would exceed.
 *
 * @since 0.1.0
 * @category conversions
 */
export const exceededPending = (
  { messages, pendingBytes }: PendingMessages,
  count: number,
  bytes: number,
  limits: PendingLimits
): keyof PendingLimits | undefined => {
  if (count > 0 && messages.size + count > limits.maxMessages) return "maxMessages"
  return bytes > 0 && pendingBytes + bytes > limits.maxPendingBytes ? "maxPendingBytes" : undefined
}

/**
 * The first limit that the drafts would exceed. If that is `maxFlowControlKeys`, the Store forgets the tenant's idle keys
 * and asks once more.
 *
 * @since 0.1.0
 * @category conversions
 */
export const exceededLimit = (
  holdings: Holdings,
  drafts: ReadonlyArray<MessageDraft>,
  hops: number,
  limits: AcceptLimits
): keyof AcceptLimits | undefined => {
  const { deduplication, flowControl, groups, queues } = holdings
  if (hops > limits.maxHops) return "maxHops"
  const newQueues = new Set<QueueName>()
  const keys = new Set<FlowControlKey>()
  const newDeduplicationKeys = new Set<string>()
  let count = 0
  let bytes = 0
  for (const { deduplicationKey, destination, settings } of drafts) {
    const { body, flowControl: flow, queueName } = settings
    if (queueName !== undefined && !queues.has(queueName)) newQueues.add(queueName)
    if (flow !== undefined) keys.add(flow.key)
    if (deduplicationKey !== undefined) {
      if (deduplication.has(deduplicationKey) || newDeduplicationKeys.has(deduplicationKey)) continue
      newDeduplicationKeys.add(deduplicationKey)
    }
    const copies =
      typeof destination === "string" ? 1 : (groups.get(destination.urlGroup)?.endpoints.length ?? 0)
    count += copies
    bytes += copies * (body?.length ?? 0)
  }
  if (newQueues.size > 0 && queues.size + newQueues.size > limits.maxQueues) return "maxQueues"
  const newKeys = Array.from(keys).filter((key) => !flowControl.has(key)).length
  if (newKeys > 0 && flowControl.size + newKeys > limits.maxFlowControlKeys) return "maxFlowControlKeys"
  if (count > limits.maxMessagesPerRequest) return "maxMessagesPerRequest"
  if (bytes > limits.maxBytesPerRequest) return "maxBytesPerRequest"
  return exceededPending(holdings, count, bytes, limits)
}
