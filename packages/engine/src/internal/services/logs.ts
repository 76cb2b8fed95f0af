import type { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import * as PageInput from "@effect-qstash/domain/input/PageInput"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import type { Tenant, TenantServices } from "../../TenantServices.ts"
import { logsByMessage as groupsOf } from "../logsByMessage.ts"
import { logEntryOf } from "../record.ts"
import { allPages, cursorOf, numberOf, pageOf, partsOf } from "./paging.ts"
import type { ServiceContext } from "./context.ts"

export const makeLogs = ({ limits, prune, store }: ServiceContext) => {
  const logsPage: TenantServices["logsPage"] = (
    { tenantId },
    { count, criteria, cursor, maxBytes = limits.maxPageBytes, order }
  ) =>
    Effect.gen(function* () {
      const after = yield* numberOf(cursor)
      yield* prune
      const page = yield* store.pageLogs({ tenantId, criteria, after, count, maxBytes, order })
      return pageOf(page, logEntryOf, ({ time }) => time)
    })

  const logsByMessage: TenantServices["logsByMessage"] = (
    { tenantId },
    { cursor, maxBytes = limits.maxPageBytes, ...request }
  ) =>
    Effect.gen(function* () {
      const [upTo, after] = yield* partsOf(cursor)
      yield* prune
      const { groups, next } = yield* groupsOf(store, { ...request, tenantId, upTo, after, maxBytes })
      return { items: groups.map((events) => events.map(logEntryOf)), ...cursorOf(next?.[0], next?.[1]) }
    })

  const logs = (tenant: Tenant): QStashLogs.Service => {
    const check = ({ order, ...filter }: QStashLogs.StreamInput) =>
      Either.all({
        criteria: Criteria.fromLogFilter(filter),
        order: Either.map(PageInput.checkOrder(order), (given) => given ?? "latestFirst")
      })
    return {
      list: (input) =>
        Effect.gen(function* () {
          const { count, cursor, ...rest } = input ?? {}
          const page = yield* PageInput.check({ count, cursor }, PageInput.maxLogEntries)
          const selection = yield* check(rest)
          return yield* logsPage(tenant, { ...selection, cursor: page.cursor, count: page.count ?? 100 })
        }),
      stream: (input) =>
        Stream.unwrap(
          Effect.map(check(input ?? {}), (selection) =>
            allPages((cursor) => logsPage(tenant, { ...selection, cursor, count: PageInput.maxLogEntries }))
          )
        )
    }
  }

  return { logs, logsByMessage, logsPage }
}
