import * as DateTime from "effect/DateTime"
import type { Reader } from "./reader.ts"
import { bold, cut, widthOf } from "./text.ts"

/** One column of a table: plain text, and how to style it once it has been padded. */
export interface Column {
  readonly title: string
  readonly cells: ReadonlyArray<string>
  readonly style?: (text: string) => string
  /** How wide it is at the least, where later rows are to stand below these. */
  readonly least?: number
}

/** Makes the columns of a table whose rows these are. */
export const columnOf =
  <A>(rows: ReadonlyArray<A>) =>
  (title: string, cell: (row: A) => string, style?: Column["style"]): Column => ({
    title,
    cells: rows.map(cell),
    ...(style === undefined ? {} : { style })
  })

const gap = "  "

/** How many columns of a terminal these take side by side. */
export const widthOfColumns = (columns: ReadonlyArray<Column>): number =>
  columns.reduce((sum, column) => sum + widthOfColumn(column), gap.length * (columns.length - 1))

/** A line of titles, and then one for each row. */
export const table = (columns: ReadonlyArray<Column>): ReadonlyArray<string> => {
  const padded = columns.map((column, index) => {
    const width = index === columns.length - 1 ? 0 : widthOfColumn(column)
    const pad = (text: string) => text + " ".repeat(Math.max(0, width - widthOf(text)))
    return [bold(pad(column.title)), ...column.cells.map((cell) => (column.style ?? String)(pad(cell)))]
  })
  const rows = largest(padded.map((cells) => cells.length))
  return Array.from({ length: rows }, (_, row) => padded.map((cells) => cells[row] ?? "").join(gap))
}

const widthOfColumn = ({ cells, least = 0, title }: Column): number =>
  largest([least, widthOf(title), ...cells.map(widthOf)])

/** `Math.max(...numbers)` overflows the stack: a table may have hundreds of thousands of rows. */
export const largest = (numbers: ReadonlyArray<number>): number =>
  numbers.reduce((most, number) => Math.max(most, number), 0)

/** Narrower than this, the column that takes what room is left tells nothing. */
export const leastOfLast = 24

/** Columns that are never cut, and one that takes what room they leave. */
export interface Fitted {
  readonly columns: ReadonlyArray<Column>
  readonly last: Column
  /** What there is to add to a row, on a line of its own below it. */
  readonly notes?: Column
}

/**
 * A line for each row where the terminal is wide enough, else two. Each entry holds the lines of one row, those of the
 * titles first. Where there is no terminal it is always one line, and nothing is cut.
 */
export const fittedRows = (
  { columns, last, notes }: Fitted,
  width: number
): ReadonlyArray<ReadonlyArray<string>> => {
  if (width === 0) {
    return table([...columns, last, ...(notes === undefined ? [] : [notes])]).map((line) => [line])
  }
  const within = (column: Column, room: number): Column => ({
    ...column,
    cells: column.cells.map((cell) => cut(cell, room))
  })
  const room = width - widthOfColumns(columns) - gap.length
  const isWide = room >= leastOfLast
  const rest = width - gap.length
  const first = table(isWide ? [...columns, within(last, room)] : columns)
  const second = isWide ? [] : table([within(last, rest)])
  const below = notes === undefined ? [] : table([within(notes, rest)])
  return first.map((line, row) => [
    line,
    ...second.slice(row, row + 1).map((text) => gap + text),
    ...below
      .slice(row, row + 1)
      .flatMap((text) => (row > 0 && notes?.cells[row - 1] !== "" ? [gap + text] : []))
  ])
}

/** A table of records: a line for each where the terminal is wide enough, else two. `here` names the reader's zone. */
export const tableOf =
  <A>(describe: (column: ReturnType<typeof columnOf<A>>, reader: Reader, here: string) => Fitted) =>
  (records: ReadonlyArray<A>, reader: Reader): ReadonlyArray<string> =>
    fittedRows(describe(columnOf(records), reader, DateTime.zoneToString(reader.zone)), reader.columns).flat()
