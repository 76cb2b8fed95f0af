import type { PageRequest, Retention, StoredPage } from "../../Rows.ts"

/**
 * A list that grows at its end and is trimmed at its beginning. Each item has a size, and keeps its number when older
 * ones are trimmed.
 */
export class AppendLog<A> {
  private items: Array<A | undefined> = []
  private sizes: Array<number> = []
  private bytes = 0
  /** The number of the first item. */
  private base = 0
  /** How many items at the beginning are trimmed but not yet cut off. */
  private forgotten = 0

  add(item: A, size: number): void {
    this.items.push(item)
    this.sizes.push(size)
    this.bytes += size
  }

  /** Trims the oldest items while they are too old, too many or too large. */
  keep({ before, maxBytes, maxEntries }: Retention, timeOf: (item: A) => number): void {
    for (let item = this.items[this.forgotten]; item !== undefined; item = this.items[this.forgotten]) {
      const isOver = this.bytes > maxBytes || this.items.length - this.forgotten > maxEntries
      if (!isOver && timeOf(item) >= before) break
      this.items[this.forgotten] = undefined
      this.bytes -= this.sizes[this.forgotten] ?? 0
      this.forgotten += 1
    }
    if (this.forgotten * 2 <= this.items.length) return
    this.items = this.items.slice(this.forgotten)
    this.sizes = this.sizes.slice(this.forgotten)
    this.base += this.forgotten
    this.forgotten = 0
  }

  /** One page of the items that match and came no later than the number `upTo`. */
  page(
    {
      after,
      count,
      maxBytes,
      order,
      upTo = Infinity
    }: Pick<PageRequest, "after" | "count" | "maxBytes" | "order"> & { readonly upTo?: number | undefined },
    matches: (item: A) => boolean
  ): StoredPage<A> {
    const step = order === "earliestFirst" ? 1 : -1
    const first = step === 1 ? 0 : this.items.length - 1
    const start = after === undefined ? first : after - this.base + step
    const found: Array<A> = []
    let last: number | undefined
    let bytes = 0
    const end = Math.min(this.items.length, upTo - this.base + 1)
    const at = step === 1 ? Math.max(start, this.forgotten) : Math.min(start, end - 1)
    for (let index = at; index >= this.forgotten && index < end; index += step) {
      const item = this.items[index]
      if (item === undefined || !matches(item)) continue
      bytes += this.sizes[index] ?? 0
      if (found.length === count || (found.length > 0 && bytes > maxBytes)) return { items: found, last }
      found.push(item)
      last = this.base + index
    }
    return { items: found, last: undefined }
  }
}
