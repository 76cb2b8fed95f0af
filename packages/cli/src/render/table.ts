import { bold, widthOf } from "./text.ts"

/** One column of a table: plain text, and how to style it once it has been padded. */
export interface Column {
  readonly title: string
  readonly cells: ReadonlyArray<string>
  readonly style?: (text: string) => string
}

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
  const rows = Math.max(0, ...padded.map((cells) => cells.length))
  return Array.from({ length: rows }, (_, row) => padded.map((cells) => cells[row] ?? "").join(gap))
}

const widthOfColumn = ({ cells, title }: Column): number => Math.max(...[title, ...cells].map(widthOf))
