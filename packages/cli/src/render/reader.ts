import type * as DateTime from "effect/DateTime"

export interface Reader {
  /** The zone in which the reader lives. */
  readonly zone: DateTime.TimeZone
  /** The width of the reader's terminal; 0 where there is none, and then nothing is cut. */
  readonly columns: number
}
