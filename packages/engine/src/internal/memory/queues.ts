import type { QueueName } from "@effect-qstash/domain/QueueName"
import * as Effect from "effect/Effect"
import type { StoredQueue } from "../../Rows.ts"
import type { Store } from "../../Store.ts"
import { EventLog } from "./EventLog.ts"
import { found, type Memory } from "./Memory.ts"
import type { MessageRow, QueueRow, Tenant } from "./rows.ts"

const queueOf = ({
  admitted: _admitted,
  first: _first,
  last: _last,
  waiting: _waiting,
  ...queue
}: QueueRow): StoredQueue => queue

/** The messages of a queue in order. */
const rowsOf = (queue: QueueRow): ReadonlyArray<MessageRow> => {
  const rows: Array<MessageRow> = []
  for (let row = queue.first; row !== undefined; row = row.behind) rows.push(row)
  return rows
}

const isIdle = ({ state }: MessageRow): boolean => state._tag !== "Leased" && state._tag !== "Done"

type Queues = ReturnType<typeof makeQueues>

/** `rest` plans a message again once it is admitted or held back. */
export const makeQueues = (rest: (row: MessageRow) => void) => {
  /** Admits the first messages of a queue, as many as its parallelism. */
  const admit = (queue: QueueRow): void => {
    if (queue.isPaused) return
    while (queue.admitted < queue.parallelism && queue.waiting !== undefined) {
      const row = queue.waiting
      queue.waiting = row.behind
      queue.admitted += 1
      row.isAdmitted = true
      if (isIdle(row)) rest(row)
    }
  }

  /** Holds back the idle messages of a queue after the first so many. */
  const holdBack = (queue: QueueRow, from: number): void => {
    for (const row of rowsOf(queue).slice(from)) {
      if (!row.isAdmitted) break
      row.isAdmitted = false
      if (isIdle(row)) rest(row)
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
    if (row.queue === undefined || row.state._tag !== "Done" || row.openCallbacks > 0) return
    leave(row.queue, row)
  }

  return { admit, holdBack, join, queueOfMessage, leaveIfClear }
}

export const queueVerbs = (
  memory: Memory,
  { admit, holdBack, queueOfMessage }: Queues,
  requestCancel: (row: MessageRow, log: EventLog) => void
) =>
  ({
    upsertQueue: ({ isPaused, limit, now, parallelism, queueName, tenantId }) =>
      Effect.sync(() => {
        const tenant = memory.tenantOf(tenantId)
        if (!tenant.queues.has(queueName) && tenant.queues.size >= limit) return "full"
        const queue = queueOfMessage(tenant, queueName, now)
        queue.updatedAt = now
        queue.parallelism = parallelism
        queue.isPaused = isPaused ?? queue.isPaused
        holdBack(queue, queue.isPaused ? 0 : parallelism)
        admit(queue)
        return "stored"
      }),

    getQueue: (tenantId, queueName) =>
      found(() => memory.tenants.get(tenantId)?.queues.get(queueName), queueOf),

    listQueues: (tenantId) =>
      Effect.sync(() => Array.from(memory.tenants.get(tenantId)?.queues.values() ?? [], queueOf)),

    deleteQueue: ({ now, queueName, tenantId }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        const tenant = memory.tenants.get(tenantId)
        const queue = tenant?.queues.get(queueName)
        if (tenant === undefined || queue === undefined) return { events: log.events }
        tenant.queues.delete(queueName)
        // So that nothing takes the places that come free.
        queue.isPaused = true
        for (const row of rowsOf(queue)) {
          if (row.state._tag !== "Done" && !row.isCancelRequested) requestCancel(row, log)
        }
        return { events: log.events }
      }),

    setQueuePaused: ({ isPaused, now, queueName, tenantId }) =>
      Effect.sync(() => {
        const queue = memory.tenants.get(tenantId)?.queues.get(queueName)
        if (queue === undefined) return false
        if (queue.isPaused !== isPaused) queue.updatedAt = now
        queue.isPaused = isPaused
        if (isPaused) holdBack(queue, 0)
        else admit(queue)
        return true
      })
  }) satisfies Partial<Store.Service<never>>
