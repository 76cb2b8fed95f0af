import { type Entry, type Scheduled, DueQueue } from "../DueQueue.ts"

/** A limit on how many messages are under way: of a tenant, a destination or a flow-control key. */
export interface Gate<Row extends Scheduled<Row>> {
  /** Whether one more may start. */
  readonly isOpen: (now: number) => boolean
  /** Runs when lanes may be held here, for a gate that also opens as time passes. */
  readonly onHeld?: (() => void) | undefined
  /** The lanes that found this gate closed. */
  held: DueQueue<Lane<Row>> | undefined
  /** The lane that the free slot of this gate is reserved for. */
  reserved: Lane<Row> | undefined
}

/** Waiting messages that have to pass the same gates. If one of them cannot start, neither can the others. */
export class Lane<Row extends Scheduled<Row>> implements Scheduled<Lane<Row>> {
  readonly waiting = new DueQueue<Row>()
  /** The sequence of its first message. */
  sequence = 0
  due: Entry<Lane<Row>> | undefined = undefined
  table: DueQueue<Lane<Row>> | undefined = undefined
  reservedBy: Gate<Row> | undefined = undefined
}

/**
 * The messages that are due but have to wait for a slot. Each lane is either ready to try again or held at one closed
 * gate. When a gate opens, only its first lane tries; the next one follows after that. So a step costs O(log n), however
 * many messages wait, and the messages that may start come out in the order of their time and sequence.
 */
export class Lanes<Row extends Scheduled<Row>> {
  private readonly ready = new DueQueue<Lane<Row>>()
  /** Gates that may have opened while they hold lanes. */
  private readonly changed = new Set<Gate<Row>>()

  /** Sets a message aside because a gate is closed. */
  add(row: Row, at: number, lane: Lane<Row>, gate: Gate<Row>): void {
    lane.waiting.plan(row, at)
    this.hold(lane, gate)
  }

  /** Takes a message out of its lane: it starts, is cancelled, or waits for something else. */
  remove(row: Row, lane: Lane<Row>): void {
    lane.waiting.plan(row, undefined)
    if (lane.table !== undefined) this.move(lane, lane.table)
  }

  hold(lane: Lane<Row>, gate: Gate<Row>): void {
    gate.held ??= new DueQueue()
    this.move(lane, gate.held)
    gate.onHeld?.()
  }

  /** Call this whenever a gate may have opened. */
  recheck(gate: Gate<Row>): void {
    if (gate.held !== undefined && gate.held.size > 0) this.changed.add(gate)
  }

  /** Of the lanes that may try now, the one whose message comes first. */
  first(now: number): Entry<Lane<Row>> | undefined {
    for (const gate of this.changed) {
      this.changed.delete(gate)
      const isOpen = gate.isOpen(now)
      if (isOpen && gate.reserved === undefined) {
        const lane = gate.held?.takeDue(Infinity)
        if (lane !== undefined) {
          this.move(lane, this.ready)
          lane.reservedBy = gate
          gate.reserved = lane
        }
      }
      gate.onHeld?.()
    }
    return this.ready.peek()
  }

  /** When to look again, as far as is known: at once if a gate has changed. */
  next(): number | undefined {
    return this.changed.size > 0 ? -Infinity : this.ready.next()
  }

  /** Plans a lane by its first message. Its reservation is used up, so its gate may reserve for another. */
  private move(lane: Lane<Row>, table: DueQueue<Lane<Row>>): void {
    const { reservedBy } = lane
    if (reservedBy !== undefined) {
      lane.reservedBy = undefined
      reservedBy.reserved = undefined
      this.recheck(reservedBy)
    }
    if (lane.table !== table) lane.table?.plan(lane, undefined)
    const first = lane.waiting.peek()
    lane.table = first === undefined ? undefined : table
    lane.sequence = first?.sequence ?? 0
    table.plan(lane, first?.at)
  }
}
