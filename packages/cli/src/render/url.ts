import { Destination } from "@effect-qstash/domain/Destination"
import * as Option from "effect/Option"
import { printable } from "./text.ts"

/** No origin is longer, and to encode a long international host takes quadratic time. */
const longestUrl = 4096

// `URL.canParse` will not do: Node 20 comes to refuse Latin-1 text once it has called it some ten thousand times.
const parse = Option.liftThrowable((text: string) => new URL(text))

export const parseUrl = (text: string): Option.Option<URL> =>
  text.length > longestUrl ? Option.none() : parse(text)

/** What may be secret in a URL is left out, and a mark is left in the place of its query. */
export const safeDestination = (destination: Destination): string => {
  const safe = Destination.toSafeText(destination)
  const hides = typeof destination === "string" && isUrl(safe) && /^[^#?]*\?[^#]/.test(destination)
  return printable(hides ? `${safe}?…` : safe)
}

/** Of text that does not parse as a URL nothing is shown. */
const isUrl = (safe: string): boolean => safe.includes("://")

export const safeUrl = (url: string): string => safeDestination(url)

/** What may follow a URL in a sentence. */
const punctuation = ".,:;)]}"

/** Text that may quote URLs, as messages of network faults do. */
export const safeText = (text: string): string =>
  printable(
    text.replace(/https?:\/\/[^\s"'<>]+/gi, (found) => {
      let end = found.length
      while (punctuation.includes(found.charAt(end - 1)) && end > 0) end--
      return safeUrl(found.slice(0, end)) + found.slice(end)
    })
  )
