/** How many characters of a text from outside an error shows at most. */
const limit = 100

/** Shorter texts are not secrets, and masking them would make the text unreadable. */
const shortestSecret = 4

/**
 * How much of a text is searched: far more than is shown. A reply may have megabytes and a call thousands of secrets, so
 * searching the whole text for each secret would take minutes.
 */
const window = 4096

/** Secrets by their first characters, so that each position of a text is compared only with those that can start there. */
const indexed = (secrets: ReadonlyArray<string>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const index = new Map<string, Array<string>>()
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue
    const start = secret.slice(0, shortestSecret)
    const others = index.get(start) ?? []
    others.push(secret.slice(0, window))
    index.set(start, others)
  }
  return index
}

/** Masks everything that overlapping secrets cover and, at the end of a text that was cut, the start of a secret. */
const mask = (text: string, secrets: ReadonlyArray<string>, isCut: boolean): string => {
  const index = indexed(secrets)
  const isAt = (secret: string, at: number): boolean =>
    text.startsWith(secret, at) ||
    (isCut && at + secret.length > text.length && secret.startsWith(text.slice(at)))
  let masked = ""
  let end = 0
  for (let at = 0; at < text.length; at++) {
    for (const secret of index.get(text.slice(at, at + shortestSecret)) ?? []) {
      if (at + secret.length <= end || !isAt(secret, at)) continue
      if (at >= end) masked += `${text.slice(end, at)}<redacted>`
      end = at + secret.length
    }
  }
  return masked + text.slice(end)
}

/** Whether a text contains a secret. A text too long to search counts as one that does. */
export const containsSecret = (text: string, secrets: ReadonlyArray<string>): boolean =>
  text.length > window || mask(text, secrets, false) !== text

/**
 * Cuts text from outside and puts it on one line, without characters that control a terminal or change the direction of
 * text: it may end up in a log that somebody reads in a terminal.
 */
export const cut = (text: string): string => {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim()
  return line.length > limit ? `${line.slice(0, limit)}…` : line
}

/** Makes text from outside safe to show. It masks before it cuts, since a cut could leave the start of a secret. */
export const redact = (text: string, secrets: ReadonlyArray<string>): string => {
  const start = text.trimStart()
  const isCut = start.length > window
  const line = cut(mask(start.slice(0, window), secrets, isCut))
  return isCut && line !== "" && !line.endsWith("…") ? `${line}…` : line
}

/** Encodes the parameters of a query. */
export const formEncoded = (parameters: ReadonlyArray<readonly [name: string, value: string]>): string =>
  new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString()

/** A secret as it is, and as it is encoded in a query. */
export const queryForms = (secret: string): ReadonlyArray<string> => [
  secret,
  formEncoded([["", secret]]).slice(1)
]

/** A secret as it is, and as it is escaped in JSON, since a refusal may be JSON. */
export const jsonForms = (secret: string): ReadonlyArray<string> => [
  secret,
  JSON.stringify(secret).slice(1, -1)
]

/** What may be secret in a header: its value, and what follows a scheme such as `Bearer`. */
export const secretsOfHeader = (value: string): ReadonlyArray<string> => [value, ...value.split(/\s+/)]

const parts = /^[^:/]+:\/\/(?:([^/?#]*)@)?[^?]*\??(.*)$/s

/** What may be secret in a URL, encoded and decoded: its credentials, its query, and each value in the query. */
export const secretsOfUrl = (text: string): ReadonlyArray<string> => {
  const [, credentials = "", query = ""] = parts.exec(text) ?? []
  return [
    credentials,
    ...credentials.split(":"),
    query,
    ...query.split("&").map((parameter) => parameter.slice(parameter.indexOf("=") + 1)),
    ...new URLSearchParams(query).values()
  ]
}
