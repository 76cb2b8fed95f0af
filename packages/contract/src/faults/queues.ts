import type { StoredQueue } from "@effect-qstash/engine/Rows"
import type { Store } from "@effect-qstash/engine/Store"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Fault, faultsOf, storeFaultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashQueues")

const memorySchedules = inFile("engine/src/internal/memory/schedules.ts")
const memoryLeases = inFile("engine/src/internal/memory/leases.ts")
const memoryMessages = inFile("engine/src/internal/memory/messages.ts")
const places = inFile("engine/src/internal/memory/queues.ts")
const limit = inFile("engine/src/ExceededLimit.ts")
const record = inFile("domain/src/wire/QueueRecord.ts")
const client = inFile("client/src/internal/services/messages.ts")
const handlers = inFile("server/src/internal/routes/queues.ts")
const sending = inFile("server/src/internal/routes/messages.ts")
const port = storeFaultsOf("QStashQueues")

/** Changes how queues read back. */
const readsQueues =
  (change: (queue: StoredQueue) => StoredQueue) =>
  (store: Store.Service): Partial<Store.Service> => ({
    getQueue: (...name) => Effect.map(store.getQueue(...name), Option.map(change)),
    listQueues: (tenantId) => Effect.map(store.listQueues(tenantId), Arr.map(change))
  })

/** In what queues keep in order. */
export const faults: ReadonlyArray<Fault> = [
  memoryLeases(
    "retry-to-the-end",
    "a message that failed goes to the end of its queue",
    ["makeMessage, noteState, rest }: Messages", "makeMessage, noteState, queues, rest }: Messages"],
    [
      "if (outcome.next === undefined) finish(row)\n    else rest(row)",
      'if (outcome.next === undefined) finish(row)\n    else {\n      if (row.queue !== undefined && row.openCallbacks === 0) {\n        const { state } = row\n        row.state = { _tag: "Done" }\n        queues.leaveIfClear(row)\n        row.state = state\n        queues.join(row.queue, row)\n      }\n      rest(row)\n    }'
    ]
  ),
  places("one-place-more", "a queue starts one message too many", [
    "queue.admitted < queue.parallelism",
    "queue.admitted <= queue.parallelism"
  ]),
  places("queue-without-callbacks", "a queue does not wait for callbacks", [" || row.openCallbacks > 0", ""]),
  memoryMessages("queue-stuck-behind-callback", "a queue waits for a callback forever", [
    "row.source.openCallbacks -= 1\n",
    ""
  ]),
  places("parallelism-raised-in-vain", "raising the parallelism takes effect only with the next message", [
    'admit(queue)\n        return "stored"',
    'return "stored"'
  ]),
  places(
    "parallelism-lowered-in-vain",
    "lowering the parallelism does not hold back messages that were allowed to start",
    ["holdBack(queue, queue.isPaused ? 0 : parallelism)", "if (queue.isPaused) holdBack(queue, 0)"]
  ),
  port("upsert-unpauses", "an upsert without isPaused ends the pause", (store) => ({
    upsertQueue: (request) => store.upsertQueue({ ...request, isPaused: request.isPaused ?? false })
  })),
  places("queue-pause-ignored", "a paused queue starts messages", [
    "if (queue.isPaused) return\n    while",
    "while"
  ]),
  places("queue-pause-half", "a pause does not hold back messages that were allowed to start", [
    "if (isPaused) holdBack(queue, 0)\n        else admit(queue)",
    "if (!isPaused) admit(queue)"
  ]),
  places("queue-resume-asleep", "a resumed queue waits for its next message", [
    "else admit(queue)\n        return true",
    "return true"
  ]),
  places("queue-deleted-empty", "a deleted queue leaves its messages behind", [
    'if (row.state._tag !== "Done" && !row.isCancelRequested) requestCancel(row, log)',
    ""
  ]),
  memoryMessages("lag-only-grows", "the lag includes finished messages", ["row.queue.lag -= 1", ""]),
  places("enqueue-resets", "an enqueue resets a queue's parallelism", [
    "const known = tenant.queues.get(queueName)\n    if (known !== undefined) return known",
    "const known = tenant.queues.get(queueName)\n    if (known !== undefined) known.parallelism = 1\n    if (known !== undefined) return known"
  ]),
  port(
    "queue-created-anew",
    "an upsert resets a queue's creation time",
    readsQueues((queue) => ({ ...queue, createdAt: queue.updatedAt }))
  ),
  port(
    "queue-unchanged",
    "an upsert does not update the change time",
    readsQueues((queue) => ({ ...queue, updatedAt: queue.createdAt }))
  ),
  port("one-queue-more", "an account can have one queue more than its quota", (store) => ({
    upsertQueue: (request) => store.upsertQueue({ ...request, limit: request.limit + 1 })
  })),
  limit("enqueue-over-quota", "an enqueue creates a queue beyond the quota", [
    "queues.size + newQueues.size > limits.maxQueues",
    "newQueues.size > limits.maxQueues"
  ]),
  port("queues-mixed", "an account finds another account's queues", (store) => {
    const accounts = new Set<string>()
    return {
      upsertQueue: (request) => {
        accounts.add(request.tenantId)
        return store.upsertQueue(request)
      },
      getQueue: (_own, queueName) =>
        Effect.map(
          Effect.forEach(accounts, (tenantId) => store.getQueue(tenantId, queueName)),
          Option.firstSomeOf
        )
    }
  }),
  memorySchedules("schedule-without-queue", "a schedule's messages bypass its queue", [
    "NewMessage = { settings, ...target",
    "NewMessage = { settings: { ...settings, queueName: undefined }, ...target"
  ]),
  record("upsert-sends-active", "the client ends a pause with every upsert", [
    "...omitUndefined({ paused: isPaused })",
    "paused: isPaused ?? false"
  ]),
  record("lag-not-read", "the client ignores the lag", [
    'lag: countOrZero("lag")',
    'lag: { ...countOrZero("lag"), read: () => 0 }'
  ]),
  client("enqueue-publishes", "the client publishes instead of enqueuing", [
    "queueName === undefined ? `/v2/publish/${target}`",
    "queueName !== null ? `/v2/publish/${target}`"
  ]),
  sending("queue-passed-over", "the server publishes instead of enqueuing", [
    "send(call, (message) => ({ ...message, queueName }))",
    'send(call, (message) => ({ ...message, ...(queueName === "" ? { queueName } : {}) }))'
  ]),
  handlers("queue-resume-is-pause", "the server pauses a queue instead of resuming it", [
    "all.resume(name)",
    "all.pause(name)"
  ])
]
