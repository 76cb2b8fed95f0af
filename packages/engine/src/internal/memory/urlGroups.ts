import type { Destination } from "@effect-qstash/domain/Destination"
import * as Effect from "effect/Effect"
import { withEndpoints, withoutEndpoints } from "../../Endpoints.ts"
import type { StoredUrlGroup } from "../../Rows.ts"
import type { Store } from "../../Store.ts"
import { found, type Memory } from "./Memory.ts"
import type { Tenant } from "./rows.ts"

const groupOf = (group: StoredUrlGroup): StoredUrlGroup => ({ ...group })

export const endpointsOf = (
  { groups }: Tenant,
  destination: Destination
): StoredUrlGroup["endpoints"] | undefined =>
  typeof destination === "string" ? undefined : groups.get(destination.urlGroup)?.endpoints

export const urlGroupVerbs = (memory: Memory) =>
  ({
    upsertEndpoints: ({ endpoints, limits, now, tenantId, urlGroup }) =>
      Effect.sync(() => {
        const { groups } = memory.tenantOf(tenantId)
        const known = groups.get(urlGroup)
        if (known === undefined && groups.size >= limits.maxUrlGroups) return "maxUrlGroups"
        const merged = withEndpoints(known?.endpoints ?? [], endpoints)
        if (merged.length > limits.maxEndpointsPerUrlGroup) return "maxEndpointsPerUrlGroup"
        if (known === undefined) {
          groups.set(urlGroup, { urlGroup, createdAt: now, updatedAt: now, endpoints: merged })
        } else {
          known.endpoints = merged
          known.updatedAt = now
        }
        return "stored"
      }),

    removeEndpoints: ({ endpoints, now, tenantId, urlGroup }) =>
      Effect.sync(() => {
        const groups = memory.tenants.get(tenantId)?.groups
        const known = groups?.get(urlGroup)
        if (groups === undefined || known === undefined) return false
        const remaining = withoutEndpoints(known.endpoints, endpoints)
        if (remaining === undefined) return false
        known.endpoints = remaining
        known.updatedAt = now
        if (known.endpoints.length === 0) groups.delete(urlGroup)
        return true
      }),

    getUrlGroup: (tenantId, urlGroup) =>
      found(() => memory.tenants.get(tenantId)?.groups.get(urlGroup), groupOf),

    listUrlGroups: (tenantId) =>
      Effect.sync(() => Array.from(memory.tenants.get(tenantId)?.groups.values() ?? [], groupOf)),

    deleteUrlGroup: (tenantId, urlGroup) =>
      Effect.sync(() => {
        memory.tenants.get(tenantId)?.groups.delete(urlGroup)
      })
  }) satisfies Partial<Store.Service<never>>
