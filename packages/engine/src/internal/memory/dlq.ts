import { type DlqId, DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { DeliveryResponse, StoredDeadLetter } from "../../Rows.ts"
import { retried as retriedMessage } from "../../SettlementRules.ts"
import type { Store } from "../../Store.ts"
import type { NumberedDeadLetter } from "./DeadLetters.ts"
import { EventLog } from "./EventLog.ts"
import { found, type Memory } from "./Memory.ts"
import type { Messages } from "./messages.ts"
import type { MessageRow } from "./rows.ts"

const dlqIdOf = Schema.decodeSync(DlqIdFromAnswer)

const deadLetterOf = ({ number: _number, ...letter }: NumberedDeadLetter): StoredDeadLetter => letter

export const moveToDlq = (
  memory: Memory,
  row: MessageRow,
  response: DeliveryResponse | undefined,
  now: number
): DlqId => {
  const { tenant } = row
  // A clock may go back, but an id must not repeat.
  const time = Math.max(now, tenant.lastDlq.time)
  const count = tenant.lastDlq.time === time ? tenant.lastDlq.count + 1 : 0
  tenant.lastDlq = { time, count }
  const dlqId = dlqIdOf(`${time}-${count}`)
  tenant.deadLetters.add({
    dlqId,
    message: row.message,
    failedAt: now,
    response,
    number: ++memory.lastDlqNumber
  })
  return dlqId
}

export const dlqVerbs = (memory: Memory, { makeMessage }: Messages) =>
  ({
    getDeadLetter: (tenantId, dlqId) =>
      found(() => memory.tenants.get(tenantId)?.deadLetters.get(dlqId), deadLetterOf),

    pageDeadLetters: ({ tenantId, ...request }) =>
      Effect.sync(() => {
        const page = memory.tenants.get(tenantId)?.deadLetters.page(request)
        return { items: page?.items.map(deadLetterOf) ?? [], last: page?.last }
      }),

    takeDeadLetters: ({ after, count, criteria, now, retry, tenantId, upTo }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        const tenant = memory.tenantOf(tenantId)
        const newest = memory.lastDlqNumber
        const { items, last } = tenant.deadLetters.page(
          { after, count, criteria, maxBytes: Infinity, order: "earliestFirst" },
          upTo
        )
        const retried = items.flatMap(({ dlqId, message }) => {
          tenant.deadLetters.delete(dlqId)
          if (retry === undefined) return []
          const { message: made } = makeMessage(
            tenant,
            memory.mintMessageId(),
            retriedMessage(message, retry, now),
            now,
            log
          )
          return [made]
        })
        return {
          taken: items.map(({ dlqId }) => dlqId),
          retried,
          last,
          upTo: Math.min(upTo ?? Infinity, newest),
          events: log.events
        }
      })
  }) satisfies Partial<Store.Service<never>>
