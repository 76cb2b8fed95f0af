import { QueueNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import * as QueueInput from "@effect-qstash/domain/input/QueueInput"
import * as Effect from "effect/Effect"
import type { Tenant } from "../../TenantServices.ts"
import { queueOf } from "../record.ts"
import { checkingId, orFail, type ServiceContext } from "./context.ts"

export const makeQueues = ({ change, limits, overLimit, store }: ServiceContext) => {
  const queues = ({ tenantId }: Tenant): QStashQueues.Service => {
    const setPaused = (isPaused: boolean) =>
      byQueue((queueName: QueueName) =>
        change((instant) => store.setQueuePaused({ tenantId, queueName, isPaused, now: instant })).pipe(
          Effect.filterOrFail(
            (isKnown) => isKnown,
            () => new QueueNotFound({ queueName })
          ),
          Effect.asVoid
        )
      )
    return {
      upsert: (input) =>
        Effect.gen(function* () {
          const { isPaused, parallelism = 1, queueName } = yield* QueueInput.checkUpsert(input)
          const stored = yield* change((instant) =>
            store.upsertQueue({
              tenantId,
              queueName,
              parallelism,
              isPaused,
              now: instant,
              limit: limits.maxQueues
            })
          )
          if (stored === "full") yield* overLimit("maxQueues")
        }),
      get: byQueue((queueName: QueueName) =>
        Effect.flatMap(store.getQueue(tenantId, queueName), (found) =>
          orFail(found, queueOf, () => new QueueNotFound({ queueName }))
        )
      ),
      list: Effect.map(store.listQueues(tenantId), (all) => all.map(queueOf)),
      delete: byQueue((queueName: QueueName) =>
        Effect.asVoid(
          change(
            (instant) => store.deleteQueue({ tenantId, queueName, now: instant }),
            ({ events }) => events
          )
        )
      ),
      pause: setPaused(true),
      resume: setPaused(false)
    }
  }

  return { queues }
}

const byQueue = checkingId("queueName")
