import { Destination } from "@effect-qstash/domain/Destination"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import { createHash } from "node:crypto"

/**
 * What another message within the window is recognised by: the id, or a hash of all that QStash's documents name, which
 * is the destination, the body and the headers, `Content-Type` among them.
 */
export const deduplicationKeyOf = (message: PublishMessage): string | undefined => {
  if (message.deduplicationId !== undefined) return `id:${message.deduplicationId}`
  if (message.contentBasedDeduplication !== true) return undefined
  const headers = Object.entries(message.headers ?? {}).toSorted(([self], [that]) => (self < that ? -1 : 1))
  const hash = createHash("sha256")
    .update(JSON.stringify([Destination.toText(message.destination), headers]))
    .update("\0")
    .update(message.body ?? "")
  return `content:${hash.digest("hex")}`
}
