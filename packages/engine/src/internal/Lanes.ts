import { type Due, type Planned, Timetable } from "./DueQueue.ts"

/** A limit on how many messages are under way: of a tenant, a destination or a flow-control key. */
export interface Gate<Row extends Planned<Row>> {
  /** Whether one more may start. */
  readonly isOpen: (now: number) => boolean
  /** Runs when lanes may be held here, for a gate that also opens as time passes. */
  readonly onHeld?: (() => void) | undefined
  /** The lanes that found this gate closed. */
  held: Timetable<Lane<Row>> | undefined
  /** The lane that may try again because this gate has opened. */
  called: Lane<Row> | undefined
}

/** Waiting messages that have to pass the same gates. If one of them cannot start, neither can the others. */
export class Lane<Row extends Planned<Row>> implements Planned<Lane<Row>> {
  readonly waiting = new Timetable<Row>()
  /** That of its first message. */
  sequence = 0
  due: Due<Lane<Row>> | undefined = undefined
  table: Timetable<Lane<Row>> | undefined = undefined
  calledBy: Gate<Row> | undefined = undefined
}

/**
 * The messages that are due but have to wait for a slot. Each lane is either ready to try again or held at one closed
 * gate. When a gate opens, only its first lane tries; the next one follows after that. So a step costs O(log n), however
 * many messages wait, and the messages that may start come out in the order of their time and sequence.
 */
export class Lanes<Row extends Planned<Row>> {
  private readonly ready = new Timetable<Lane<Row>>()
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
    gate.held ??= new Timetable()
    this.move(lane, gate.held)
    gate.onHeld?.()
  }

  /** To call whenever a gate may have opened. */
  recheck(gate: Gate<Row>): void {
    if (gate.held !== undefined && gate.held.size > 0) this.changed.add(gate)
  }

  /** The lane whose first message comes first, of those that are to try now. */
  first(now: number): Due<Lane<Row>> | undefined {
    for (const gate of this.changed) {
      this.changed.delete(gate)
      const isOpen = gate.isOpen(now)
      if (isOpen && gate.called === undefined) {
        const lane = gate.held?.takeDue(Infinity)
        if (lane !== undefined) {
          this.move(lane, this.ready)
          lane.calledBy = gate
          gate.called = lane
        }
      }
      gate.onHeld?.()
    }
    return this.ready.peek()
  }

  /** When somebody has to look, as far as that is known: at once if a gate has changed. */
  next(): number | undefined {
    return this.changed.size > 0 ? -Infinity : this.ready.next()
  }

  /** Plans a lane by its first message. It has used its call, so its gate may call another. */
  private move(lane: Lane<Row>, table: Timetable<Lane<Row>>): void {
    const { calledBy } = lane
    if (calledBy !== undefined) {
      lane.calledBy = undefined
      calledBy.called = undefined
      this.recheck(calledBy)
    }
    if (lane.table !== table) lane.table?.plan(lane, undefined)
    const first = lane.waiting.peek()
    lane.table = first === undefined ? undefined : table
    lane.sequence = first?.sequence ?? 0
    table.plan(lane, first?.at)
  }
}
