import { Refusal } from "./http.ts"

interface Body {
  bytes: number
  /** Absent once the body is complete. */
  refuse: ((refusal: Refusal) => void) | undefined
}

/**
 * Limits the bytes of request bodies that are in memory at once: each body is small enough by itself, but a connection
 * for each would not be. A body counts from its first byte to the end of its response, by the bytes that have arrived and
 * not by the length that it promises.
 *
 * Over the limit, the upload that began first is refused. A client that sends slowly to hold memory therefore loses its
 * own upload, and not those of others.
 */
export class BodyBudget {
  private readonly limit: number
  private readonly bodies = new Map<object, Body>()
  private bytes = 0

  constructor(limit: number) {
    this.limit = limit
  }

  begin(request: object, refuse: (refusal: Refusal) => void): void {
    this.bodies.set(request, { bytes: 0, refuse })
  }

  add(request: object, bytes: number): void {
    const body = this.bodies.get(request)
    if (body === undefined) return
    body.bytes += bytes
    this.bytes += bytes
    if (this.bytes <= this.limit) return
    for (const { bytes: held, refuse } of this.bodies.values()) {
      if (held === 0) continue
      refuse?.(this.refusal())
      if (this.bytes <= this.limit) return
    }
  }

  /** The body is being worked on, which cannot be undone. */
  complete(request: object): void {
    const body = this.bodies.get(request)
    if (body !== undefined) body.refuse = undefined
  }

  release(request: object): void {
    this.bytes -= this.bodies.get(request)?.bytes ?? 0
    this.bodies.delete(request)
  }

  private refusal(): Refusal {
    return new Refusal({
      status: 503,
      error: `too many bytes of request bodies at once, current limit: ${this.limit} (maxBodyBytesInFlight): try again, or send faster`
    })
  }
}
