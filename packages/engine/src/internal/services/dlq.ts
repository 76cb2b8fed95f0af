import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { DlqMessageNotFound } from "@effect-qstash/domain/QStashError"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import * as DlqInput from "@effect-qstash/domain/input/DlqInput"
import * as PageInput from "@effect-qstash/domain/input/PageInput"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Tenant, TenantServices } from "../../TenantServices.ts"
import type { Store } from "../../Store.ts"
import { deadLetterOf } from "../record.ts"
import { allPages, cursorOf, numberOf, pageOf, partsOf } from "./paging.ts"
import { checkingId, orFail, type ServiceContext } from "./context.ts"

export const makeDlq = ({ change, checkRetries, limits, prune, store }: ServiceContext) => {
  const dlqPage: TenantServices["dlqPage"] = (
    { tenantId },
    { count, criteria, cursor, maxBytes = limits.maxPageBytes, order }
  ) =>
    Effect.gen(function* () {
      const after = yield* numberOf(cursor)
      yield* prune
      const page = yield* store.pageDeadLetters({ tenantId, criteria, after, count, maxBytes, order })
      return pageOf(page, deadLetterOf, ({ failedAt }) => failedAt)
    })

  const take = (
    { tenantId }: Tenant,
    {
      count,
      criteria,
      cursor,
      retry
    }: TenantServices.Selection & Pick<Parameters<Store.Service["takeDeadLetters"]>[0], "retry">
  ) =>
    // The cursor begins with how far the first page saw, so that later pages do not take what has failed again since.
    Effect.flatMap(Effect.zipRight(prune, partsOf(cursor)), ([upTo, after]) =>
      change(
        (instant) => store.takeDeadLetters({ tenantId, criteria, upTo, after, count, now: instant, retry }),
        ({ events }) => events
      )
    )

  const dlqDelete: TenantServices["dlqDelete"] = (tenant, request) =>
    Effect.map(take(tenant, { ...request, retry: undefined }), ({ last, taken, upTo }) => ({
      deleted: taken.length,
      ...cursorOf(upTo, last)
    }))

  const dlqRetry: TenantServices["dlqRetry"] = (tenant, { retries, ...request }) =>
    Effect.gen(function* () {
      yield* checkRetries({ retries })
      const { last, retried, upTo } = yield* take(tenant, { ...request, retry: { retries } })
      return {
        items: retried.map(({ messageId, url }) => ({ messageId, url, isDeduplicated: false })),
        ...cursorOf(upTo, last)
      }
    })

  const dlq = (tenant: Tenant): QStashDlq.Service => {
    const { tenantId } = tenant
    const byId = checkingId("dlqId")
    const only = (dlqId: DlqId) => ({ criteria: { dlqIds: [dlqId] as const }, count: 1 })
    return {
      list: (input) =>
        Effect.gen(function* () {
          const { count, cursor, ...filter } = input ?? {}
          const page = yield* PageInput.check({ count, cursor }, PageInput.maxDeadLetters)
          const criteria = yield* Criteria.fromDlqFilter(filter)
          return yield* dlqPage(tenant, {
            criteria,
            cursor: page.cursor,
            count: page.count ?? PageInput.maxDeadLetters,
            order: "earliestFirst"
          })
        }),
      stream: (filter = {}) =>
        Stream.unwrap(
          Effect.map(Criteria.fromDlqFilter(filter), (criteria) =>
            allPages((cursor) =>
              dlqPage(tenant, { criteria, cursor, count: PageInput.maxDeadLetters, order: "earliestFirst" })
            )
          )
        ),
      get: byId((dlqId: DlqId) =>
        Effect.flatMap(Effect.zipRight(prune, store.getDeadLetter(tenantId, dlqId)), (found) =>
          orFail(found, deadLetterOf, () => new DlqMessageNotFound({ dlqId }))
        )
      ),
      delete: byId((dlqId: DlqId) =>
        dlqDelete(tenant, only(dlqId)).pipe(
          Effect.filterOrFail(
            ({ deleted }) => deleted > 0,
            () => new DlqMessageNotFound({ dlqId })
          ),
          Effect.asVoid
        )
      ),
      deleteMany: (selector) =>
        Effect.flatMap(Criteria.fromDlqSelector(selector), (criteria) =>
          Effect.map(dlqDelete(tenant, { criteria, count: Infinity }), ({ deleted }) => deleted)
        ),
      retry: byId((dlqId: DlqId, input?: QStashDlq.RetryInput) =>
        Effect.gen(function* () {
          const { retries } = yield* DlqInput.checkRetry(input)
          const { items } = yield* dlqRetry(tenant, { ...only(dlqId), retries })
          const [published] = items
          return published ?? (yield* new DlqMessageNotFound({ dlqId }))
        })
      ),
      retryMany: (selector, input) =>
        Effect.gen(function* () {
          const criteria = yield* Criteria.fromDlqSelector(selector)
          const { retries } = yield* DlqInput.checkRetry(input)
          const { items } = yield* dlqRetry(tenant, { criteria, count: Infinity, retries })
          return items
        })
    }
  }

  return { dlq, dlqDelete, dlqPage, dlqRetry }
}
