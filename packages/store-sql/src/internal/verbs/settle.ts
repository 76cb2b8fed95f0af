import { Destination } from "@effect-qstash/domain/Destination"
import { callbackDrafts } from "@effect-qstash/engine/Callbacks"
import { outcomeOf } from "@effect-qstash/engine/SettlementRules"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Settlement } from "@effect-qstash/engine/Rows"
import { lockTenantsOf, rowsByToken, waitAgain } from "../leases.ts"
import type { Verbs } from "../Verbs.ts"
import type { MessageRow, Work } from "../Work.ts"

export const settle =
  ({ db, held, isolate }: Verbs): Store.Service<SqlError>["settle"] =>
  ({ maxPendingBytes, now, settlements }) =>
    isolate(now, (work) =>
      Effect.gen(function* () {
        const tokens = settlements.map(({ token }) => token)
        yield* lockTenantsOf(work, tokens)
        const leased = yield* rowsByToken(work, tokens, held)
        const again: Array<Retry> = []
        const answers = settlements.map((settlement) => {
          const row = leased.get(settlement.token)
          if (row === undefined) return "stale"
          leased.delete(settlement.token)
          settleOne(work, row, settlement, maxPendingBytes, again)
          return "settled"
        })
        if (again.length > 0) {
          yield* db.sql`update qstash_messages set due_at = v.due_at, retried = v.retried
            from ${db.table(
              { seq: "bigint", due_at: "bigint", retried: "bigint" },
              again.map(({ dueAt, retried, row }) => [row.seq, dueAt, retried])
            )} as v where qstash_messages.seq = v.seq`
          yield* waitAgain(
            work,
            again.map(({ row }) => row)
          )
        }
        return { answers, events: work.events }
      })
    ).pipe(
      Effect.tap(() => {
        for (const { token } of settlements) held.delete(token)
      })
    )

interface Retry {
  readonly row: MessageRow
  readonly dueAt: number
  readonly retried: number
}

const settleOne = (
  work: Work,
  row: MessageRow,
  settlement: Settlement,
  maxPendingBytes: number,
  again: Array<Retry>
): void => {
  const { response } = settlement
  const { message, tenant } = row
  const outcome = outcomeOf(settlement, message, row.isCanceled)
  for (const { response: shown, state, ...details } of outcome.log) work.note(message, state, details, shown)
  if (outcome.scheduleState !== undefined) work.firingStates.set(message.messageId, outcome.scheduleState)
  const dlqId = outcome.isDead ? work.bury(row, response) : undefined
  const isFull = tenant.bytes >= maxPendingBytes
  for (const draft of callbackDrafts({ message, response, dlqId, now: work.now, isFull })) {
    work.make(tenant, {
      settings: draft.settings,
      url: Destination.toText(draft.destination),
      urlGroup: undefined,
      endpointName: undefined,
      notBefore: draft.notBefore,
      callerIp: message.callerIp,
      callbackOf: message.messageId,
      hops: message.hops,
      source: row.queue === undefined ? undefined : row.seq
    })
  }
  if (outcome.next === undefined) work.finish(row)
  else again.push({ row, dueAt: outcome.next.dueAt, retried: outcome.next.retried })
}
