import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { StoredQueue } from "../../Rows.ts"
import type { MessageRow, QueueRow, Tenant } from "./rows.ts"

export const queueOf = ({ places: _places, ...queue }: QueueRow): StoredQueue => queue

/** `planMessage` plans a message again once it is admitted or held back. */
export const makeQueues = (planMessage: (row: MessageRow) => void) => {
  /** Admits the first messages of a queue, as many as its parallelism. */
  const admit = (queue: QueueRow): void => {
    if (queue.isPaused) return
    let place = 0
    for (const row of queue.places) {
      if (place++ >= queue.parallelism) return
      if (row.isAdmitted || row.isDone) continue
      row.isAdmitted = true
      if (row.token === undefined) planMessage(row)
    }
  }

  /** Holds back the idle messages of a queue after the first so many. */
  const holdBack = (queue: QueueRow, from: number): void => {
    let place = 0
    for (const row of queue.places) {
      if (place++ < from || !row.isAdmitted || row.isDone) continue
      row.isAdmitted = false
      if (row.token === undefined) planMessage(row)
    }
  }

  const queueOfMessage = (tenant: Tenant, queueName: QueueName, now: number): QueueRow => {
    const known = tenant.queues.get(queueName)
    if (known !== undefined) return known
    const queue: QueueRow = {
      queueName,
      createdAt: now,
      updatedAt: now,
      parallelism: 1,
      isPaused: false,
      lag: 0,
      places: new Set()
    }
    tenant.queues.set(queueName, queue)
    return queue
  }

  const leaveIfClear = (row: MessageRow): void => {
    if (row.queue === undefined || !row.isDone || row.openCallbacks > 0) return
    row.queue.places.delete(row)
    admit(row.queue)
  }

  return { admit, holdBack, queueOfMessage, leaveIfClear }
}
