import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { QStashHeaders, QStashSchedule } from "@effect-qstash/domain/QStashSchedule"
import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { createHash } from "node:crypto"
import type { StoredSchedule } from "../Store.ts"
import { defaultRetries, methodOf } from "./attempt.ts"

const redacted = (value: string | Uint8Array): RedactedValue =>
  new RedactedValue({ sha256: createHash("sha256").update(value).digest("hex") })

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** A body reads back as text where its bytes are UTF-8. */
const textOrBytes = (bytes: Uint8Array): string | Uint8Array => {
  try {
    return utf8.decode(bytes)
  } catch {
    return bytes.slice()
  }
}

const headersOf = ({ headers = {}, redact }: CreateSchedule): QStashHeaders => {
  const hidden = redact?.headers ?? false
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      hidden === true || (hidden !== false && hidden.includes(name)) ? values.map(redacted) : values.slice()
    ])
  )
}

/** A schedule as its owner reads it: what was to be redacted is. Shares nothing that its reader could change. */
export const recordOf = (stored: StoredSchedule): QStashSchedule => {
  const { settings } = stored
  const { body } = settings
  return {
    scheduleId: stored.scheduleId,
    cron: settings.cron.text,
    destination: settings.destination,
    createdAt: DateTime.unsafeMake(stored.createdAt),
    method: methodOf(settings),
    isPaused: stored.isPaused,
    headers: headersOf(settings),
    retries: settings.retries ?? defaultRetries,
    labels: settings.labels?.slice() ?? [],
    lastScheduleStates: { ...stored.lastStates },
    ...(body === undefined
      ? {}
      : { body: settings.redact?.body === true ? redacted(body) : textOrBytes(body) }),
    ...(settings.retryDelay === undefined ? {} : { retryDelay: settings.retryDelay.text }),
    ...(settings.delay === undefined ? {} : { delay: settings.delay }),
    ...(settings.timeout === undefined ? {} : { timeout: Duration.toSeconds(settings.timeout) }),
    ...(stored.callerIp === undefined ? {} : { callerIp: stored.callerIp }),
    ...(stored.lastTime === undefined ? {} : { lastScheduleTime: DateTime.unsafeMake(stored.lastTime) }),
    ...(stored.nextTime === undefined ? {} : { nextScheduleTime: DateTime.unsafeMake(stored.nextTime) })
  }
}
