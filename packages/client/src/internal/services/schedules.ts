import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import { namingSchedule, ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { cut } from "../redact.ts"
import { type QStashHttp, withSpan } from "../http.ts"
import { listOf } from "../listOf.ts"
import { withPathId } from "../withPathId.ts"
import { createError, logNormalised, secretsOf } from "../outgoing.ts"

const path = "/v2/schedules"

const span = (method: keyof QStashSchedules.Service, scheduleId?: ScheduleId) =>
  withSpan(`QStashSchedules.${method}`, scheduleId === undefined ? {} : { "qstash.schedule_id": scheduleId })

const decodeCreateAnswer = Schema.decodeUnknownEither(Schema.Struct({ scheduleId: Schema.String }))

/** If QStash chose another id, a retry could create a second schedule, and the caller would not find the first. */
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

const withScheduleId = withPathId(
  path,
  "scheduleId",
  (scheduleId: ScheduleId) => new ScheduleNotFound({ scheduleId })
)

export const makeSchedules = (http: QStashHttp, ids: IdGenerator.Service): QStashSchedules.Service => {
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
          target: `${path}/${target}`,
          headers,
          body,
          secrets: () => secretsOf(checked),
          ownError: createError
        },
        expectId(scheduleId)
      )
    })

  return {
    create: (input) => create(input).pipe(Effect.mapError(namingSchedule(input?.scheduleId)), span("create")),
    get: (scheduleId) =>
      withScheduleId(scheduleId, (call) => http.json({ method: "GET", ...call }, ScheduleRecord.decode)).pipe(
        span("get", scheduleId)
      ),
    list: http
      .json({ method: "GET", target: path }, listOf("schedule", ScheduleRecord.decode))
      .pipe(span("list")),
    delete: (scheduleId) =>
      withScheduleId(scheduleId, (call) => http.done({ method: "DELETE", ...call })).pipe(
        span("delete", scheduleId)
      ),
    pause: (scheduleId) =>
      withScheduleId(scheduleId, ({ ownError, target }) =>
        http.done({ method: "POST", target: `${target}/pause`, ownError })
      ).pipe(span("pause", scheduleId)),
    resume: (scheduleId) =>
      withScheduleId(scheduleId, ({ ownError, target }) =>
        http.done({ method: "POST", target: `${target}/resume`, ownError })
      ).pipe(span("resume", scheduleId))
  }
}
