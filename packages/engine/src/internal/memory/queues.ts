import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { StoredQueue } from "../../Rows.ts"
import type { MessageRow, QueueRow, Tenant } from "./rows.ts"

export const queueOf = ({
  admitted: _admitted,
  first: _first,
  last: _last,
  waiting: _waiting,
  ...queue
}: QueueRow): StoredQueue => queue

/** The messages of a queue in order. */
export const rowsOf = (queue: QueueRow): ReadonlyArray<MessageRow> => {
  const rows: Array<MessageRow> = []
  for (let row = queue.first; row !== undefined; row = row.behind) rows.push(row)
  return rows
}

/** `planMessage` plans a message again once it is admitted or held back. */
export const makeQueues = (planMessage: (row: MessageRow) => void) => {
  /** Admits the first messages of a queue, as many as its parallelism. */
  const admit = (queue: QueueRow): void => {
    if (queue.isPaused) return
    while (queue.admitted < queue.parallelism && queue.waiting !== undefined) {
      const row = queue.waiting
      queue.waiting = row.behind
      queue.admitted += 1
      row.isAdmitted = true
      if (row.token === undefined && !row.isDone) planMessage(row)
    }
  }

  /** Holds back the idle messages of a queue after the first so many. */
  const holdBack = (queue: QueueRow, from: number): void => {
    for (const row of rowsOf(queue).slice(from)) {
      if (!row.isAdmitted) break
      row.isAdmitted = false
      if (row.token === undefined && !row.isDone) planMessage(row)
    }
    queue.admitted = Math.min(queue.admitted, from)
    queue.waiting = queue.first
    while (queue.waiting?.isAdmitted === true) queue.waiting = queue.waiting.behind
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
      first: undefined,
      last: undefined,
      admitted: 0,
      waiting: undefined
    }
    tenant.queues.set(queueName, queue)
    return queue
  }

  /** Takes the last place. */
  const join = (queue: QueueRow, row: MessageRow): void => {
    row.ahead = queue.last
    if (queue.last === undefined) queue.first = row
    else queue.last.behind = row
    queue.last = row
    queue.waiting ??= row
    admit(queue)
  }

  const leave = (queue: QueueRow, row: MessageRow): void => {
    if (row.ahead === undefined) queue.first = row.behind
    else row.ahead.behind = row.behind
    if (row.behind === undefined) queue.last = row.ahead
    else row.behind.ahead = row.ahead
    if (queue.waiting === row) queue.waiting = row.behind
    if (row.isAdmitted) queue.admitted -= 1
    row.isAdmitted = false
    row.ahead = undefined
    row.behind = undefined
    admit(queue)
  }

  /** A message leaves when it is done and its callbacks are. */
  const leaveIfClear = (row: MessageRow): void => {
    if (row.queue === undefined || !row.isDone || row.openCallbacks > 0) return
    leave(row.queue, row)
  }

  return { admit, holdBack, join, queueOfMessage, leaveIfClear }
}
