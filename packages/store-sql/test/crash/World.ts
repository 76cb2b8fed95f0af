import { createHmac } from "node:crypto"

/** One attempt to deliver a message, as its destination saw it. All times are of `performance.now()`. */
export interface Attempt {
  readonly begin: number
  /** When it was answered, or its connection was lost. */
  end: number
  isSuccess: boolean
}

/** A message whose publish was answered with 2xx. */
export interface Accepted {
  readonly messageId: string
  /** How many of its kind wait at most. */
  readonly kind: string
  readonly callback: "success" | "failure" | undefined
}

export interface Window {
  readonly from: number
  readonly to: number
}

/** Everything that callers and destinations have seen. */
export class World {
  readonly accepted = new Map<string, Accepted>()
  readonly attempts = new Map<string, Array<Attempt>>()
  /** The messages of each queue, in the order in which they were accepted. */
  readonly queues = new Map<string, Array<string>>()
  /** When a cancel was answered. */
  readonly canceled = new Map<string, number>()
  /** The messages that callbacks with success came for. */
  readonly callbacks = new Set<string>()
  /** By what a publish sent: the messages that came of it. */
  readonly messagesOf = new Map<string, Set<string>>()
  /** Deliveries by schedule. */
  readonly firings = new Map<string, Set<string>>()
  /** While a queue or a schedule was paused, for all that its caller knows. */
  readonly pauses: Array<Window & { readonly of: string }> = []
  readonly starts: Array<{ readonly at: number; readonly of: string }> = []
  /** What must not happen. */
  readonly faults: Array<string> = []
  readonly open = new Map<string, Set<string>>()
  readonly flows = new Map<string, { now: number; most: number }>()
  /** When a stopped server went on: for a moment it still does what it had begun. */
  lastWake = -Infinity
  /** Which key was the current one since when. */
  readonly keys: Array<{ readonly key: string; readonly next: string; readonly since: number }> = []

  accept(accepted: Accepted): void {
    const { kind, messageId } = accepted
    this.accepted.set(messageId, accepted)
    if (!this.isDone(messageId)) this.openOf(kind).add(messageId)
  }

  openOf(kind: string): Set<string> {
    return getOr(this.open, kind, () => new Set())
  }

  isDone(messageId: string): boolean {
    return (this.attempts.get(messageId) ?? []).some(({ isSuccess }) => isSuccess)
  }

  get delivered(): number {
    let count = 0
    for (const id of this.accepted.keys()) if (this.isDone(id)) count += 1
    return count
  }

  /** Signed with a key that has been out of use for more than a second, or with none that there is. */
  isStale(signature: string, at: number): boolean {
    if (this.keys.length === 0 || at < this.lastWake + 1000) return false
    const [header = "", claims = "", mac] = signature.split(".")
    return !this.keys.some(({ key, next }, index) => {
      const until = this.keys[index + 1]?.since ?? Infinity
      if (until < at - 1000) return false
      return [key, next].some(
        (secret) => createHmac("sha256", secret).update(`${header}.${claims}`).digest("base64url") === mac
      )
    })
  }
}

export const getOr = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
