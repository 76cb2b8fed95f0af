import { UrlGroupNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as UrlGroupInput from "@effect-qstash/domain/input/UrlGroupInput"
import * as Effect from "effect/Effect"
import type { Tenant } from "../../TenantServices.ts"
import { urlGroupOf } from "../record.ts"
import { checkingId, checkingName, orFail, type ServiceContext } from "./context.ts"

export const makeUrlGroups = ({ change, limits, overLimit, store }: ServiceContext) => {
  const urlGroups = ({ tenantId }: Tenant): QStashUrlGroups.Service => {
    const byGroup = checkingId("urlGroup")
    return {
      upsertEndpoints: byGroup(
        (name: UrlGroupName, input: Parameters<QStashUrlGroups.Service["upsertEndpoints"]>[1]) =>
          Effect.gen(function* () {
            const endpoints = yield* UrlGroupInput.checkEndpoints(input)
            const urlGroup = yield* parseUrlGroup(name)
            const stored = yield* change((instant) =>
              store.upsertEndpoints({ tenantId, urlGroup, endpoints, now: instant, limits })
            )
            if (stored !== "stored") yield* overLimit(stored)
          })
      ),
      removeEndpoints: byGroup(
        (urlGroup: UrlGroupName, input: Parameters<QStashUrlGroups.Service["removeEndpoints"]>[1]) =>
          Effect.flatMap(UrlGroupInput.checkEndpointSelectors(input), (endpoints) =>
            change((instant) => store.removeEndpoints({ tenantId, urlGroup, endpoints, now: instant }))
          ).pipe(
            Effect.filterOrFail(
              (isKnown) => isKnown,
              () => new UrlGroupNotFound({ urlGroup })
            ),
            Effect.asVoid
          )
      ),
      get: byGroup((urlGroup: UrlGroupName) =>
        Effect.flatMap(store.getUrlGroup(tenantId, urlGroup), (found) =>
          orFail(found, urlGroupOf, () => new UrlGroupNotFound({ urlGroup }))
        )
      ),
      list: Effect.map(store.listUrlGroups(tenantId), (all) => all.map(urlGroupOf)),
      delete: byGroup((urlGroup: UrlGroupName) => change(() => store.deleteUrlGroup(tenantId, urlGroup)))
    }
  }

  return { urlGroups }
}

const parseUrlGroup = checkingName(UrlGroupName, "urlGroup")
