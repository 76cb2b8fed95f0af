import type { PageRequest, StoredPage } from "../Store.ts"

/** A list that grows at its end and is forgotten from its beginning. Each item keeps the number that it came with. */
export class NumberedList<A> {
  private items: Array<A> = []
  /** The number of the first item. */
  private base = 0
  /** How many at the beginning are forgotten, and not yet cut off. */
  private forgotten = 0

  add(item: A): void {
    this.items.push(item)
  }

  /** Forgets from the beginning as long as the test says so. */
  forgetWhile(isOver: (item: A) => boolean): void {
    for (let item = this.items[this.forgotten]; item !== undefined && isOver(item);) {
      this.forgotten += 1
      item = this.items[this.forgotten]
    }
    if (this.forgotten * 2 <= this.items.length) return
    this.items = this.items.slice(this.forgotten)
    this.base += this.forgotten
    this.forgotten = 0
  }

  /** The part of the list that is asked for, of the items that match. */
  page(
    { after, count, order }: Pick<PageRequest, "after" | "count" | "order">,
    matches: (item: A) => boolean
  ): StoredPage<A> {
    const step = order === "earliestFirst" ? 1 : -1
    const first = step === 1 ? 0 : this.items.length - 1
    const start = after === undefined ? first : after - this.base + step
    const found: Array<A> = []
    let last: number | undefined
    const at = step === 1 ? Math.max(start, this.forgotten) : Math.min(start, this.items.length - 1)
    for (let index = at; index >= this.forgotten && index < this.items.length; index += step) {
      const item = this.items[index]
      if (item === undefined || !matches(item)) continue
      if (found.length === count) return { items: found, last }
      found.push(item)
      last = this.base + index
    }
    return { items: found, last: undefined }
  }
}
