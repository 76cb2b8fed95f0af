/**
 * QStash's own text for a request over a quota: `quota maxTopics exceeded, current limit: 100`. It is the only place
 * where QStash names the quota, so it has to be read here. Quotas of URL groups have other names in this library than on
 * the wire, where a URL group is a topic.
 *
 * @since 0.1.0
 */

const wireNames: Readonly<Record<string, string>> = {
  maxUrlGroups: "maxTopics",
  maxEndpointsPerUrlGroup: "maxEndpointsPerTopic"
}

const ownNames = Object.fromEntries(Object.entries(wireNames).map(([own, wire]) => [wire, own]))

const renamed = (text: string, names: Readonly<Record<string, string>>): string =>
  text.replace(/^quota (\w{1,100})/, (whole, name: string) => {
    const other = Object.hasOwn(names, name) ? names[name] : undefined
    return other === undefined ? whole : `quota ${other}`
  })

/**
 * Whether QStash rejected the request because of a quota.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isQuota = (text: string): boolean => text.startsWith("quota ")

/**
 * The reason of a `QStashQuotaExceeded`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (quota: string, limit: number): string =>
  `quota ${quota} exceeded, current limit: ${limit}`

/**
 * The reason with QStash's own name of the quota.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toWire = (reason: string): string => renamed(reason, wireNames)

/**
 * QStash's text with this library's name of the quota. Any other text stays as it is.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromWire = (text: string): string => renamed(text, ownNames)
