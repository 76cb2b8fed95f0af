import { createHmac } from "node:crypto"
import { setTimeout } from "node:timers/promises"

/** One attempt to deliver a message, as its destination saw it. All times are of `performance.now()`. */
export interface Attempt {
  readonly kind: string
  readonly begin: number
  /** When it was answered, or its connection was lost. */
  end: number
  isSuccess: boolean
  /** Whether the connection was lost before there was an answer. */
  isCut: boolean
}

/** A message whose publish was answered with 2xx. */
export interface Accepted {
  readonly messageId: string
  /** How many of its kind wait at most. */
  readonly kind: string
  readonly callback: "success" | "failure" | undefined
}

/** How long after a change nothing may happen any more as it did before: a second, and two for a busy machine. */
export const grace = 3000

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
  /** While a queue or a schedule was paused, for all that its caller knows. */
  readonly pauses: Array<{ readonly of: string; readonly from: number; readonly to: number }> = []
  readonly starts: Array<{ readonly of: string; readonly at: number }> = []
  /** What must not happen. */
  readonly faults: Array<string> = []
  readonly open = new Map<string, Set<string>>()
  readonly flows = new Map<string, { now: number; most: number }>()
  /** When a stopped server went on: for a moment it still does what it had begun. */
  lastWake = -Infinity
  /** Which signing key of the first tenant was the current one since when. */
  readonly keys: Array<{ readonly key: string; readonly next: string; readonly since: number }> = []

  #successes = 0
  readonly #waiting: Array<{ readonly for: number; readonly resolve: () => void }> = []

  succeed(): void {
    this.#successes += 1
    for (const { for: count, resolve } of this.#waiting) if (count <= this.#successes) resolve()
  }

  /** Ends after some more deliveries, or after 10 seconds. */
  async deliveries(count: number): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.#waiting.push({ for: this.#successes + count, resolve })
    })
    await Promise.race([enough, setTimeout(10_000, undefined, { ref: false })])
    this.#waiting.length = 0
  }

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

  /** Signed with a key that has been out of use for some time, or with none that there is. */
  isStale(signature: string, at: number): boolean {
    if (this.keys.length === 0 || at < this.lastWake + grace) return false
    const [header = "", claims = "", mac] = signature.split(".")
    return !this.keys.some(({ key, next }, index) => {
      const until = this.keys[index + 1]?.since ?? Infinity
      if (until < at - grace) return false
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
