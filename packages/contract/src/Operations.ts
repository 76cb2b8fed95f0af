/**
 * What each call of the contract is on the wire.
 *
 * @since 0.1.0
 */
import type * as QStashTest from "@effect-qstash/testing/QStashTest"

/**
 * A call and its request. In the path, `{name}` is one segment and `{destination}` the rest.
 *
 * @since 0.1.0
 * @category models
 */
export interface Operation {
  readonly operation: QStashTest.Operation
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  readonly path: string
}

const on =
  <const Service extends string>(service: Service) =>
  <const Name extends string>(name: Name, method: Operation["method"], path: string) => ({
    operation: `${service}.${name}` as const,
    method,
    path
  })

const schedules = on("QStashSchedules")
const messages = on("QStashMessages")
const queues = on("QStashQueues")
const urlGroups = on("QStashUrlGroups")
const dlq = on("QStashDlq")
const flowControl = on("QStashFlowControl")
const logs = on("QStashLogs")
const signingKeys = on("QStashSigningKeys")

/**
 * Every method of every service.
 *
 * @since 0.1.0
 * @category constants
 */
export const operations: ReadonlyArray<Operation> = [
  schedules("create", "POST", "/v2/schedules/{destination}"),
  schedules("get", "GET", "/v2/schedules/{scheduleId}"),
  schedules("list", "GET", "/v2/schedules"),
  schedules("delete", "DELETE", "/v2/schedules/{scheduleId}"),
  schedules("pause", "POST", "/v2/schedules/{scheduleId}/pause"),
  schedules("resume", "POST", "/v2/schedules/{scheduleId}/resume"),
  messages("publish", "POST", "/v2/publish/{destination}"),
  messages("enqueue", "POST", "/v2/enqueue/{queueName}/{destination}"),
  messages("batch", "POST", "/v2/batch"),
  messages("get", "GET", "/v2/messages/{messageId}"),
  messages("cancel", "DELETE", "/v2/messages/{messageId}"),
  messages("cancelMany", "DELETE", "/v2/messages"),
  queues("upsert", "POST", "/v2/queues"),
  queues("get", "GET", "/v2/queues/{queueName}"),
  queues("list", "GET", "/v2/queues"),
  queues("delete", "DELETE", "/v2/queues/{queueName}"),
  queues("pause", "POST", "/v2/queues/{queueName}/pause"),
  queues("resume", "POST", "/v2/queues/{queueName}/resume"),
  urlGroups("upsertEndpoints", "POST", "/v2/topics/{urlGroup}/endpoints"),
  urlGroups("removeEndpoints", "DELETE", "/v2/topics/{urlGroup}/endpoints"),
  urlGroups("get", "GET", "/v2/topics/{urlGroup}"),
  urlGroups("list", "GET", "/v2/topics"),
  urlGroups("delete", "DELETE", "/v2/topics/{urlGroup}"),
  dlq("list", "GET", "/v2/dlq"),
  dlq("stream", "GET", "/v2/dlq"),
  dlq("get", "GET", "/v2/dlq/{dlqId}"),
  dlq("delete", "DELETE", "/v2/dlq/{dlqId}"),
  dlq("deleteMany", "DELETE", "/v2/dlq"),
  dlq("retry", "POST", "/v2/dlq/retry/{dlqId}"),
  dlq("retryMany", "POST", "/v2/dlq/retry"),
  flowControl("list", "GET", "/v2/flowControl"),
  flowControl("get", "GET", "/v2/flowControl/{flowControlKey}"),
  flowControl("pause", "POST", "/v2/flowControl/{flowControlKey}/pause"),
  flowControl("resume", "POST", "/v2/flowControl/{flowControlKey}/resume"),
  flowControl("pin", "POST", "/v2/flowControl/{flowControlKey}/pin"),
  flowControl("unpin", "POST", "/v2/flowControl/{flowControlKey}/unpin"),
  flowControl("resetRate", "POST", "/v2/flowControl/{flowControlKey}/resetRate"),
  flowControl("globalParallelism", "GET", "/v2/globalParallelism"),
  logs("list", "GET", "/v2/events"),
  logs("stream", "GET", "/v2/events"),
  signingKeys("get", "GET", "/v2/keys"),
  signingKeys("rotate", "POST", "/v2/keys/rotate")
]

/**
 * Requests of other clients for the same operations.
 *
 * @since 0.1.0
 * @category constants
 */
export const aliases: ReadonlyArray<Operation> = [
  schedules("pause", "PATCH", "/v2/schedules/{scheduleId}/pause"),
  schedules("resume", "PATCH", "/v2/schedules/{scheduleId}/resume"),
  flowControl("resetRate", "POST", "/v2/flowControl/{flowControlKey}/reset"),
  logs("list", "GET", "/v2/logs")
]

/**
 * The request of an operation, with the same placeholder for every name.
 *
 * @since 0.1.0
 * @category conversions
 */
export const targetOf = ({ path }: Operation, destination: string, name: string): string =>
  path.replace("{destination}", () => destination).replace(/\{\w+\}/, () => name)
