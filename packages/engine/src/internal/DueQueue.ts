import { Heap } from "./Heap.ts"

/** An entry of the heap. It is valid only while its row points back at it: rows that were planned again leave stale ones. */
export interface Entry<Row> {
  readonly at: number
  readonly sequence: number
  readonly row: Row
}

/** What the queue holds. Each row has at most one valid entry, and points at it. */
export interface Scheduled<Row> {
  readonly sequence: number
  due: Entry<Row> | undefined
}

/** By time, and by sequence at one instant. */
export const isBefore = (self: Entry<unknown>, that: Entry<unknown>): boolean =>
  self.at < that.at || (self.at === that.at && self.sequence < that.sequence)

/** A queue of rows by time, and by their sequence at one instant. */
export class DueQueue<Row extends Scheduled<Row>> {
  private readonly heap = new Heap<Entry<Row>>(isBefore)
  private planned = 0

  plan(row: Row, at: number | undefined): void {
    if (row.due !== undefined) this.planned -= 1
    row.due = at === undefined ? undefined : { at, sequence: row.sequence, row }
    if (row.due === undefined) return
    this.planned += 1
    this.heap.push(row.due)
    if (this.heap.size > 2 * this.planned + 64) this.heap.keep((due) => due.row.due === due)
  }

  get size(): number {
    return this.planned
  }

  /** Every instant that something is planned for, in no order. */
  instants(): ReadonlyArray<number> {
    return Array.from(this.heap.values()).flatMap((due) => (due.row.due === due ? [due.at] : []))
  }

  next(): number | undefined {
    return this.peek()?.at
  }

  takeDue(now: number): Row | undefined {
    const first = this.peek()
    if (first === undefined || first.at > now) return undefined
    this.heap.pop()
    this.planned -= 1
    first.row.due = undefined
    return first.row
  }

  /** The first row and when it is due. */
  peek(): Entry<Row> | undefined {
    for (let due = this.heap.peek(); due !== undefined; due = this.heap.peek()) {
      if (due.row.due === due) return due
      this.heap.pop()
    }
    return undefined
  }
}
