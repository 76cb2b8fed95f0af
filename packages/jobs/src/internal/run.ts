import { CronExpression } from "@effect-qstash/domain/CronExpression"
import type { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { VerifiedDelivery } from "@effect-qstash/receiver/VerifiedDelivery"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Run } from "../Run.ts"
import { type Declared, headerNames } from "./inputs.ts"
import { recordLateness } from "./metrics.ts"

/** A request to the router: names of headers in lower case. */
export interface JobRequest {
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/** QStash's own default, where a job declares nothing. */
const defaultRetries = 3

const header = (request: JobRequest, name: string): string | undefined => request.headers[name.toLowerCase()]

const instantOf = (text: string | undefined): Option.Option<DateTime.Utc> =>
  text === undefined ? Option.none() : Option.map(DateTime.make(text), DateTime.toUtc)

const cronOf = (text: string | undefined): CronExpression | undefined =>
  text === undefined ? undefined : Either.getOrUndefined(CronExpression.parse(text))

/**
 * When QStash made the message. Not the time in the token instead where QStash cannot say: a message may be delivered
 * late, and a retry always is.
 */
export const createdAt = (
  { unsigned: { messageId } }: VerifiedDelivery,
  messages: QStashMessages.Service
): Effect.Effect<Option.Option<DateTime.Utc>> =>
  messageId === undefined
    ? Effect.succeedNone
    : Effect.option(
        Effect.map(
          Effect.suspend(() => messages.get(messageId)),
          (message) => message.createdAt
        )
      )

const measureLateness = (job: Declared, firing: Option.Option<DateTime.Utc>): Effect.Effect<void> =>
  Option.isNone(firing)
    ? Effect.void
    : Effect.flatMap(Clock.currentTimeMillis, (now) =>
        recordLateness(job.name, now - DateTime.toEpochMillis(firing.value))
      )

/** `Effect.cached`, prepared at the first use: most handlers do not ask when they were due. */
const lazily = <A>(effect: Effect.Effect<A>): Effect.Effect<A> => {
  let cached: Effect.Effect<A> | undefined
  return Effect.suspend(() => cached ?? Effect.flatMap(Effect.cached(effect), (made) => (cached ??= made)))
}

export const runOf = (
  job: Declared,
  request: JobRequest,
  delivery: VerifiedDelivery,
  messages: QStashMessages.Service
): Run => {
  const attempt = (delivery.unsigned.retried ?? 0) + 1
  const cron = cronOf(header(request, headerNames.cron))
  const named = instantOf(header(request, headerNames.scheduledFor))
  const zoned = (instant: DateTime.Utc) =>
    DateTime.setZone(
      instant,
      Option.getOrElse(DateTime.zoneMakeNamed(cron?.timeZone ?? "UTC"), () => DateTime.zoneMakeOffset(0))
    )
  const known =
    cron === undefined || Option.isSome(named)
      ? Effect.succeed(named)
      : Effect.map(
          createdAt(delivery, messages),
          Option.flatMap((instant) => cron.previous(instant))
        )
  const firing = lazily(Effect.tap(known, (instant) => measureLateness(job, instant)))
  return {
    attempt,
    isLast: attempt > (job.settings.retries ?? defaultRetries),
    messageId: delivery.unsigned.messageId,
    scheduleKey: header(request, headerNames.key),
    scheduledFor: Effect.map(firing, Option.map(zoned)),
    previous: Effect.map(firing, (instant) =>
      Option.map(
        Option.flatMap(instant, (at) => cron?.previous(DateTime.toEpochMillis(at) - 1) ?? Option.none()),
        zoned
      )
    ),
    upcoming: (count) =>
      Effect.map(firing, (instant) =>
        Option.match(instant, {
          onNone: () => [],
          onSome: (at) => (cron?.upcoming(count, at) ?? []).map(zoned)
        })
      ),
    delivery
  }
}
