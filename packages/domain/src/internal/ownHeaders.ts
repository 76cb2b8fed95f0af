import * as Either from "effect/Either"
import type { HeaderMap } from "./headers.ts"
import type { Parsed } from "./parser.ts"
import { quote } from "./quote.ts"
import { headerNames } from "./settings.ts"

/** The options by the lower-case names of their headers; for several options in one header, the first. */
const options = new Map<string, string>()
/** The options by the prefix of their headers. */
const families = new Map<string, string>()
for (const [option, header] of headerNames) {
  const lower = header.toLowerCase()
  if (lower.endsWith("*")) families.set(lower.slice(0, -1), option)
  else if (!options.has(lower)) options.set(lower, option)
}

/** What to write instead of a control header, by its lower-case name. */
const insteadOf = (name: string, known: ReadonlySet<string>): string => {
  const option = options.get(name)
  if (option !== undefined) {
    const [first = ""] = option.split(".")
    if (known.has(first)) return `use the option ${quote(option)} instead`
    if (option === "cron" || option === "scheduleId") return "create a schedule instead"
    return "a schedule has no such option"
  }
  for (const [prefix, target] of families) {
    if (!name.startsWith(prefix) || name === prefix) continue
    const rest = name.slice(prefix.length)
    if (rest.startsWith("upstash-")) return insteadOf(rest, known)
    const plain = quote(rest)
    return target === "headers"
      ? `headers are forwarded as they are, so write ${plain}`
      : `write ${plain} in ${quote(target)}`
  }
  if (name === "upstash-header-forward") return "headers are forwarded as they are, so leave it out"
  if (name === "upstash-callback-delay" || name === "upstash-failure-callback-delay")
    return "a callback cannot be delayed"
  if (name.startsWith("upstash-workflow-")) return "effect-qstash does not support Upstash Workflow"
  return "QStash reserves names that start with Upstash-, so use another name"
}

/**
 * Rejects QStash's own headers among those to deliver. They would reach the destination and control nothing.
 */
export const refuseOwnHeaders =
  (known: ReadonlySet<string>) =>
  (headers: HeaderMap, prefix: string): Parsed<HeaderMap> => {
    const ownPrefix = prefix.toLowerCase().replace(/forward-$/, "")
    for (const name of Object.keys(headers)) {
      const lower = name.toLowerCase()
      if (!lower.startsWith("upstash-")) continue
      // In the headers of a callback a control header is meant for the callback.
      const meant = lower.replace("upstash-", ownPrefix)
      return Either.left(
        `${quote(name)} would not control QStash: ${insteadOf(options.has(meant) ? meant : lower, known)}`
      )
    }
    return Either.right(headers)
  }
