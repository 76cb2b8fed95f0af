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

/** The settings that schedules, messages and log entries report under the same names. */
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

/** The fields that schedules and messages share, settings included. */
export const sharedFields = {
  ...settingsFields,
  body: body("body"),
  timeout: count("timeout"),
  callbackHeaders: optionalHeaders("callbackHeader"),
  failureCallbackHeaders: optionalHeaders("failureCallbackHeader"),
  callerIp: twice(optionalText("callerIP"), optionalText("callerIp"))
} satisfies Partial<Fields<QStashMessage>>

const createdAt = instant("createdAt")

/** The fields that pending messages and dead letters share. */
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
