import type { DlqMessage, QStashMessage } from "@effect-qstash/domain/QStashMessage"
import type { FlowControlState } from "@effect-qstash/domain/FlowControlState"
import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { QStashHeaders } from "@effect-qstash/domain/QStashHeaders"
import type { QStashQueue } from "@effect-qstash/domain/QStashQueue"
import type { QStashSchedule } from "@effect-qstash/domain/QStashSchedule"
import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import type { UrlGroup } from "@effect-qstash/domain/UrlGroup"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { Buffer, isAscii, isUtf8, transcode } from "node:buffer"
import { createHash } from "node:crypto"
import type { DeliveryEvent } from "../DeliveryEvent.ts"
import type {
  StoredDeadLetter,
  StoredFlowControl,
  StoredMessage,
  StoredQueue,
  StoredSchedule,
  StoredUrlGroup
} from "../Rows.ts"
import { maxRetriesOf, methodOf } from "./attempt.ts"
import { responseHeaders } from "./responseHeaders.ts"

/*
 * What is kept, as its owner reads it: what was to be redacted is, and nothing is shared that its reader could change.
 */

const redacted = (value: string | Uint8Array): RedactedValue =>
  new RedactedValue({ sha256: createHash("sha256").update(value).digest("hex") })

/**
 * A body reads back as text if its bytes are UTF-8. Text that is not ASCII goes through UTF-16: 10 MB take 3 ms, where
 * `toString("utf8")` and a `TextDecoder` take 42.
 */
const textOrBytes = (bytes: Uint8Array): string | Uint8Array =>
  isAscii(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
    : isUtf8(bytes)
      ? transcode(bytes, "utf8", "utf16le").toString("utf16le")
      : bytes.slice()

const headersOf = ({ headers = {}, redact }: MessageSettings): QStashHeaders => {
  const hidden = redact?.headers ?? false
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      hidden === true || (hidden !== false && hidden.includes(name)) ? values.map(redacted) : values.slice()
    ])
  )
}

/** QStash reports a period with every limit, though it counts for the rate alone. */
const defaultPeriod = Duration.seconds(1)

/** What schedules, messages and entries of the log have in common. */
const commonOf = (settings: MessageSettings) => {
  const { body, callback, failureCallback, flowControl } = settings
  return {
    method: methodOf(settings),
    headers: headersOf(settings),
    labels: settings.labels?.slice() ?? [],
    ...(body === undefined
      ? {}
      : { body: settings.redact?.body === true ? redacted(body) : textOrBytes(body) }),
    ...(settings.retryDelay === undefined ? {} : { retryDelay: settings.retryDelay.text }),
    ...(callback === undefined ? {} : { callback: callback.url }),
    ...(callback?.headers === undefined ? {} : { callbackHeaders: headersOf({ headers: callback.headers }) }),
    ...(failureCallback === undefined ? {} : { failureCallback: failureCallback.url }),
    ...(failureCallback?.headers === undefined
      ? {}
      : { failureCallbackHeaders: headersOf({ headers: failureCallback.headers }) }),
    ...(settings.queueName === undefined ? {} : { queueName: settings.queueName }),
    ...(flowControl === undefined
      ? {}
      : { flowControlKey: flowControl.key, period: flowControl.period ?? defaultPeriod }),
    ...(flowControl?.parallelism === undefined ? {} : { parallelism: flowControl.parallelism }),
    ...(flowControl?.rate === undefined ? {} : { rate: flowControl.rate })
  }
}

/** QStash does not document the unit of a schedule's and a message's timeout: seconds here. */
const timeoutOf = ({ timeout }: MessageSettings) =>
  timeout === undefined ? {} : { timeout: Duration.toSeconds(timeout) }

export const scheduleOf = (stored: StoredSchedule): QStashSchedule => {
  const { settings } = stored
  return {
    scheduleId: stored.scheduleId,
    cron: settings.cron.text,
    destination: settings.destination,
    createdAt: DateTime.unsafeMake(stored.createdAt),
    isPaused: stored.isPaused,
    retries: maxRetriesOf(settings),
    lastScheduleStates: { ...stored.lastStates },
    ...commonOf(settings),
    ...timeoutOf(settings),
    ...(settings.delay === undefined ? {} : { delay: settings.delay }),
    ...(stored.callerIp === undefined ? {} : { callerIp: stored.callerIp }),
    ...(stored.lastTime === undefined ? {} : { lastScheduleTime: DateTime.unsafeMake(stored.lastTime) }),
    ...(stored.nextTime === undefined ? {} : { nextScheduleTime: DateTime.unsafeMake(stored.nextTime) }),
    ...(stored.error === undefined ? {} : { error: stored.error })
  }
}

