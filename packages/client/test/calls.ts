import {
  type CreateSchedule,
  DeduplicationId,
  DlqId,
  DlqMessageNotFound,
  FlowControlKey,
  FlowControlKeyNotFound,
  MessageId,
  MessageNotFound,
  namingSchedule,
  type PublishMessage,
  QStashDlq,
  type QStashError,
  QStashFlowControl,
  QStashLogs,
  QStashMessages,
  type QStashQuotaExceeded,
  QStashQueues,
  QStashSchedules,
  type QStashServices,
  QStashSigningKeys,
  QStashUrlGroups,
  QueueName,
  QueueNotFound,
  ScheduleId,
  ScheduleNotFound,
  UrlGroupName,
  UrlGroupNotFound
} from "@effect-qstash/domain"
import { Effect, Stream } from "effect"

export const nightly = ScheduleId.make("nightly")
export const messageId = MessageId.make("msg_1")
export const dlqId = DlqId.make("1725323658779-0")
export const queueName = QueueName.make("reports")
export const urlGroup = UrlGroupName.make("team.a")
export const flowControlKey = FlowControlKey.make("per customer/é")
export const deduplicationId = DeduplicationId.make("order-1")

export const schedule: CreateSchedule.Input = {
  scheduleId: nightly,
  cron: "0 4 * * *",
  destination: "https://example.com/jobs"
}

export const message = {
  destination: "https://example.com/jobs",
  deduplicationId
} satisfies PublishMessage.Input

type NotFound =
  | ScheduleNotFound
  | MessageNotFound
  | QueueNotFound
  | UrlGroupNotFound
  | DlqMessageNotFound
  | FlowControlKeyNotFound

type Call = Effect.Effect<unknown, NotFound | QStashQuotaExceeded | QStashError, QStashServices>

const all = { all: true } as const

