import * as ParseResult from "effect/ParseResult"
import { cut, quote } from "./quote.ts"

/**
 * Says where an answer is not as expected, and nothing of what stood there: an answer holds bodies and headers, which
 * may be secret.
 */
export const describe = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const path = cut(issue?.path.map(step).join("").replace(/^\./, "") ?? "")
  const missing = issue?._tag === "Missing" ? "is missing" : "is not of the expected shape"
  return path === "" ? `the JSON ${missing}` : `${path} ${missing}`
}

/** A key is quoted where it is no plain name: that of a dictionary may hold anything. */
const step = (key: PropertyKey): string =>
  typeof key === "number" ? `[${key}]` : /^\w+$/.test(String(key)) ? `.${String(key)}` : `[${quote(key)}]`
