import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { AcceptLimits, MessageDraft } from "./Rows.ts"

/** What a tenant holds. */
interface Holdings {
  readonly queues: ReadonlyMap<QueueName, unknown>
  readonly flowControl: ReadonlyMap<FlowControlKey, unknown>
  readonly groups: ReadonlyMap<UrlGroupName, { readonly endpoints: ReadonlyArray<unknown> }>
  readonly messages: ReadonlyMap<unknown, unknown>
  readonly pendingBytes: number
  readonly deduplication: ReadonlyMap<string, unknown>
}

/** The limit of pending messages that so many more, with so many bytes, would exceed. */
export const exceededPending = (
  { messages, pendingBytes }: Pick<Holdings, "messages" | "pendingBytes">,
  count: number,
  bytes: number,
  limits: Pick<AcceptLimits, "maxMessages" | "maxPendingBytes">
): "maxMessages" | "maxPendingBytes" | undefined => {
  if (count > 0 && messages.size + count > limits.maxMessages) return "maxMessages"
  return bytes > 0 && pendingBytes + bytes > limits.maxPendingBytes ? "maxPendingBytes" : undefined
}

/**
 * The first limit that the drafts would exceed. Counts without making anything of them, but forgets the idle flow-control
 * keys if there would be too many.
 */
export const exceededLimit = (
  holdings: Holdings,
  drafts: ReadonlyArray<MessageDraft>,
  hops: number,
  limits: AcceptLimits,
  forgetIdleKeys: () => void
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
  const hasTooManyKeys = (): boolean => {
    const made = Array.from(keys).filter((key) => !flowControl.has(key)).length
    return made > 0 && flowControl.size + made > limits.maxFlowControlKeys
  }
  if (hasTooManyKeys()) {
    forgetIdleKeys()
    if (hasTooManyKeys()) return "maxFlowControlKeys"
  }
  if (count > limits.maxMessagesPerRequest) return "maxMessagesPerRequest"
  if (bytes > limits.maxBytesPerRequest) return "maxBytesPerRequest"
  return exceededPending(holdings, count, bytes, limits)
}
