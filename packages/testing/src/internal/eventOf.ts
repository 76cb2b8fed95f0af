import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as DateTime from "effect/DateTime"
import type { Event } from "../Event.ts"

export const eventOf = ({ message, nextDeliveryTime, ...event }: DeliveryEvent): Event => ({
  time: DateTime.unsafeMake(event.time),
  state: event.state,
  messageId: message.messageId,
  method: message.settings.method ?? "POST",
  url: message.url,
  retried: message.retried,
  ...(message.scheduleId === undefined ? {} : { scheduleId: message.scheduleId }),
  ...(message.urlGroup === undefined ? {} : { urlGroup: message.urlGroup }),
  ...(message.settings.queueName === undefined ? {} : { queueName: message.settings.queueName }),
  ...(message.callbackOf === undefined ? {} : { callbackOf: message.callbackOf }),
  ...(event.responseStatus === undefined ? {} : { responseStatus: event.responseStatus }),
  ...(event.error === undefined ? {} : { error: event.error }),
  ...(nextDeliveryTime === undefined ? {} : { nextDeliveryTime: DateTime.unsafeMake(nextDeliveryTime) })
})
