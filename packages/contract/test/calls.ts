import {
  DlqId,
  FlowControlKey,
  MessageId,
  QStashDlq,
  QStashFlowControl,
  QStashLogs,
  QStashMessages,
  QStashQueues,
  QStashSchedules,
  type QStashServices,
  QStashSigningKeys,
  QStashUrlGroups,
  QueueName,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import type { QStashTest } from "@effect-qstash/testing"
import { Effect, Stream } from "effect"

/** Refuses every connection. */
export const destination = "http://127.0.0.1:1/jobs"
const message = { destination, delay: "1 day" } as const

/** The arguments of the calls. */
export interface Names {
  readonly scheduleId: ScheduleId
  readonly messageId: MessageId
  readonly queueName: QueueName
  readonly urlGroup: UrlGroupName
  readonly dlqId: DlqId
  readonly key: FlowControlKey
}

/** The same name for everything. */
export const namesOf = (name: string): Names => ({
  scheduleId: ScheduleId.make(name),
  messageId: MessageId.make(name),
  queueName: QueueName.make(name),
  urlGroup: UrlGroupName.make(name),
  dlqId: DlqId.make(name),
  key: FlowControlKey.make(name)
})

type Call = (names: Names) => Effect.Effect<unknown, unknown, QStashServices>

/** Each method of each service. */
export const calls: Readonly<Record<QStashTest.Operation, Call>> = {
  "QStashSchedules.create": () =>
    Effect.flatMap(QStashSchedules, (schedules) => schedules.create({ cron: "0 4 29 2 *", destination })),
  "QStashSchedules.get": ({ scheduleId }) =>
    Effect.flatMap(QStashSchedules, (schedules) => schedules.get(scheduleId)),
  "QStashSchedules.list": () => Effect.flatMap(QStashSchedules, (schedules) => schedules.list),
  "QStashSchedules.delete": ({ scheduleId }) =>
    Effect.flatMap(QStashSchedules, (schedules) => schedules.delete(scheduleId)),
  "QStashSchedules.pause": ({ scheduleId }) =>
    Effect.flatMap(QStashSchedules, (schedules) => schedules.pause(scheduleId)),
  "QStashSchedules.resume": ({ scheduleId }) =>
    Effect.flatMap(QStashSchedules, (schedules) => schedules.resume(scheduleId)),
  "QStashMessages.publish": () => Effect.flatMap(QStashMessages, (messages) => messages.publish(message)),
  "QStashMessages.enqueue": ({ queueName }) =>
    Effect.flatMap(QStashMessages, (messages) => messages.enqueue(queueName, { destination })),
  "QStashMessages.batch": ({ queueName, urlGroup }) =>
    Effect.flatMap(QStashMessages, (messages) =>
      messages.batch([message, { ...message, destination: { urlGroup } }, { destination, queueName }])
    ),
  "QStashMessages.get": ({ messageId }) =>
    Effect.flatMap(QStashMessages, (messages) => messages.get(messageId)),
  "QStashMessages.cancel": ({ messageId }) =>
    Effect.flatMap(QStashMessages, (messages) => messages.cancel(messageId)),
  "QStashMessages.cancelMany": () =>
    Effect.flatMap(QStashMessages, (messages) => messages.cancelMany({ all: true })),
  "QStashQueues.upsert": ({ queueName }) =>
    Effect.flatMap(QStashQueues, (queues) => queues.upsert({ queueName, parallelism: 5 })),
  "QStashQueues.get": ({ queueName }) => Effect.flatMap(QStashQueues, (queues) => queues.get(queueName)),
  "QStashQueues.list": () => Effect.flatMap(QStashQueues, (queues) => queues.list),
  "QStashQueues.delete": ({ queueName }) =>
    Effect.flatMap(QStashQueues, (queues) => queues.delete(queueName)),
  "QStashQueues.pause": ({ queueName }) => Effect.flatMap(QStashQueues, (queues) => queues.pause(queueName)),
  "QStashQueues.resume": ({ queueName }) =>
    Effect.flatMap(QStashQueues, (queues) => queues.resume(queueName)),
  "QStashUrlGroups.upsertEndpoints": ({ urlGroup }) =>
    Effect.flatMap(QStashUrlGroups, (groups) =>
      groups.upsertEndpoints(urlGroup, [{ url: `${destination}/new`, name: "new" }])
    ),
  "QStashUrlGroups.removeEndpoints": ({ urlGroup }) =>
    Effect.flatMap(QStashUrlGroups, (groups) => groups.removeEndpoints(urlGroup, [{ name: "first" }])),
  "QStashUrlGroups.get": ({ urlGroup }) => Effect.flatMap(QStashUrlGroups, (groups) => groups.get(urlGroup)),
  "QStashUrlGroups.list": () => Effect.flatMap(QStashUrlGroups, (groups) => groups.list),
  "QStashUrlGroups.delete": ({ urlGroup }) =>
    Effect.flatMap(QStashUrlGroups, (groups) => groups.delete(urlGroup)),
  "QStashDlq.list": () => Effect.flatMap(QStashDlq, (dlq) => dlq.list()),
  "QStashDlq.stream": () => Effect.flatMap(QStashDlq, (dlq) => Stream.runCollect(dlq.stream())),
  "QStashDlq.get": ({ dlqId }) => Effect.flatMap(QStashDlq, (dlq) => dlq.get(dlqId)),
  "QStashDlq.delete": ({ dlqId }) => Effect.flatMap(QStashDlq, (dlq) => dlq.delete(dlqId)),
  "QStashDlq.deleteMany": () => Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany({ all: true })),
  "QStashDlq.retry": ({ dlqId }) => Effect.flatMap(QStashDlq, (dlq) => dlq.retry(dlqId)),
  "QStashDlq.retryMany": ({ dlqId }) =>
    Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ dlqIds: [dlqId] })),
  "QStashFlowControl.list": () => Effect.flatMap(QStashFlowControl, (control) => control.list),
  "QStashFlowControl.get": ({ key }) => Effect.flatMap(QStashFlowControl, (control) => control.get(key)),
  "QStashFlowControl.pause": ({ key }) => Effect.flatMap(QStashFlowControl, (control) => control.pause(key)),
  "QStashFlowControl.resume": ({ key }) =>
    Effect.flatMap(QStashFlowControl, (control) => control.resume(key)),
  "QStashFlowControl.pin": ({ key }) =>
    Effect.flatMap(QStashFlowControl, (control) => control.pin(key, { parallelism: 5, rate: 7 })),
  "QStashFlowControl.unpin": ({ key }) =>
    Effect.flatMap(QStashFlowControl, (control) => control.unpin(key, { parallelism: true })),
  "QStashFlowControl.resetRate": ({ key }) =>
    Effect.flatMap(QStashFlowControl, (control) => control.resetRate(key)),
  "QStashFlowControl.globalParallelism": () =>
    Effect.flatMap(QStashFlowControl, (control) => control.globalParallelism),
  "QStashLogs.list": () => Effect.flatMap(QStashLogs, (logs) => logs.list()),
  "QStashLogs.stream": () => Effect.flatMap(QStashLogs, (logs) => Stream.runCollect(logs.stream())),
  "QStashSigningKeys.get": () => Effect.flatMap(QStashSigningKeys, (keys) => keys.get),
  "QStashSigningKeys.rotate": () => Effect.flatMap(QStashSigningKeys, (keys) => keys.rotate)
}
