import * as Arr from "effect/Array"
import type * as ParseResult from "effect/ParseResult"
import { cut, quote } from "./quote.ts"

/**
 * Says where an answer is not as expected, and nothing of what stood there: an answer holds bodies and headers, which
 * may be secret.
 */
export const describeIssue = ({ issue }: ParseResult.ParseError): string => {
  const keys: Array<PropertyKey> = []
  const missing = isMissing(issue, keys) ? "is missing" : "is not of the expected shape"
  const path = cut(keys.map(step).join("").replace(/^\./, ""))
  return path === "" ? `the JSON ${missing}` : `${path} ${missing}`
}

/** The first thing that is wrong, and the way to it. Effect's formatters would write out the value that stands there. */
const isMissing = (issue: ParseResult.ParseIssue, path: Array<PropertyKey>): boolean => {
  switch (issue._tag) {
    case "Pointer":
      for (const key of Arr.ensure(issue.path)) path.push(key)
      return isMissing(issue.issue, path)
    case "Composite": {
      const [first] = Arr.ensure(issue.issues)
      return first !== undefined && isMissing(first, path)
    }
    case "Refinement":
    case "Transformation":
      return isMissing(issue.issue, path)
    default:
      return issue._tag === "Missing"
  }
}

/** A key is quoted where it is no plain name: that of a dictionary may hold anything. */
const step = (key: PropertyKey): string =>
  typeof key === "number" ? `[${key}]` : /^\w+$/.test(String(key)) ? `.${String(key)}` : `[${quote(key)}]`
