/** The most characters of a foreign text that an error repeats. */
const limit = 100

/** Nobody keeps a secret this short, and masking it would riddle the text. */
const shortestSecret = 4

const mask = (text: string, secrets: ReadonlyArray<string>): string =>
  secrets
    .filter((secret) => secret.length >= shortestSecret)
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, "<redacted>"), text)

export const repeats = (text: string, secrets: ReadonlyArray<string>): boolean => mask(text, secrets) !== text

/**
 * Cuts text that came from outside and puts it on one line, without the characters that control a terminal or change the
 * direction of text: it may end up in a log that somebody reads in one.
 */
export const cut = (text: string): string => {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim()
  return line.length > limit ? `${line.slice(0, limit)}…` : line
}

/** Masking comes before the cut, which could leave the beginning of a secret. */
export const presentable = (text: string, secrets: ReadonlyArray<string>): string => cut(mask(text, secrets))

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
