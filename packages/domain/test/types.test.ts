import {
  type Callback,
  CreateSchedule,
  CronExpression,
  type DeliveryMethod,
  type Destination,
  type FlowControl,
  FlowControlKey,
  IdGenerator,
  type QStashError,
  type QStashInvalidRequest,
  type QStashQuotaExceeded,
  type QStashRateLimited,
  type QStashSchedule,
  QStashSchedules,
  type QStashUnauthorized,
  type QStashUnavailable,
  type QStashUnexpectedResponse,
  QueueName,
  type RedactedValue,
  RetryDelayExpression,
  ScheduleId,
  type ScheduleNotFound,
  UrlGroupName
} from "@effect-qstash/domain"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { describe, expectTypeOf, it } from "@effect/vitest"
import { type DateTime, Duration, Effect, type Either, type Layer } from "effect"

type Service = QStashSchedules.Service
type Answer<Method> = Method extends (...args: never) => infer E ? E : Method
type Success<Method> = Answer<Method> extends Effect.Effect<infer A, infer _E, infer _R> ? A : "no Effect"
type Failure<Method> = Answer<Method> extends Effect.Effect<infer _A, infer E, infer _R> ? E : "no Effect"
type Needs<Method> = Answer<Method> extends Effect.Effect<infer _A, infer _E, infer R> ? R : "no Effect"

const nightly = ScheduleId.make("nightly-report")

