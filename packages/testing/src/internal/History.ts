/** Keeps the newest so many of what happened, at constant cost each. */
export class History<A> {
  private items: Array<A> = []
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(item: A): void {
    this.items.push(item)
    if (this.items.length > 2 * this.limit + 64) this.items = this.newest()
  }

  newest(): Array<A> {
    return this.limit === 0 ? [] : this.items.slice(-this.limit)
  }
}
