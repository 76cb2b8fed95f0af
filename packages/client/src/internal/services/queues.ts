import { QueueNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import * as QueueInput from "@effect-qstash/domain/input/QueueInput"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import * as Effect from "effect/Effect"
import { jsonBody, type QStashHttp, withSpan } from "../http.ts"
import { listOf } from "../listOf.ts"
import { withPathId } from "../withPathId.ts"
import { quotaError } from "../refusal.ts"

const path = "/v2/queues"

const span = (method: keyof QStashQueues.Service, queueName?: QueueName) =>
  withSpan(`QStashQueues.${method}`, queueName === undefined ? {} : { "qstash.queue_name": queueName })

const withQueueName = withPathId(
  path,
  "queueName",
  (queueName: QueueName) => new QueueNotFound({ queueName })
)

export const makeQueues = (http: QStashHttp): QStashQueues.Service => ({
  upsert: (queue) =>
    Effect.gen(function* () {
      const checked = yield* QueueInput.checkUpsert(queue)
      yield* Effect.annotateCurrentSpan("qstash.queue_name", queue.queueName)
      yield* http.done({
        method: "POST",
        target: path,
        ...jsonBody(JSON.stringify(QueueRecord.encodeUpsert(checked))),
        ownError: quotaError
      })
    }).pipe(span("upsert")),
  get: (queueName) =>
    withQueueName(queueName, (call) => http.json({ method: "GET", ...call }, QueueRecord.decode)).pipe(
      span("get", queueName)
    ),
  list: http.json({ method: "GET", target: path }, listOf("queue", QueueRecord.decode)).pipe(span("list")),
  delete: (queueName) =>
    withQueueName(queueName, (call) => http.done({ method: "DELETE", ...call })).pipe(
      Effect.catchTag("QueueNotFound", () => Effect.void),
      span("delete", queueName)
    ),
  pause: (queueName) =>
    withQueueName(queueName, ({ ownError, target }) =>
      http.done({ method: "POST", target: `${target}/pause`, ownError })
    ).pipe(span("pause", queueName)),
  resume: (queueName) =>
    withQueueName(queueName, ({ ownError, target }) =>
      http.done({ method: "POST", target: `${target}/resume`, ownError })
    ).pipe(span("resume", queueName))
})
