import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { CronExpression } from "@effect-qstash/domain/CronExpression"
import { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as Either from "effect/Either"
import type { Worker } from "../Worker.ts"

/** What a job says about its messages. */
export interface Declared {
  readonly name: string
  readonly settings: Settings
  readonly hasOutcome: boolean
}

/** What a message of a job may declare itself; the rest belongs to the job. */
export type Settings = Omit<
  MessageSettings.Input,
  "method" | "body" | "callback" | "failureCallback" | "queueName"
>

/** Forwarded headers arrive at the worker as they are. QStash does not sign them. */
export const headerNames = {
  cron: "Job-Schedule-Cron",
  key: "Job-Schedule-Key",
  scheduledFor: "Job-Scheduled-For",
  trace: "Traceparent"
} as const

/** What a delivery says about its schedule. */
export interface ScheduleHeaders {
  readonly cron?: CronExpression | undefined
  readonly key?: string | undefined
  readonly scheduledFor?: string | undefined
  readonly trace?: string | undefined
}

export const urlOf = ({ url }: Worker.Service, name: string): string => `${url}/${name}`

const common = (
  worker: Worker.Service,
  job: Declared,
  body: string,
  { cron, key, scheduledFor, trace }: ScheduleHeaders,
  receivers: ReadonlyArray<Declared> = [job]
) => {
  // A message has one callback, whichever job of a group works on it. The router finds out.
  const concluding = receivers.find(({ hasOutcome }) => hasOutcome)
  const outcome = concluding && `${urlOf(worker, concluding.name)}/outcome`
  return {
    ...job.settings,
    headers: {
      "Content-Type": "application/json",
      ...job.settings.headers,
      ...(cron === undefined ? {} : { [headerNames.cron]: cron.text }),
      ...(key === undefined ? {} : { [headerNames.key]: key }),
      ...(scheduledFor === undefined ? {} : { [headerNames.scheduledFor]: scheduledFor }),
      ...(trace === undefined ? {} : { [headerNames.trace]: trace })
    },
    body,
    ...(outcome === undefined ? {} : { callback: outcome, failureCallback: outcome })
  }
}

export const messageOf = (
  worker: Worker.Service,
  job: Declared,
  body: string,
  headers: ScheduleHeaders
): PublishMessage.BatchInput & { readonly destination: string } => ({
  ...common(worker, job, body, headers),
  destination: urlOf(worker, job.name)
})

/** Any text as a deduplication id: QStash allows neither `:` nor whitespace. */
export const deduplicationIdOf = (
  name: string,
  key: string
): Either.Either<DeduplicationId, QStashInvalidRequest> =>
  Either.try({
    try: () => DeduplicationId.make(`${name}.${encodeURIComponent(key)}`),
    catch: () => new QStashInvalidRequest({ field: "key", reason: "is not well-formed Unicode" })
  })

/** How the schedules of an application are labelled: whose they are. */
export const ownerLabel = ({ environment }: Worker.Service, app: string): string =>
  `app:${inEnvironment(environment, app)}`

/** Whatever is known by its name in the whole account has the environment in front. */
export const inEnvironment = (environment: string | undefined, name: string): string =>
  environment === undefined ? name : `${environment}.${name}`

export const groupNameOf = ({ environment }: Worker.Service, name: UrlGroupName): UrlGroupName =>
  UrlGroupName.make(inEnvironment(environment, name))

/** What is declared of one schedule. */
export interface DeclaredSchedule {
  readonly job: Declared
  readonly key: string | undefined
  readonly cron: CronExpression
  readonly to: { readonly name: UrlGroupName; readonly jobs: ReadonlyArray<Declared> } | undefined
}

export const scheduleIdOf = (
  { environment }: Pick<Worker.Service, "environment">,
  { job, key }: Pick<DeclaredSchedule, "job" | "key">
): ScheduleId =>
  ScheduleId.make(inEnvironment(environment, key === undefined ? job.name : `${job.name}.${key}`))

export const scheduleOf = (
  worker: Worker.Service,
  schedule: DeclaredSchedule,
  body: string,
  app: string
): CreateSchedule.Input & { readonly scheduleId: ScheduleId; readonly labels: ReadonlyArray<string> } => ({
  ...common(worker, schedule.job, body, { cron: schedule.cron, key: schedule.key }, schedule.to?.jobs),
  scheduleId: scheduleIdOf(worker, schedule),
  cron: schedule.cron,
  destination:
    schedule.to === undefined
      ? urlOf(worker, schedule.job.name)
      : { urlGroup: groupNameOf(worker, schedule.to.name) },
  labels: [...(schedule.job.settings.labels ?? []), ownerLabel(worker, app)]
})
