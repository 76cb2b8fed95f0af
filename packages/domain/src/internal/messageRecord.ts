import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { MessageIdFromAnswer } from "../MessageId.ts"
import type { QStashMessage } from "../QStashMessage.ts"
import { ScheduleIdFromAnswer } from "../ScheduleId.ts"
import { UrlGroupNameFromAnswer } from "../UrlGroupName.ts"
import { omitUndefined } from "./omitUndefined.ts"
import type { Parsed } from "./parser.ts"
import {
  Count,
  decodeMessageFields,
  encodeMessageFields,
  emptyToUndefined,
  Instant,
  messageFields,
  optional,
  emptyAsAbsent,
  toMillis
} from "./record.ts"

/** What a pending message and a dead letter have in common. */
export const MessageJson = Schema.Struct({
  ...messageFields,
  messageId: MessageIdFromAnswer,
  url: Schema.String,
  topicName: optional(emptyAsAbsent(UrlGroupNameFromAnswer)),
  endpointName: optional(Schema.String),
  scheduleId: optional(emptyAsAbsent(ScheduleIdFromAnswer)),
  method: optional(Schema.String),
  createdAt: Instant,
  notBefore: optional(Instant),
  maxRetries: optional(Count)
})

export const decodeMessage = (record: typeof MessageJson.Type): Parsed<QStashMessage> =>
  Either.map(decodeMessageFields(record), (fields) => ({
    messageId: record.messageId,
    url: record.url,
    method: emptyToUndefined(record.method) ?? "POST",
    createdAt: record.createdAt,
    notBefore: record.notBefore ?? record.createdAt,
    maxRetries: record.maxRetries ?? 0,
    ...fields,
    ...omitUndefined({
      urlGroup: emptyToUndefined(record.topicName),
      endpointName: emptyToUndefined(record.endpointName),
      scheduleId: emptyToUndefined(record.scheduleId)
    })
  }))

export const encodeMessage = (message: QStashMessage) => ({
  messageId: message.messageId,
  url: message.url,
  method: message.method,
  createdAt: toMillis(message.createdAt),
  notBefore: toMillis(message.notBefore),
  maxRetries: message.maxRetries,
  ...encodeMessageFields(message),
  ...omitUndefined({
    topicName: message.urlGroup,
    endpointName: message.endpointName,
    scheduleId: message.scheduleId
  })
})