describe("QStashSchedules", () => {
  it("has these methods and no others", () => {
    expectTypeOf<keyof Service>().toEqualTypeOf<"create" | "get" | "list" | "delete" | "pause" | "resume">()
  })

  it("lists for each method what it can fail with", () => {
    expectTypeOf<Failure<Service["create"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Service["get"]>>().toEqualTypeOf<ScheduleNotFound | QStashError>()
    expectTypeOf<Failure<Service["list"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Service["delete"]>>().toEqualTypeOf<ScheduleNotFound | QStashError>()
    expectTypeOf<Failure<Service["pause"]>>().toEqualTypeOf<ScheduleNotFound | QStashError>()
    expectTypeOf<Failure<Service["resume"]>>().toEqualTypeOf<ScheduleNotFound | QStashError>()
    expectTypeOf<QStashError>().toEqualTypeOf<
      | QStashInvalidRequest
      | QStashUnauthorized
      | QStashRateLimited
      | QStashUnavailable
      | QStashUnexpectedResponse
    >()
  })

  it("answers", () => {
    expectTypeOf<Success<Service["create"]>>().toEqualTypeOf<ScheduleId>()
    expectTypeOf<Success<Service["get"]>>().toEqualTypeOf<QStashSchedule>()
    expectTypeOf<Success<Service["list"]>>().toEqualTypeOf<ReadonlyArray<QStashSchedule>>()
    expectTypeOf<Success<Service["delete"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Service["pause"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Service["resume"]>>().toEqualTypeOf<void>()
  })

  it("needs nothing more from the environment", () => {
    expectTypeOf<Needs<Service[keyof Service]>>().toEqualTypeOf<never>()
  })

  it("is used as the guide shows it", () => {
    const program = Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({
        scheduleId: nightly,
        cron: CronExpression.make("CRON_TZ=Europe/Berlin 0 4 * * *"),
        destination: "https://api.example.com/jobs/nightly"
      })
      yield* schedules.pause(nightly)
      yield* schedules.resume(nightly)
    })
    expectTypeOf(program).toEqualTypeOf<
      Effect.Effect<void, QStashQuotaExceeded | ScheduleNotFound | QStashError, QStashSchedules>
    >()
    const caught = program.pipe(
      Effect.catchTag("ScheduleNotFound", (error) => Effect.logWarning(error.message))
    )
    expectTypeOf(caught).toEqualTypeOf<
      Effect.Effect<void, QStashQuotaExceeded | QStashError, QStashSchedules>
    >()
    const later = Effect.retry(program, { while: (error) => error.isRetryable, times: 1 })
    expectTypeOf(later).toEqualTypeOf(program)
  })

  it("takes no bare string for an id", () => {
    expectTypeOf<Service["get"]>().parameters.toEqualTypeOf<[scheduleId: ScheduleId]>()
    expectTypeOf<string>().not.toExtend<ScheduleId>()
    expectTypeOf<string>().not.toExtend<QueueName>()
    expectTypeOf<string>().not.toExtend<UrlGroupName>()
    expectTypeOf<string>().not.toExtend<FlowControlKey>()
    expectTypeOf<QueueName>().not.toExtend<ScheduleId>()
    expectTypeOf<UrlGroupName>().not.toExtend<QueueName>()
    const misuse = (schedules: Service) => [
      // @ts-expect-error a bare string is no ScheduleId
      schedules.pause("nightly"),
      // @ts-expect-error an id of another kind is no ScheduleId
      schedules.delete(QueueName.make("nightly")),
      // @ts-expect-error list is a value
      schedules.list()
    ]
    expectTypeOf(misuse).toBeFunction()
  })
})

describe("the options of a schedule", () => {
  const required = { cron: "0 4 * * *", destination: "https://api.example.com" }

  it("are what a user has at hand", () => {
    expectTypeOf<CreateSchedule.Input["cron"]>().toEqualTypeOf<CronExpression | string>()
    expectTypeOf<CreateSchedule.Input["destination"]>().toEqualTypeOf<
      string | URL | { readonly urlGroup: UrlGroupName }
    >()
    expectTypeOf<NonNullable<CreateSchedule.Input["delay"]>>().toEqualTypeOf<Duration.DurationInput>()
    expectTypeOf<NonNullable<CreateSchedule.Input["timeout"]>>().toEqualTypeOf<Duration.DurationInput>()
    expectTypeOf<NonNullable<CreateSchedule.Input["retryDelay"]>>().toEqualTypeOf<
      RetryDelayExpression | string
    >()
    expectTypeOf<NonNullable<CreateSchedule.Input["method"]>>().toEqualTypeOf<
      "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
    >()
    expectTypeOf(CreateSchedule.make).toBeCallableWith({
      ...required,
      scheduleId: nightly,
      destination: { urlGroup: UrlGroupName.make("billing") },
      method: "PUT",
      headers: { "Content-Type": "application/json", "X-Two": ["1", "2"] },
      body: new Uint8Array(),
      retries: 0,
      retryDelay: RetryDelayExpression.make("1000"),
      timeout: "5 seconds",
      delay: Duration.minutes(1),
      callback: "https://example.com",
      failureCallback: {
        url: new URL("https://example.com"),
        method: "GET",
        timeout: 5_000,
        retries: undefined
      },
      queueName: QueueName.make("mails"),
      flowControl: { key: FlowControlKey.make("a"), parallelism: 1, rate: undefined, period: undefined },
      labels: ["a"],
      redact: { body: true, headers: ["Authorization"] }
    })
  })

  it("may each be undefined, but for the two that make a schedule", () => {
    type Optional = Omit<CreateSchedule.Input, "cron" | "destination">
    expectTypeOf<{ [K in keyof Required<Optional>]: undefined }>().toExtend<Optional>()
    // @ts-expect-error a schedule without a cron
    expectTypeOf(CreateSchedule.make).toBeCallableWith({ destination: required.destination })
    // @ts-expect-error a schedule without a destination
    expectTypeOf(CreateSchedule.make).toBeCallableWith({ cron: required.cron })
  })

  it("are not what would only be refused later", () => {
    const misuse = () => [
      // @ts-expect-error a bare string is no ScheduleId
      CreateSchedule.make({ ...required, scheduleId: "nightly" }),
      // @ts-expect-error a bare string is no QueueName
      CreateSchedule.make({ ...required, queueName: "mails" }),
      // @ts-expect-error a bare string is no UrlGroupName
      CreateSchedule.make({ ...required, destination: { urlGroup: "billing" } }),
      // @ts-expect-error QStash delivers with no such method
      CreateSchedule.make({ ...required, method: "HEAD" }),
      // @ts-expect-error a number of header values
      CreateSchedule.make({ ...required, headers: { "X-A": 5 } }),
      // @ts-expect-error JSON goes in as text
      CreateSchedule.make({ ...required, body: { a: 1 } }),
      // @ts-expect-error text that says no span
      CreateSchedule.make({ ...required, delay: "5s" }),
      // @ts-expect-error a callback without a URL
      CreateSchedule.make({ ...required, callback: { method: "GET" } }),
      // @ts-expect-error a callback cannot be delayed
      CreateSchedule.make({ ...required, callback: { url: "https://example.com", delay: 5 } }),
      // @ts-expect-error redacting needs a word on what
      CreateSchedule.make({ ...required, redact: true }),
      // @ts-expect-error an option that there is none of
      CreateSchedule.make({ ...required, notBefore: 5 })
    ]
    expectTypeOf(misuse).toBeFunction()
  })

  it("limit a flow by parallelism, rate, or both", () => {
    const key = FlowControlKey.make("tenant")
    expectTypeOf<{ key: FlowControlKey; parallelism: number }>().toExtend<FlowControl.Input>()
    expectTypeOf<{ key: FlowControlKey; rate: number; period: "1 minute" }>().toExtend<FlowControl.Input>()
    expectTypeOf<{ key: FlowControlKey; parallelism: number; rate: number }>().toExtend<FlowControl.Input>()
    const misuse = () => [
      // @ts-expect-error neither parallelism nor rate
      CreateSchedule.make({ ...required, flowControl: { key } }),
      // @ts-expect-error a window of no rate
      CreateSchedule.make({ ...required, flowControl: { key, period: "1 second" } }),
      // @ts-expect-error both are undefined
      CreateSchedule.make({ ...required, flowControl: { key, parallelism: undefined, rate: undefined } }),
      // @ts-expect-error a bare string is no FlowControlKey
      CreateSchedule.make({ ...required, flowControl: { key: "tenant", rate: 1 } })
    ]
    expectTypeOf(misuse).toBeFunction()
  })
})

describe("checked settings", () => {
  it("are an Either, and can be checked again", () => {
    expectTypeOf(CreateSchedule.make).returns.toEqualTypeOf<
      Either.Either<CreateSchedule, QStashInvalidRequest>
    >()
    expectTypeOf<CreateSchedule>().toExtend<CreateSchedule.Input>()
  })

  it("have each one form", () => {
    expectTypeOf<Required<CreateSchedule>>().toEqualTypeOf<{
      readonly scheduleId: ScheduleId
      readonly cron: CronExpression
      readonly destination: Destination
      readonly method: DeliveryMethod
      readonly headers: Readonly<Record<string, ReadonlyArray<string>>>
      readonly body: Uint8Array
      readonly retries: number
      readonly retryDelay: RetryDelayExpression
      readonly timeout: Duration.Duration
      readonly delay: Duration.Duration
      readonly callback: Callback
      readonly failureCallback: Callback
      readonly queueName: QueueName
      readonly flowControl: FlowControl
      readonly labels: ReadonlyArray<string>
      readonly redact: { readonly body: boolean; readonly headers: boolean | ReadonlyArray<string> }
    }>()
  })

  it("travel both ways through one codec", () => {
    expectTypeOf(ScheduleRequest.encode).toBeCallableWith({
      cron: CronExpression.make("@daily"),
      destination: "https://a.example"
    })
    expectTypeOf(ScheduleRequest.encode).returns.toExtend<ScheduleRequest.ScheduleRequest>()
    expectTypeOf(ScheduleRequest.decode).toEqualTypeOf<
      (request: ScheduleRequest.ScheduleRequest) => Either.Either<CreateSchedule, QStashInvalidRequest>
    >()
  })
})

describe("a schedule as QStash reports it", () => {
  it("has instants, spans, and redacted values of their own type", () => {
    expectTypeOf<QStashSchedule["scheduleId"]>().toEqualTypeOf<ScheduleId>()
    expectTypeOf<QStashSchedule["createdAt"]>().toEqualTypeOf<DateTime.Utc>()
    expectTypeOf<Required<QStashSchedule>["nextScheduleTime"]>().toEqualTypeOf<DateTime.Utc>()
    expectTypeOf<Required<QStashSchedule>["delay"]>().toEqualTypeOf<Duration.Duration>()
    expectTypeOf<Required<QStashSchedule>["body"]>().toEqualTypeOf<string | Uint8Array | RedactedValue>()
    expectTypeOf<QStashSchedule["headers"]>().toEqualTypeOf<
      Readonly<Record<string, ReadonlyArray<string | RedactedValue>>>
    >()
    expectTypeOf<QStashSchedule["cron"]>().toEqualTypeOf<string>()
  })

  it("is read from anything", () => {
    expectTypeOf(ScheduleRecord.decode).toEqualTypeOf<
      (json: unknown) => Either.Either<QStashSchedule, string>
    >()
    expectTypeOf(ScheduleRecord.encode).returns.toEqualTypeOf<ScheduleRecord.ScheduleJson>()
  })
})

describe("IdGenerator", () => {
  it("needs no layer, and its counter needs nothing", () => {
    const id = Effect.flatMap(IdGenerator, (ids) => ids.next("msg"))
    expectTypeOf(id).toEqualTypeOf<Effect.Effect<string>>()
    expectTypeOf(IdGenerator.layerCounter).toEqualTypeOf<Layer.Layer<IdGenerator>>()
  })
})