const table = {
  "QStashSchedules.create": Effect.flatMap(QStashSchedules, (schedules) => schedules.create(schedule)),
  "QStashSchedules.get": Effect.flatMap(QStashSchedules, (schedules) => schedules.get(nightly)),
  "QStashSchedules.list": Effect.flatMap(QStashSchedules, (schedules) => schedules.list),
  "QStashSchedules.delete": Effect.flatMap(QStashSchedules, (schedules) => schedules.delete(nightly)),
  "QStashSchedules.pause": Effect.flatMap(QStashSchedules, (schedules) => schedules.pause(nightly)),
  "QStashSchedules.resume": Effect.flatMap(QStashSchedules, (schedules) => schedules.resume(nightly)),
  "QStashMessages.publish": Effect.flatMap(QStashMessages, (messages) => messages.publish(message)),
  "QStashMessages.enqueue": Effect.flatMap(QStashMessages, (messages) =>
    messages.enqueue(queueName, message)
  ),
  "QStashMessages.batch": Effect.flatMap(QStashMessages, (messages) => messages.batch([message])),
  "QStashMessages.get": Effect.flatMap(QStashMessages, (messages) => messages.get(messageId)),
  "QStashMessages.cancel": Effect.flatMap(QStashMessages, (messages) => messages.cancel(messageId)),
  "QStashMessages.cancelMany": Effect.flatMap(QStashMessages, (messages) => messages.cancelMany(all)),
  "QStashQueues.upsert": Effect.flatMap(QStashQueues, (queues) => queues.upsert({ queueName })),
  "QStashQueues.get": Effect.flatMap(QStashQueues, (queues) => queues.get(queueName)),
  "QStashQueues.list": Effect.flatMap(QStashQueues, (queues) => queues.list),
  "QStashQueues.delete": Effect.flatMap(QStashQueues, (queues) => queues.delete(queueName)),
  "QStashQueues.pause": Effect.flatMap(QStashQueues, (queues) => queues.pause(queueName)),
  "QStashQueues.resume": Effect.flatMap(QStashQueues, (queues) => queues.resume(queueName)),
  "QStashUrlGroups.upsertEndpoints": Effect.flatMap(QStashUrlGroups, (groups) =>
    groups.upsertEndpoints(urlGroup, [{ url: "https://example.com/jobs", name: "jobs" }])
  ),
  "QStashUrlGroups.removeEndpoints": Effect.flatMap(QStashUrlGroups, (groups) =>
    groups.removeEndpoints(urlGroup, [{ name: "jobs" }])
  ),
  "QStashUrlGroups.get": Effect.flatMap(QStashUrlGroups, (groups) => groups.get(urlGroup)),
  "QStashUrlGroups.list": Effect.flatMap(QStashUrlGroups, (groups) => groups.list),
  "QStashUrlGroups.delete": Effect.flatMap(QStashUrlGroups, (groups) => groups.delete(urlGroup)),
  "QStashDlq.list": Effect.flatMap(QStashDlq, (dlq) => dlq.list()),
  "QStashDlq.stream": Effect.flatMap(QStashDlq, (dlq) => Stream.runCollect(dlq.stream())),
  "QStashDlq.get": Effect.flatMap(QStashDlq, (dlq) => dlq.get(dlqId)),
  "QStashDlq.delete": Effect.flatMap(QStashDlq, (dlq) => dlq.delete(dlqId)),
  "QStashDlq.deleteMany": Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany(all)),
  "QStashDlq.retry": Effect.flatMap(QStashDlq, (dlq) => dlq.retry(dlqId)),
  "QStashDlq.retryMany": Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ dlqIds: [dlqId] })),
  "QStashFlowControl.list": Effect.flatMap(QStashFlowControl, (flowControl) => flowControl.list),
  "QStashFlowControl.get": Effect.flatMap(QStashFlowControl, (flowControl) =>
    flowControl.get(flowControlKey)
  ),
  "QStashFlowControl.pause": Effect.flatMap(QStashFlowControl, (flowControl) =>
    flowControl.pause(flowControlKey)
  ),
  "QStashFlowControl.resume": Effect.flatMap(QStashFlowControl, (flowControl) =>
    flowControl.resume(flowControlKey)
  ),
  "QStashFlowControl.pin": Effect.flatMap(QStashFlowControl, (flowControl) =>
    flowControl.pin(flowControlKey, { parallelism: 2, rate: 10, period: "1 minute" })
  ),
  "QStashFlowControl.unpin": Effect.flatMap(QStashFlowControl, (flowControl) =>
    flowControl.unpin(flowControlKey, { rate: true })
  ),
  "QStashFlowControl.resetRate": Effect.flatMap(QStashFlowControl, (flowControl) =>
    flowControl.resetRate(flowControlKey)
  ),
  "QStashFlowControl.globalParallelism": Effect.flatMap(
    QStashFlowControl,
    (flowControl) => flowControl.globalParallelism
  ),
  "QStashLogs.list": Effect.flatMap(QStashLogs, (logs) => logs.list()),
  "QStashLogs.stream": Effect.flatMap(QStashLogs, (logs) => Stream.runCollect(logs.stream())),
  "QStashSigningKeys.get": Effect.flatMap(QStashSigningKeys, (keys) => keys.get),
  "QStashSigningKeys.rotate": Effect.flatMap(QStashSigningKeys, (keys) => keys.rotate)
} as const satisfies Readonly<Record<string, Call>>

export type Method = keyof typeof table

/** Each method of each service once, under the name that its span has. */
export const calls: Readonly<Record<Method, Call>> = table

const isMethod = (name: string): name is Method => name in calls

export const methods: ReadonlyArray<Method> = Object.keys(calls).filter(isMethod)

