/** Keeps the newest so many of what happened, at constant cost each. */
export class RingBuffer<A> {
  private readonly items: Array<A> = []
  private readonly limit: number
  /** Where the next one goes: once there are as many as are kept, the oldest makes place. */
  private next = 0

  constructor(limit: number) {
    this.limit = limit
  }

  add(item: A): void {
    if (this.limit === 0) return
    this.items[this.next] = item
    this.next = (this.next + 1) % this.limit
  }

  newest(): Array<A> {
    return this.items.length < this.limit
      ? this.items.slice()
      : this.items.slice(this.next).concat(this.items.slice(0, this.next))
  }
}
