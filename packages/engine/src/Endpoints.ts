/**
 * How the endpoints of a URL group change, and where messages go. Every Store follows these rules.
 *
 * @since 0.1.0
 */
import type { Destination } from "@effect-qstash/domain/Destination"
import type { UrlGroupEndpoint } from "@effect-qstash/domain/UrlGroup"
import type { StoredMessage } from "./Rows.ts"

/**
 * The endpoints of a URL group with others added. One with a known URL or name takes the place of the one that had it,
 * so URLs and names stay unique. Takes linear time.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withEndpoints = (
  known: ReadonlyArray<UrlGroupEndpoint>,
  added: ReadonlyArray<UrlGroupEndpoint>
): ReadonlyArray<UrlGroupEndpoint> => {
  const slots: Array<UrlGroupEndpoint | undefined> = []
  const byUrl = new Map<string, number>()
  const byName = new Map<string, number>()
  const put = (endpoint: UrlGroupEndpoint, slot: number): void => {
    slots[slot] = endpoint
    byUrl.set(endpoint.url, slot)
    if (endpoint.name !== undefined) byName.set(endpoint.name, slot)
  }
  const clear = (slot: number | undefined): void => {
    const old = slot === undefined ? undefined : slots[slot]
    if (slot === undefined || old === undefined) return
    slots[slot] = undefined
    byUrl.delete(old.url)
    if (old.name !== undefined) byName.delete(old.name)
  }
  for (const endpoint of known) put(endpoint, slots.length)
  for (const endpoint of added) {
    const sameUrl = byUrl.get(endpoint.url)
    const sameName = endpoint.name === undefined ? undefined : byName.get(endpoint.name)
    clear(sameUrl)
    clear(sameName)
    put(endpoint, Math.min(sameUrl ?? slots.length, sameName ?? slots.length))
  }
  return slots.filter((endpoint) => endpoint !== undefined)
}

/**
 * Names an endpoint by its URL, its name, or both.
 *
 * @since 0.1.0
 * @category models
 */
export interface EndpointSelector {
  readonly url?: string
  readonly name?: string
}

/**
 * The endpoints without some of them, or `undefined` where one of those is missing. Takes linear time.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withoutEndpoints = (
  known: ReadonlyArray<UrlGroupEndpoint>,
  removed: ReadonlyArray<EndpointSelector>
): ReadonlyArray<UrlGroupEndpoint> | undefined => {
  const byUrl = new Map(known.map((endpoint) => [endpoint.url, endpoint]))
  const byName = new Map(known.map((endpoint) => [endpoint.name, endpoint]))
  const gone = new Set<UrlGroupEndpoint>()
  for (const { name, url } of removed) {
    const endpoint = url === undefined ? byName.get(name) : byUrl.get(url)
    if (endpoint === undefined || (name !== undefined && endpoint.name !== name)) return undefined
    gone.add(endpoint)
  }
  return known.filter((endpoint) => !gone.has(endpoint))
}

/**
 * Where one message goes.
 *
 * @since 0.1.0
 * @category models
 */
export type Target = Pick<StoredMessage, "url" | "urlGroup" | "endpointName">

/**
 * Where the messages of a draft or a firing go: one, or one for each endpoint of a URL group. Undefined if that does not
 * exist.
 *
 * @since 0.1.0
 * @category conversions
 */
export const targetsOf = (
  destination: Destination,
  endpoints: ReadonlyArray<UrlGroupEndpoint> | undefined
): ReadonlyArray<Target> | undefined =>
  typeof destination === "string"
    ? [{ url: destination, urlGroup: undefined, endpointName: undefined }]
    : endpoints?.map(({ name, url }) => ({ url, urlGroup: destination.urlGroup, endpointName: name }))

/** Most URLs: lower case, without credentials, and without a port that is the default of some scheme. */
const common = /^https?:\/\/[a-z0-9.-]+(?::(?!(?:80|443)(?![0-9]))[0-9]+)?(?=[/?#]|$)/

/**
 * The origin of a URL: messages of one tenant to one origin share its slots. The pattern spares nearly every delivery the
 * cost of parsing the whole URL.
 *
 * @since 0.1.0
 * @category conversions
 */
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