/** Those that answer with nothing but their status. */
export const bodiless = [
  "QStashSchedules.delete",
  "QStashSchedules.pause",
  "QStashSchedules.resume",
  "QStashMessages.cancel",
  "QStashQueues.upsert",
  "QStashQueues.delete",
  "QStashQueues.pause",
  "QStashQueues.resume",
  "QStashUrlGroups.upsertEndpoints",
  "QStashUrlGroups.removeEndpoints",
  "QStashUrlGroups.delete",
  "QStashDlq.delete",
  "QStashFlowControl.pause",
  "QStashFlowControl.resume",
  "QStashFlowControl.pin",
  "QStashFlowControl.unpin",
  "QStashFlowControl.resetRate"
] as const satisfies ReadonlyArray<Method>

export const reading: ReadonlyArray<Method> = methods.filter(
  (method) => !bodiless.some((other) => other === method)
)

/** One of each kind, for what takes real time. */
export const some = [
  "QStashSchedules.create",
  "QStashSchedules.list",
  "QStashSchedules.delete",
  "QStashMessages.batch",
  "QStashDlq.stream",
  "QStashDlq.deleteMany",
  "QStashFlowControl.pin",
  "QStashSigningKeys.rotate"
] as const satisfies ReadonlyArray<Method>

/** Those that a repeat could do twice. */
export const once = [
  "QStashDlq.retry",
  "QStashDlq.retryMany",
  "QStashSigningKeys.rotate"
] as const satisfies ReadonlyArray<Method>

export const repeatable: ReadonlyArray<Method> = methods.filter(
  (method) => !once.some((other) => other === method)
)

/** The error of a call: that of a create names its schedule. */
export const errorOf = <E extends QStashQuotaExceeded | QStashError>(method: Method, error: E): E =>
  method === "QStashSchedules.create" ? namingSchedule(nightly)(error) : error

/** What a 404 of QStash is to those that name one thing. */
export const notFound = {
  "QStashSchedules.get": new ScheduleNotFound({ scheduleId: nightly }),
  "QStashSchedules.delete": new ScheduleNotFound({ scheduleId: nightly }),
  "QStashSchedules.pause": new ScheduleNotFound({ scheduleId: nightly }),
  "QStashSchedules.resume": new ScheduleNotFound({ scheduleId: nightly }),
  "QStashMessages.get": new MessageNotFound({ messageId }),
  "QStashMessages.cancel": new MessageNotFound({ messageId }),
  "QStashQueues.get": new QueueNotFound({ queueName }),
  "QStashQueues.pause": new QueueNotFound({ queueName }),
  "QStashQueues.resume": new QueueNotFound({ queueName }),
  "QStashUrlGroups.removeEndpoints": new UrlGroupNotFound({ urlGroup }),
  "QStashUrlGroups.get": new UrlGroupNotFound({ urlGroup }),
  "QStashDlq.get": new DlqMessageNotFound({ dlqId }),
  "QStashDlq.delete": new DlqMessageNotFound({ dlqId }),
  "QStashDlq.retry": new DlqMessageNotFound({ dlqId }),
  "QStashFlowControl.get": new FlowControlKeyNotFound({ flowControlKey })
} as const satisfies Partial<Record<Method, NotFound>>

export const named: ReadonlyArray<keyof typeof notFound> = methods.filter(
  (method): method is keyof typeof notFound => method in notFound
)

/** Those to which absence is no error. */
export const goneIsFine = [
  "QStashQueues.delete",
  "QStashUrlGroups.delete",
  "QStashDlq.retryMany"
] as const satisfies ReadonlyArray<Method>

/** Those that a plan may refuse. */
export const limited = [
  "QStashSchedules.create",
  "QStashMessages.publish",
  "QStashMessages.enqueue",
  "QStashMessages.batch",
  "QStashQueues.upsert",
  "QStashUrlGroups.upsertEndpoints",
  "QStashDlq.retry",
  "QStashDlq.retryMany",
  "QStashFlowControl.pause",
  "QStashFlowControl.resume",
  "QStashFlowControl.pin"
] as const satisfies ReadonlyArray<Method>