/** Where a message comes from and where it goes. */
const wayOf = ({ endpointName, messageId, scheduleId, url, urlGroup }: StoredMessage) => ({
  messageId,
  url,
  ...(urlGroup === undefined ? {} : { urlGroup }),
  ...(endpointName === undefined ? {} : { endpointName }),
  ...(scheduleId === undefined ? {} : { scheduleId })
})

export const messageOf = (message: StoredMessage): QStashMessage => ({
  ...wayOf(message),
  ...commonOf(message.settings),
  ...timeoutOf(message.settings),
  createdAt: DateTime.unsafeMake(message.createdAt),
  notBefore: DateTime.unsafeMake(message.notBefore),
  maxRetries: maxRetriesOf(message.settings),
  ...(message.callerIp === undefined ? {} : { callerIp: message.callerIp })
})

const bodyOf = (body: Uint8Array | undefined) =>
  body === undefined || body.length === 0 ? {} : { responseBody: textOrBytes(body) }

export const deadLetterOf = ({ dlqId, message, response }: StoredDeadLetter): DlqMessage => ({
  dlqId,
  ...messageOf(message),
  ...(response === undefined
    ? {}
    : {
        responseStatus: response.status,
        responseHeaders: responseHeaders(response.headers),
        ...bodyOf(response.body)
      })
})

export const logEntryOf = (event: DeliveryEvent): LogEntry => {
  const { message, nextDeliveryTime } = event
  return {
    time: DateTime.unsafeMake(event.time),
    state: event.state,
    ...wayOf(message),
    ...commonOf(message.settings),
    maxRetries: maxRetriesOf(message.settings),
    ...(message.settings.timeout === undefined ? {} : { timeout: message.settings.timeout }),
    ...(event.error === undefined ? {} : { error: event.error }),
    ...(nextDeliveryTime === undefined ? {} : { nextDeliveryTime: DateTime.unsafeMake(nextDeliveryTime) }),
    ...(event.responseStatus === undefined ? {} : { responseStatus: event.responseStatus }),
    ...(event.responseHeaders === undefined
      ? {}
      : { responseHeaders: responseHeaders(event.responseHeaders) }),
    ...bodyOf(event.responseBody)
  }
}

export const queueOf = ({
  createdAt,
  isPaused,
  lag,
  parallelism,
  queueName,
  updatedAt
}: StoredQueue): QStashQueue => ({
  name: queueName,
  createdAt: DateTime.unsafeMake(createdAt),
  updatedAt: DateTime.unsafeMake(updatedAt),
  parallelism,
  isPaused,
  lag
})

export const urlGroupOf = ({ createdAt, endpoints, updatedAt, urlGroup }: StoredUrlGroup): UrlGroup => ({
  name: urlGroup,
  createdAt: DateTime.unsafeMake(createdAt),
  updatedAt: DateTime.unsafeMake(updatedAt),
  endpoints: endpoints.map((endpoint) => ({ ...endpoint }))
})

/** A window that is over counts nothing any more, though nobody has begun another one. */
export const flowControlOf = (stored: StoredFlowControl, now: number): FlowControlState => {
  const { parallelism, period, rate, windowStart } = stored
  const isOver = windowStart !== undefined && now >= windowStart + period
  return {
    flowControlKey: stored.flowControlKey,
    waitListSize: stored.waiting,
    ...(parallelism === undefined ? {} : { parallelismMax: parallelism }),
    parallelismCount: stored.underWay,
    ...(rate === undefined ? {} : { rateMax: rate, ratePeriod: Duration.millis(period) }),
    rateCount: isOver ? 0 : stored.started,
    ...(windowStart === undefined ? {} : { ratePeriodStart: DateTime.unsafeMake(windowStart) }),
    isPaused: stored.isPaused,
    isPinnedParallelism: stored.isPinnedParallelism,
    isPinnedRate: stored.isPinnedRate
  }
}
