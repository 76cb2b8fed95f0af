import { Destination } from "@effect-qstash/domain/Destination"
import * as Option from "effect/Option"
import { printable } from "./text.ts"

// `URL.canParse` will not do: Node 20 comes to refuse Latin-1 text once it has called it some ten thousand times.
export const parseUrl = Option.liftThrowable((text: string) => new URL(text))

/** What may be secret in a URL is left out, and a mark is left in the place of its query. */
export const safeDestination = (destination: Destination): string => {
  const safe = Destination.toSafeText(destination)
  const hides =
    typeof destination === "string" && Option.exists(parseUrl(destination), ({ search }) => search !== "")
  return printable(hides ? `${safe}?…` : safe)
}

export const safeUrl = (url: string): string => safeDestination(url)

/** Text that may quote URLs, as messages of network faults do. */
export const safeText = (text: string): string =>
  printable(
    text.replace(/https?:\/\/[^\s"'<>]+/gi, (found) => {
      const [, url = found, end = ""] = /^(.*?)([.,:;)\]}]*)$/.exec(found) ?? []
      return safeUrl(url) + end
    })
  )
