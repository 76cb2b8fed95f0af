/** Keeps the newest items up to a limit, at constant cost per item. */
export class RingBuffer<A> {
  private readonly items: Array<A> = []
  private readonly limit: number
  /** The place of the next item. Once the buffer is full, that is the place of the oldest. */
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
