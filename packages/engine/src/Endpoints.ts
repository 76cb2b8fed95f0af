import type { UrlGroupEndpoint } from "@effect-qstash/domain/UrlGroup"

/**
 * The endpoints of a URL group with others added. One with a known URL or name takes the place of the one that had it,
 * so URLs and names stay unique. Takes linear time.
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

/** Names an endpoint by its URL, its name, or both. */
export interface EndpointSelector {
  readonly url?: string
  readonly name?: string
}

/** The endpoints without some of them, or `undefined` where one of those is missing. Takes linear time. */
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
