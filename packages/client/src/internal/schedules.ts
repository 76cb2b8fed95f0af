import {
  CreateSchedule,
  Destination,
  type IdGenerator,
  QStashInvalidRequest,
  QStashQuotaExceeded,
  type QStashSchedules,
  ScheduleId,
  ScheduleNotFound
} from "@effect-qstash/domain"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { cut, secretsOfUrl } from "./foreignText.ts"
import { type QStashHttp, withSpan } from "./http.ts"
import { pathSegment } from "./pathSegment.ts"
import type { Refusal } from "./refusal.ts"

const path = "/v2/schedules/"

const span = (method: keyof QStashSchedules.Service, scheduleId?: ScheduleId) =>
  withSpan(`QStashSchedules.${method}`, scheduleId === undefined ? {} : { "qstash.schedule_id": scheduleId })

const decodeCreateAnswer = Schema.decodeUnknownEither(Schema.Struct({ scheduleId: Schema.String }))

/** A schedule under another id than the one that was sent could be made twice by a retry, and not be found again. */
const expectId =
  (scheduleId: ScheduleId) =>
  (json: unknown): Either.Either<ScheduleId, string> =>
    Either.flatMap(
      Either.mapLeft(decodeCreateAnswer(json), () => "the body holds no schedule id"),
      (answer) =>
        answer.scheduleId === scheduleId
          ? Either.right(scheduleId)
          : Either.left(
              `the schedule was given the id ${JSON.stringify(cut(answer.scheduleId))} instead of its own`
            )
    )

const decodeList = (json: unknown) =>
  Array.isArray(json)
    ? Either.all(
        json.map((record, index) =>
          Either.mapLeft(
            ScheduleRecord.decode(record),
            (reason) => `schedule ${index} of the list: ${reason}`
          )
        )
      )
    : Either.left("the body is not a list")

const secretsOf = (schedule: CreateSchedule) => (): ReadonlyArray<string> => {
  const callbacks = [schedule.callback, schedule.failureCallback].filter((callback) => callback !== undefined)
  return [
    ...[schedule, ...callbacks].flatMap(({ headers }) => Object.values(headers ?? {}).flat()),
    ...[Destination.toText(schedule.destination), ...callbacks.map(({ url }) => url)].flatMap(secretsOfUrl),
    new TextDecoder().decode(schedule.body)
  ]
}

const createError = ({ isQStash, isQuota, reason, status }: Refusal) => {
  if (status === 412 || (isQuota && status >= 400 && status !== 429)) {
    return new QStashQuotaExceeded({ status, reason })
  }
  // The route exists whatever is sent to it, so this is about the group that the schedule names.
  return status === 404 && isQStash ? new QStashInvalidRequest({ status, reason }) : undefined
}

const notFound =
  (scheduleId: ScheduleId) =>
  ({ isQStash, status }: Refusal) =>
    status === 404 && isQStash ? new ScheduleNotFound({ scheduleId }) : undefined

/** Told because a schedule that is compared with its definition by text would seem to differ. */
const logNormalised = (input: CreateSchedule.Input["destination"], sent: Destination) =>
  Destination.toText(sent) ===
  (typeof input === "object" && "urlGroup" in input ? input.urlGroup : String(input))
    ? Effect.void
    : Effect.logDebug(
        "The destination was normalised, so that it survives the request path, and reads back in this spelling"
      ).pipe(Effect.annotateLogs("destination", Destination.toSafeText(sent)))

export const schedulesOver = (http: QStashHttp, ids: IdGenerator.Service): QStashSchedules.Service => {
  const create = (input: CreateSchedule.Input) =>
    Effect.gen(function* () {
      const checked = yield* CreateSchedule.make(input)
      const scheduleId = checked.scheduleId ?? ScheduleId.make(yield* ids.next("scd"))
      yield* Effect.annotateCurrentSpan("qstash.schedule_id", scheduleId)
      yield* logNormalised(input.destination, checked.destination)
      const { body, headers, target } = ScheduleRequest.encode({ ...checked, scheduleId })
      return yield* http.json(
        {
          method: "POST",
          target: path + target,
          headers,
          body,
          secrets: secretsOf(checked),
          ownError: createError
        },
        expectId(scheduleId)
      )
    })

  const named = <A, E>(
    scheduleId: ScheduleId,
    call: (common: {
      readonly target: string
      readonly ownError: ReturnType<typeof notFound>
    }) => Effect.Effect<A, E>
  ) =>
    Effect.flatMap(pathSegment("scheduleId", scheduleId), (segment) =>
      call({ target: path + segment, ownError: notFound(scheduleId) })
    )

  return {
    create: (input) => create(input).pipe(span("create")),
    get: (scheduleId) =>
      named(scheduleId, (common) => http.json({ method: "GET", ...common }, ScheduleRecord.decode)).pipe(
        span("get", scheduleId)
      ),
    list: http.json({ method: "GET", target: "/v2/schedules" }, decodeList).pipe(span("list")),
    delete: (scheduleId) =>
      named(scheduleId, (common) => http.done({ method: "DELETE", ...common })).pipe(
        span("delete", scheduleId)
      ),
    pause: (scheduleId) =>
      named(scheduleId, ({ ownError, target }) =>
        http.done({ method: "POST", target: `${target}/pause`, ownError })
      ).pipe(span("pause", scheduleId)),
    resume: (scheduleId) =>
      named(scheduleId, ({ ownError, target }) =>
        http.done({ method: "POST", target: `${target}/resume`, ownError })
      ).pipe(span("resume", scheduleId))
  }
}
