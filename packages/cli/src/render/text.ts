import { styleText } from "node:util"

// Styles are written always; whoever prints takes them out again where they do not show.
const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
  styleText(format, text, { validateStream: false })

export const bold = style("bold")
export const dim = style("dim")
export const red = style("red")
export const yellow = style("yellow")

/** Takes colours and weights out of text. */
export const unstyled = (text: string): string => text.replace(styles, "")

// oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
const styles = /\u001b\[[\d;]*m/g

/** Shows what would move the cursor, hide text or turn its direction: an answer must not rewrite the screen. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  )

/** The same for text of several lines, which may be indented with tabs. */
export const printableLines = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(/[^\n\t]+/g, (part) => printable(part))

/** Cuts text to so many columns. */
export const cut = (text: string, columns: number): string => {
  const characters = Array.from(text)
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join("")}…`
}

/** The most characters of an input that an error repeats. */
export const mostQuoted = 100

export const quoted = (text: string): string => JSON.stringify(cut(text, mostQuoted))

export const widthOf = (text: string): number => Array.from(text).length
