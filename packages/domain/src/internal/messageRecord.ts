import type { QStashMessage } from "../QStashMessage.ts"
import {
  body,
  count,
  countOrZero,
  headers,
  id,
  instant,
  labels,
  optionalHeaders,
  optionalInstant,
  optionalText,
  orElse,
  positive,
  positiveSeconds,
  text,
  twice
} from "./fields.ts"
import type { Fields } from "./record.ts"

/** What schedules, messages and log entries report of their settings under the same names. */
export const settingsFields = {
  headers: headers("header"),
  labels,
  retryDelay: optionalText("retryDelayExpression"),
  callback: optionalText("callback"),
  failureCallback: optionalText("failureCallback"),
  queueName: optionalText("queueName"),
  flowControlKey: optionalText("flowControlKey"),
  parallelism: positive("parallelism"),
  rate: positive("rate"),
  period: positiveSeconds("period")
} satisfies Partial<Fields<QStashMessage>>

/** What schedules and messages have under the same names, those included. */
export const sharedFields = {
  ...settingsFields,
  body: body("body"),
  timeout: count("timeout"),
  callbackHeaders: optionalHeaders("callbackHeader"),
  failureCallbackHeaders: optionalHeaders("failureCallbackHeader"),
  callerIp: twice(optionalText("callerIP"), optionalText("callerIp"))
} satisfies Partial<Fields<QStashMessage>>

const createdAt = instant("createdAt")

/** What a pending message and a dead letter have in common. */
export const messageFields: Fields<QStashMessage> = {
  messageId: id("messageId"),
  url: text("url"),
  urlGroup: optionalText("topicName"),
  endpointName: optionalText("endpointName"),
  method: orElse(optionalText("method"), () => "POST"),
  createdAt,
  notBefore: orElse(optionalInstant("notBefore"), createdAt.read),
  maxRetries: countOrZero("maxRetries"),
  scheduleId: optionalText("scheduleId"),
  ...sharedFields
}
