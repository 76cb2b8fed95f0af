import type { QStashError, QStashQuotaExceeded, ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import { errorTexts } from "@effect-qstash/domain/wire/ErrorBody"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import type { Engine, Tenant } from "@effect-qstash/engine/Engine"
import type { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import type { User } from "../DevelopmentUsers.ts"
import { cut } from "./cut.ts"
import { type Answer, json, Refusal, type Request } from "./exchange.ts"
import type { Route } from "./route.ts"

export interface ApiOptions {
  readonly engine: Engine.Service
  /** Absent in real time: then there is nothing to steer. */
  readonly clock: VirtualClock.Service | undefined
  readonly users: ReadonlyArray<User>
}

const tenantOf = (request: Request, user: User): Tenant => ({
  tenantId: user.name,
  callerIp: request.callerIp
})

/** QStash's HTTP API over an engine, and the virtual clock beside it. */
export const make = ({ clock, engine, users }: ApiOptions) => {
  const userOf = authenticator(users)

  const withUser = <E>(
    request: Request,
    serve: (schedules: QStashSchedules.Service, user: User) => Effect.Effect<Answer, E>
  ): Effect.Effect<Answer, E | Refusal> =>
    Effect.flatMap(userOf(request), (user) => serve(engine.schedules(tenantOf(request, user)), user))

  const withId = (
    request: Request,
    id: string,
    serve: (
      schedules: QStashSchedules.Service,
      scheduleId: ScheduleId
    ) => Effect.Effect<Answer, ScheduleNotFound | QStashError>
  ) =>
    withUser(request, (schedules) =>
      Effect.flatMap(scheduleIdOf(id), (scheduleId) =>
        Effect.mapError(serve(schedules, scheduleId), refusalOf)
      )
    )

  const create = (request: Request, destination: string) =>
    withUser(request, (_schedules, user) =>
      Effect.gen(function* () {
        if (/^\/*(?:\?|$)/.test(destination)) {
          return yield* new Refusal({ status: 400, error: errorTexts.emptyDestination })
        }
        const body = yield* request.body
        const settings = yield* Either.mapLeft(
          ScheduleRequest.decode({ target: destination, headers: request.headers, body }),
          refusalOf
        )
        const scheduleId = yield* Effect.mapError(
          engine.createSchedule(tenantOf(request, user), settings),
          refusalOf
        )
        return json({ scheduleId })
      })
    )

  const list = (schedules: QStashSchedules.Service) =>
    Effect.mapBoth(schedules.list, {
      onFailure: refusalOf,
      onSuccess: (all) => json(all.map(ScheduleRecord.encode))
    })

  return (request: Request, route: Route): Effect.Effect<Answer, Refusal> => {
    switch (route._tag) {
      case "ListSchedules":
        return withUser(request, list)
      case "CreateSchedule":
        return create(request, route.destination)
      case "GetSchedule":
        return withId(request, route.id, (schedules, id) =>
          Effect.map(schedules.get(id), (schedule) => json(ScheduleRecord.encode(schedule)))
        )
      case "DeleteSchedule":
        return withId(request, route.id, (schedules, id) => Effect.as(schedules.delete(id), done))
      case "PauseSchedule":
        return withId(request, route.id, (schedules, id) => Effect.as(schedules.pause(id), done))
      case "ResumeSchedule":
        return withId(request, route.id, (schedules, id) => Effect.as(schedules.resume(id), done))
      case "GetKeys":
        return withUser(request, (_, user) =>
          Effect.succeed(
            json({
              current: Redacted.value(user.currentSigningKey),
              next: Redacted.value(user.nextSigningKey)
            })
          )
        )
      case "GetClock":
        return clock === undefined ? realTime : withUser(request, () => show(clock))
      case "AdvanceClock":
        return clock === undefined
          ? realTime
          : withUser(request, () => Effect.zipRight(advance(clock, request), show(clock)))
      case "Unknown":
        return new Refusal({
          status: 404,
          error:
            "not found: this server has GET /v2/schedules, POST /v2/schedules/{destination}, GET and DELETE /v2/schedules/{scheduleId}, POST /v2/schedules/{scheduleId}/pause and /resume, GET /v2/keys" +
            (clock === undefined ? "" : ", GET /dev/clock, and POST /dev/clock/advance")
        })
    }
  }
}

/** QStash answers a change with 200 and nothing more. */
const done: Answer = { status: 200 }

const realTime = new Refusal({
  status: 404,
  error: "not found: this server runs in real time and has no clock to set"
})

/** Tokens are looked up by their hash, so that how long the look-up takes tells nothing of them. */
const authenticator = (users: ReadonlyArray<User>) => {
  const hash = (token: string): string => createHash("sha256").update(token).digest("base64")
  const byHash = new Map(users.map((user) => [hash(Redacted.value(user.token)), user]))
  return (request: Request): Effect.Effect<User, Refusal> => {
    const token = tokenOf(request)
    const user = token === undefined ? undefined : byHash.get(hash(token))
    return user === undefined
      ? new Refusal({ status: 401, error: errorTexts.invalidToken })
      : Effect.succeed(user)
  }
}

/** The header counts where there is one: a query can be planted by whoever makes up a link. */
const tokenOf = (request: Request): string | undefined => {
  const headers = request.headers["authorization"]
  if (headers !== undefined) {
    return headers.length === 1 ? /^bearer +(\S+)$/i.exec(headers[0] ?? "")?.[1] : undefined
  }
  const mark = request.target.indexOf("?")
  const query = new URLSearchParams(mark < 0 ? "" : request.target.slice(mark + 1))
  return query.get("qstash_token") ?? undefined
}

const decodeScheduleId = Schema.decodeOption(ScheduleId)

/** What cannot be the id of a schedule names none. */
const scheduleIdOf = (segment: string): Effect.Effect<ScheduleId, Refusal> =>
  Effect.try({
    try: () => decodeURIComponent(segment),
    catch: () =>
      new Refusal({
        status: 400,
        error: "the schedule id in the path is not percent-encoded as it should be"
      })
  }).pipe(
    Effect.flatMap((id) =>
      Option.match(decodeScheduleId(id), { onNone: () => scheduleNotFound(id), onSome: Effect.succeed })
    )
  )

const scheduleNotFound = (id: string): Refusal =>
  new Refusal({ status: 404, error: `schedule ${cut(id)} not found` })

const refusalOf = (error: ScheduleNotFound | QStashQuotaExceeded | QStashError): Refusal => {
  switch (error._tag) {
    case "ScheduleNotFound":
      return scheduleNotFound(error.scheduleId)
    case "QStashInvalidRequest":
      return new Refusal({
        status: error.status ?? 400,
        error: error.field === undefined ? error.reason : `${error.field}: ${error.reason}`
      })
    case "QStashQuotaExceeded":
    case "QStashUnauthorized":
      return new Refusal({ status: error.status, error: error.reason })
    case "QStashRateLimited":
      return new Refusal({ status: 429, error: error.message })
    case "QStashUnavailable":
    case "QStashUnexpectedResponse":
      return new Refusal({ status: 500, error: error.reason })
  }
}

const show = (clock: VirtualClock.Service): Effect.Effect<Answer> =>
  Effect.map(clock.now, (now) => json({ now: DateTime.formatIso(now) }))

const decodeAdvance = Schema.decodeUnknownOption(
  Schema.parseJson(
    Schema.Struct({
      duration: Schema.optionalWith(Schema.String, { exact: true }),
      to: Schema.optionalWith(Schema.String, { exact: true })
    })
  )
)
const decodeDurationText = Schema.decodeOption(DurationText)

/** Dates of five digits are more than most readers of dates can take. */
const lastInstant = DateTime.unsafeMake("9999-12-31T23:59:59.999Z")

const advance = (clock: VirtualClock.Service, request: Request): Effect.Effect<void, Refusal> =>
  Effect.gen(function* () {
    const { duration, to } = Option.getOrElse(
      decodeAdvance(new TextDecoder().decode(yield* request.body)),
      (): { readonly duration?: string; readonly to?: string } => ({})
    )
    if ((duration === undefined) === (to === undefined)) {
      return yield* badRequest(
        'expected JSON with either "duration", such as "7 days", or "to", an instant such as "2027-01-01T00:00:00Z"'
      )
    }
    if (to !== undefined) {
      const instant = DateTime.make(to)
      if (Option.isNone(instant) || DateTime.greaterThan(instant.value, lastInstant)) {
        return yield* badRequest(`to: expected an instant such as "2027-01-01T00:00:00Z", got ${quote(to)}`)
      }
      return yield* Effect.catchTag(clock.advanceTo(instant.value), "VirtualTimePassed", (error) =>
        badRequest(`to: ${error.message}`)
      )
    }
    const span = durationOf(duration ?? "")
    if (Option.isNone(span)) {
      return yield* badRequest(
        `duration: expected a span such as "7 days" or "1d12h", got ${quote(duration ?? "")}`
      )
    }
    const now = yield* clock.now
    if (DateTime.distance(now, lastInstant) < Duration.toMillis(span.value)) {
      return yield* badRequest(`duration: ${quote(duration ?? "")} goes beyond the year 9999`)
    }
    yield* clock.advance(span.value)
  })

/** Effect's spelling, or QStash's own. Effect reads a negative span as none at all, so the sign is looked at here. */
const durationOf = (text: string): Option.Option<Duration.Duration> =>
  Option.orElse(decodeDurationText(text), () =>
    text.startsWith("-") ? Option.none() : Duration.decodeUnknown(text)
  ).pipe(Option.filter((span) => Number.isSafeInteger(Duration.toMillis(span))))

const badRequest = (error: string): Effect.Effect<never, Refusal> => new Refusal({ status: 400, error })

const quote = (text: string): string => JSON.stringify(cut(text))
