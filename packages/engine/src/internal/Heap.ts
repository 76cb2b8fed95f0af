/**
 * A binary heap: the least item comes out first. Effect has no mutable one, and its sorted trees cost several times as
 * much per step in the engine's innermost loop.
 */
export class Heap<A> {
  private items: Array<A> = []
  private readonly isBefore: (self: A, that: A) => boolean

  constructor(isBefore: (self: A, that: A) => boolean) {
    this.isBefore = isBefore
  }

  get size(): number {
    return this.items.length
  }

  /** All items, in no order. */
  values(): Iterable<A> {
    return this.items
  }

  peek(): A | undefined {
    return this.items[0]
  }

  push(item: A): void {
    let index = this.items.length
    this.items.push(item)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.items[parentIndex]
      if (parent === undefined || !this.isBefore(item, parent)) break
      this.items[index] = parent
      index = parentIndex
    }
    this.items[index] = item
  }

  pop(): A | undefined {
    const least = this.items[0]
    const last = this.items.pop()
    if (last === undefined || this.items.length === 0) return least
    let index = 0
    for (;;) {
      const leftIndex = 2 * index + 1
      const left = this.items[leftIndex]
      if (left === undefined) break
      const right = this.items[leftIndex + 1]
      const isRight = right !== undefined && this.isBefore(right, left)
      const child = isRight ? right : left
      if (!this.isBefore(child, last)) break
      this.items[index] = child
      index = isRight ? leftIndex + 1 : leftIndex
    }
    this.items[index] = last
    return least
  }

  /** Drops unwanted items. It visits every item, so use it when most are unwanted. */
  keep(isWanted: (item: A) => boolean): void {
    const wanted = this.items.filter(isWanted)
    this.items = []
    for (const item of wanted) this.push(item)
  }
}
