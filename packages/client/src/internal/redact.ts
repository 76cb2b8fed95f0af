/** The most characters of a foreign text that an error repeats. */
const limit = 100

/** Nobody keeps a secret this short, and masking it would riddle the text. */
const shortestSecret = 4

/**
 * How much of a foreign text is looked at: far more than is shown. A reply may have megabytes, and a call thousands of
 * secrets, so a search for each secret in the whole text would take minutes.
 */
const window = 4096

/** Secrets by their first characters, so that each position of a text is compared only with those that may start there. */
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

/** Where secrets overlap, all that they cover is masked. At the end of a text that was cut, so is the start of a secret. */
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

/** Whether a text contains a secret. One that is too long to be searched counts as if it did. */
export const repeats = (text: string, secrets: ReadonlyArray<string>): boolean =>
  text.length > window || mask(text, secrets, false) !== text

/**
 * Cuts text that came from outside and puts it on one line, without the characters that control a terminal or change the
 * direction of text: it may end up in a log that somebody reads in one.
 */
export const cut = (text: string): string => {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim()
  return line.length > limit ? `${line.slice(0, limit)}…` : line
}

/** Masks before it cuts to the length that is shown: a cut could leave the beginning of a secret. */
export const presentable = (text: string, secrets: ReadonlyArray<string>): string => {
  const start = text.trimStart()
  const isCut = start.length > window
  const line = cut(mask(start.slice(0, window), secrets, isCut))
  return isCut && line !== "" && !line.endsWith("…") ? `${line}…` : line
}

/** Parameters as they stand in a query. */
export const formEncoded = (parameters: ReadonlyArray<readonly [name: string, value: string]>): string =>
  new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString()

/** A secret that travels in a query, as it is and as it stands there. */
export const inQuery = (secret: string): ReadonlyArray<string> => [
  secret,
  formEncoded([["", secret]]).slice(1)
]

/** A secret as it is and as it stands in JSON, which a refusal may be. */
export const inJson = (secret: string): ReadonlyArray<string> => [secret, JSON.stringify(secret).slice(1, -1)]

/** What may be secret in a header: its value, and what follows a scheme such as `Bearer`. */
export const secretsOfHeader = (value: string): ReadonlyArray<string> => [value, ...value.split(/\s+/)]

const parts = /^[^:/]+:\/\/(?:([^/?#]*)@)?[^?]*\??(.*)$/s

/** What may be secret in a URL, as it is written and as it reads: its credentials, its query, and each value in it. */
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
