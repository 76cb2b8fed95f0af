/** Most URLs: lower case, without credentials, and without a port that is the default of some scheme. */
const common = /^https?:\/\/[a-z0-9.-]+(?::(?!(?:80|443)(?![0-9]))[0-9]+)?(?=[/?#]|$)/

/** The origin of a destination. The pattern spares nearly every delivery the cost of parsing the whole URL. */
export const originOf = (url: string): string => {
  const origin = common.exec(url)?.[0]
  if (origin !== undefined) return origin
  try {
    return new URL(url).origin
  } catch {
    // Every message has a URL that parses, but a Store may hold one that something else wrote.
    return url
  }
}
