import * as Either from "effect/Either"
import type { HeaderMap } from "./headers.ts"
import type { Parsed } from "./parser.ts"
import { quote } from "./quote.ts"

/** Which option stands for each of QStash's control headers, by the header's name without `upstash-`. */
const options: ReadonlyMap<string, string> = new Map([
  ["method", "method"],
  ["retries", "retries"],
  ["retry-delay", "retryDelay"],
  ["timeout", "timeout"],
  ["delay", "delay"],
  ["not-before", "notBefore"],
  ["deduplication-id", "deduplicationId"],
  ["content-based-deduplication", "contentBasedDeduplication"],
  ["schedule-id", "scheduleId"],
  ["cron", "cron"],
  ["queue-name", "queueName"],
  ["flow-control-key", "flowControl.key"],
  ["flow-control-value", "flowControl"],
  ["label", "labels"],
  ["redact-fields", "redact"],
  ["callback", "callback"],
  ["callback-method", "callback.method"],
  ["callback-timeout", "callback.timeout"],
  ["callback-retries", "callback.retries"],
  ["callback-retry-delay", "callback.retryDelay"],
  ["failure-callback", "failureCallback"],
  ["failure-callback-method", "failureCallback.method"],
  ["failure-callback-timeout", "failureCallback.timeout"],
  ["failure-callback-retries", "failureCallback.retries"],
  ["failure-callback-retry-delay", "failureCallback.retryDelay"]
])

/** The families whose names end with the name of a header. */
const families = [
  ["forward-", "headers"],
  ["callback-forward-", "callback.headers"],
  ["failure-callback-forward-", "failureCallback.headers"]
] as const

/** What to write instead of a control header, by its lower-case name without `upstash-`. */
const insteadOf = (name: string, known: Readonly<Record<string, true>>): string => {
  const option = options.get(name)
  if (option !== undefined) {
    const [first = ""] = option.split(".")
    if (Object.hasOwn(known, first)) return `use the option ${quote(option)} instead`
    if (option === "cron" || option === "scheduleId") return "create a schedule instead"
    return "a schedule has no such option"
  }
  for (const [prefix, target] of families) {
    if (!name.startsWith(prefix) || name === prefix) continue
    const plain = quote(name.slice(prefix.length))
    return target === "headers"
      ? `headers are forwarded as they are, so write ${plain}`
      : `write ${plain} in ${quote(target)}`
  }
  if (name === "header-forward") return "headers are forwarded as they are, so leave it out"
  if (name === "callback-delay" || name === "failure-callback-delay") return "a callback cannot be delayed"
  if (name.startsWith("workflow-")) return "effect-qstash does not support Upstash Workflow"
  return "QStash reserves names that start with Upstash-, so use another name"
}

/**
 * Refuses QStash's own headers among those that a user wants delivered. They would travel to the destination and
 * control nothing.
 */
export const refuseOwnHeaders =
  (known: Readonly<Record<string, true>>) =>
  (headers: HeaderMap): Parsed<HeaderMap> => {
    for (const name of Object.keys(headers)) {
      const lower = name.toLowerCase()
      if (!lower.startsWith("upstash-")) continue
      return Either.left(
        `${quote(name)} would not control QStash: ${insteadOf(lower.slice("upstash-".length), known)}`
      )
    }
    return Either.right(headers)
  }
