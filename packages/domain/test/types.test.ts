import {
  type Callback,
  CreateSchedule,
  CronExpression,
  type DeduplicationId,
  type DeliveryMethod,
  type Destination,
  DlqId,
  type DlqMessage,
  type DlqMessageNotFound,
  type DlqSelector,
  type FlowControl,
  FlowControlKey,
  type FlowControlKeyNotFound,
  type FlowControlState,
  type GlobalParallelism,
  IdGenerator,
  type LogEntry,
  MessageId,
  type MessageNotFound,
  type MessageSelector,
  type MessageSettings,
  type Page,
  type Published,
  PublishMessage,
  type QStashDlq,
  type QStashError,
  type QStashFlowControl,
  type QStashInvalidRequest,
  type QStashLogs,
  type QStashMessage,
  QStashMessages,
  type QStashQueue,
  type QStashQueues,
  type QStashQuotaExceeded,
  type QStashRateLimited,
  type QStashSchedule,
  QStashSchedules,
  type QStashServices,
  type QStashSigningKeys,
  type QStashUnauthorized,
  type QStashUnavailable,
  type QStashResponseTooLarge,
  type QStashUnexpectedResponse,
  type QStashUrlGroups,
  QueueName,
  type QueueNotFound,
  type RedactedValue,
  RetryDelayExpression,
  ScheduleId,
  type ScheduleNotFound,
  type SigningKeys,
  type UrlGroup,
  UrlGroupName,
  type UrlGroupNotFound
} from "@effect-qstash/domain"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import type * as FlowControlInput from "@effect-qstash/domain/input/FlowControlInput"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import * as MessageRequest from "@effect-qstash/domain/wire/MessageRequest"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import * as SigningKeysRecord from "@effect-qstash/domain/wire/SigningKeysRecord"
import type * as UrlGroupInput from "@effect-qstash/domain/input/UrlGroupInput"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import { describe, expectTypeOf, it } from "@effect/vitest"
import {
  type DateTime,
  Duration,
  Effect,
  type Either,
  type Layer,
  type Redacted,
  type Schema,
  type Stream
} from "effect"

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
      | QStashResponseTooLarge
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

const mails = QueueName.make("mails")
const billing = UrlGroupName.make("billing")
const tenant = FlowControlKey.make("tenant")
const msg = MessageId.make("msg_1")
const letter = DlqId.make("1-0")

describe("QStashMessages", () => {
  type Messages = QStashMessages.Service

  it("has these methods and no others", () => {
    expectTypeOf<keyof Messages>().toEqualTypeOf<
      "publish" | "enqueue" | "batch" | "get" | "cancel" | "cancelMany"
    >()
  })

  it("lists for each method what it can fail with", () => {
    expectTypeOf<Failure<Messages["publish"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Messages["enqueue"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Messages["batch"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Messages["get"]>>().toEqualTypeOf<MessageNotFound | QStashError>()
    expectTypeOf<Failure<Messages["cancel"]>>().toEqualTypeOf<MessageNotFound | QStashError>()
    expectTypeOf<Failure<Messages["cancelMany"]>>().toEqualTypeOf<QStashError>()
  })

  it("answers", () => {
    expectTypeOf<Success<Messages["batch"]>>().toEqualTypeOf<
      ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>
    >()
    expectTypeOf<Success<Messages["get"]>>().toEqualTypeOf<QStashMessage>()
    expectTypeOf<Success<Messages["cancel"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Messages["cancelMany"]>>().toEqualTypeOf<number>()
  })

  it("answers one message for a URL, a list for a URL group, and either where it may be either", () => {
    const published = (messages: Messages, either: Destination.Input) => ({
      text: messages.publish({ destination: "https://a.example" }),
      url: messages.publish({ destination: new URL("https://a.example") }),
      group: messages.publish({ destination: { urlGroup: billing } }),
      either: messages.publish({ destination: either }),
      enqueued: messages.enqueue(mails, { destination: "https://a.example" }),
      enqueuedGroup: messages.enqueue(mails, { destination: { urlGroup: billing } })
    })
    type Answers = ReturnType<typeof published>
    expectTypeOf<Success<Answers["text"]>>().toEqualTypeOf<Published>()
    expectTypeOf<Success<Answers["url"]>>().toEqualTypeOf<Published>()
    expectTypeOf<Success<Answers["group"]>>().toEqualTypeOf<ReadonlyArray<Published>>()
    expectTypeOf<Success<Answers["either"]>>().toEqualTypeOf<Published | ReadonlyArray<Published>>()
    expectTypeOf<Success<Answers["enqueued"]>>().toEqualTypeOf<Published>()
    expectTypeOf<Success<Answers["enqueuedGroup"]>>().toEqualTypeOf<ReadonlyArray<Published>>()
  })

  it("needs nothing more from the environment", () => {
    expectTypeOf<Needs<Messages[keyof Messages]>>().toEqualTypeOf<never>()
  })

  it("publishes JSON by a Schema, and needs what that needs", () => {
    const send = (schema: Schema.Schema<number, string, IdGenerator>) => ({
      published: QStashMessages.publishJson(schema, { destination: { urlGroup: billing }, body: 5 }),
      enqueued: QStashMessages.enqueueJson(schema, mails, { destination: "https://a.example", body: 5 })
    })
    type Sent = ReturnType<typeof send>
    expectTypeOf<Sent["published"]>().toEqualTypeOf<
      Effect.Effect<ReadonlyArray<Published>, QStashQuotaExceeded | QStashError, QStashMessages | IdGenerator>
    >()
    expectTypeOf<Sent["enqueued"]>().toEqualTypeOf<
      Effect.Effect<Published, QStashQuotaExceeded | QStashError, QStashMessages | IdGenerator>
    >()
    const misuse = (schema: Schema.Schema<number, string>) => [
      // @ts-expect-error a body that is no value of the Schema
      QStashMessages.publishJson(schema, { destination: "https://a.example", body: "5" }),
      // @ts-expect-error a message without a body
      QStashMessages.publishJson(schema, { destination: "https://a.example" }),
      // @ts-expect-error a bare string is no QueueName
      QStashMessages.enqueueJson(schema, "mails", { destination: "https://a.example", body: 5 })
    ]
    expectTypeOf(misuse).toBeFunction()
  })

  it("takes no bare string for an id, and nothing that would only be refused later", () => {
    const misuse = (messages: Messages) => [
      // @ts-expect-error a bare string is no MessageId
      messages.get("msg_1"),
      // @ts-expect-error an id of another kind is no MessageId
      messages.cancel(letter),
      // @ts-expect-error a bare string is no QueueName
      messages.enqueue("mails", { destination: "https://a.example" }),
      // @ts-expect-error a bare string is no UrlGroupName
      messages.publish({ destination: { urlGroup: "billing" } }),
      // @ts-expect-error a bare string is no DeduplicationId
      messages.publish({ destination: "https://a.example", deduplicationId: "a" }),
      // @ts-expect-error the queue is that of enqueue
      messages.publish({ destination: "https://a.example", queueName: mails }),
      // @ts-expect-error a queue decides itself when its messages go out
      messages.enqueue(mails, { destination: "https://a.example", delay: "5 seconds" }),
      // @ts-expect-error nor does it take an instant
      messages.enqueue(mails, { destination: "https://a.example", notBefore: 5 }),
      // @ts-expect-error nor flow control
      messages.enqueue(mails, { destination: "https://a.example", flowControl: { key: tenant, rate: 1 } }),
      // @ts-expect-error a batch carries no bytes
      messages.batch([{ destination: "https://a.example", body: new Uint8Array() }]),
      // @ts-expect-error JSON goes in as text
      messages.publish({ destination: "https://a.example", body: { a: 1 } })
    ]
    expectTypeOf(misuse).toBeFunction()
    expectTypeOf<Messages["batch"]>().toBeCallableWith([
      { destination: "https://a.example", body: "a", queueName: mails, delay: "5 seconds" },
      { destination: { urlGroup: billing }, notBefore: new Date(5) }
    ])
  })

  it("cancels a selection, but never everything by accident", () => {
    expectTypeOf<Messages["cancelMany"]>().parameters.toEqualTypeOf<[selector: MessageSelector]>()
    expectTypeOf<Messages["cancelMany"]>().toBeCallableWith({ all: true })
    expectTypeOf<Messages["cancelMany"]>().toBeCallableWith({ messageIds: [msg] })
    expectTypeOf<Messages["cancelMany"]>().toBeCallableWith({ label: "a", queueName: [mails, mails] })
    expectTypeOf<Messages["cancelMany"]>().toBeCallableWith({ host: "a.example" })
    const misuse = (messages: Messages) => [
      // @ts-expect-error an empty selector would be everything
      messages.cancelMany({}),
      // @ts-expect-error so would one of nothing
      messages.cancelMany({ label: undefined }),
      // @ts-expect-error all is said with true
      messages.cancelMany({ all: false }),
      // @ts-expect-error no ids are no selection
      messages.cancelMany({ messageIds: [] }),
      // @ts-expect-error a bare string is no MessageId
      messages.cancelMany({ messageIds: ["msg_1"] }),
      // @ts-expect-error an empty list is no filter
      messages.cancelMany({ label: [] }),
      // @ts-expect-error ids go not together with filters
      messages.cancelMany({ messageIds: [msg], label: "a" }),
      // @ts-expect-error a filter of another call
      messages.cancelMany({ responseStatus: 500 })
    ]
    expectTypeOf(misuse).toBeFunction()
  })
})

describe("QStashQueues", () => {
  type Queues = QStashQueues.Service

  it("has these methods and no others", () => {
    expectTypeOf<keyof Queues>().toEqualTypeOf<"upsert" | "get" | "list" | "delete" | "pause" | "resume">()
  })

  it("lists for each method what it can fail with", () => {
    expectTypeOf<Failure<Queues["upsert"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Queues["get"]>>().toEqualTypeOf<QueueNotFound | QStashError>()
    expectTypeOf<Failure<Queues["list"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Queues["delete"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Queues["pause"]>>().toEqualTypeOf<QueueNotFound | QStashError>()
    expectTypeOf<Failure<Queues["resume"]>>().toEqualTypeOf<QueueNotFound | QStashError>()
  })

  it("answers", () => {
    expectTypeOf<Success<Queues["upsert"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Queues["get"]>>().toEqualTypeOf<QStashQueue>()
    expectTypeOf<Success<Queues["list"]>>().toEqualTypeOf<ReadonlyArray<QStashQueue>>()
    expectTypeOf<Success<Queues["delete"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Queues["pause"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Queues["resume"]>>().toEqualTypeOf<void>()
  })

  it("needs nothing more from the environment", () => {
    expectTypeOf<Needs<Queues[keyof Queues]>>().toEqualTypeOf<never>()
  })

  it("takes no bare string for a name", () => {
    expectTypeOf<Queues["upsert"]>().toBeCallableWith({ queueName: mails, parallelism: undefined })
    const misuse = (queues: Queues) => [
      // @ts-expect-error a bare string is no QueueName
      queues.get("mails"),
      // @ts-expect-error a name of another kind is no QueueName
      queues.pause(billing),
      // @ts-expect-error a bare string is no QueueName
      queues.upsert({ queueName: "mails" }),
      // @ts-expect-error a queue without a name
      queues.upsert({ parallelism: 1 })
    ]
    expectTypeOf(misuse).toBeFunction()
  })
})

describe("QStashUrlGroups", () => {
  type Groups = QStashUrlGroups.Service

  it("has these methods and no others", () => {
    expectTypeOf<keyof Groups>().toEqualTypeOf<
      "upsertEndpoints" | "removeEndpoints" | "get" | "list" | "delete"
    >()
  })

  it("lists for each method what it can fail with", () => {
    expectTypeOf<Failure<Groups["upsertEndpoints"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Groups["removeEndpoints"]>>().toEqualTypeOf<UrlGroupNotFound | QStashError>()
    expectTypeOf<Failure<Groups["get"]>>().toEqualTypeOf<UrlGroupNotFound | QStashError>()
    expectTypeOf<Failure<Groups["list"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Groups["delete"]>>().toEqualTypeOf<QStashError>()
  })

  it("answers", () => {
    expectTypeOf<Success<Groups["upsertEndpoints"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Groups["removeEndpoints"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Groups["get"]>>().toEqualTypeOf<UrlGroup>()
    expectTypeOf<Success<Groups["list"]>>().toEqualTypeOf<ReadonlyArray<UrlGroup>>()
    expectTypeOf<Success<Groups["delete"]>>().toEqualTypeOf<void>()
  })

  it("needs nothing more from the environment", () => {
    expectTypeOf<Needs<Groups[keyof Groups]>>().toEqualTypeOf<never>()
  })

  it("takes no bare string for a name, and no empty list", () => {
    expectTypeOf<Groups["upsertEndpoints"]>().toBeCallableWith(billing, [
      { url: "https://a.example", name: "any name" },
      { url: new URL("https://b.example") }
    ])
    expectTypeOf<Groups["removeEndpoints"]>().toBeCallableWith(billing, [
      { url: "https://a.example" },
      { name: "any name" }
    ])
    const misuse = (groups: Groups) => [
      // @ts-expect-error a bare string is no UrlGroupName
      groups.get("billing"),
      // @ts-expect-error a name of another kind is no UrlGroupName
      groups.delete(mails),
      // @ts-expect-error no endpoints
      groups.upsertEndpoints(billing, []),
      // @ts-expect-error an endpoint without a URL
      groups.upsertEndpoints(billing, [{ name: "a" }]),
      // @ts-expect-error no endpoints
      groups.removeEndpoints(billing, []),
      // @ts-expect-error neither a URL nor a name
      groups.removeEndpoints(billing, [{}]),
      // @ts-expect-error a URL and a name
      groups.removeEndpoints(billing, [{ url: "https://a.example", name: "a" }])
    ]
    expectTypeOf(misuse).toBeFunction()
  })
})

describe("QStashDlq", () => {
  type Dlq = QStashDlq.Service

  it("has these methods and no others", () => {
    expectTypeOf<keyof Dlq>().toEqualTypeOf<
      "list" | "stream" | "get" | "delete" | "deleteMany" | "retry" | "retryMany"
    >()
  })

  it("lists for each method what it can fail with", () => {
    expectTypeOf<Failure<Dlq["list"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Dlq["get"]>>().toEqualTypeOf<DlqMessageNotFound | QStashError>()
    expectTypeOf<Failure<Dlq["delete"]>>().toEqualTypeOf<DlqMessageNotFound | QStashError>()
    expectTypeOf<Failure<Dlq["deleteMany"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Dlq["retry"]>>().toEqualTypeOf<
      DlqMessageNotFound | QStashQuotaExceeded | QStashError
    >()
    expectTypeOf<Failure<Dlq["retryMany"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
  })

  it("answers", () => {
    expectTypeOf<Success<Dlq["list"]>>().toEqualTypeOf<Page<DlqMessage>>()
    expectTypeOf<Dlq["stream"]>().returns.toEqualTypeOf<Stream.Stream<DlqMessage, QStashError>>()
    expectTypeOf<Success<Dlq["get"]>>().toEqualTypeOf<DlqMessage>()
    expectTypeOf<Success<Dlq["delete"]>>().toEqualTypeOf<void>()
    expectTypeOf<Success<Dlq["deleteMany"]>>().toEqualTypeOf<number>()
    expectTypeOf<Success<Dlq["retry"]>>().toEqualTypeOf<Published>()
    expectTypeOf<Success<Dlq["retryMany"]>>().toEqualTypeOf<ReadonlyArray<Published>>()
  })

  it("needs nothing more from the environment", () => {
    expectTypeOf<Needs<Exclude<Dlq[keyof Dlq], Dlq["stream"]>>>().toEqualTypeOf<never>()
  })

  it("takes no bare string for an id, and never everything by accident", () => {
    expectTypeOf<Dlq["list"]>().toBeCallableWith()
    expectTypeOf<Dlq["list"]>().toBeCallableWith({ label: "a", count: 5, cursor: "1-2" })
    expectTypeOf<Dlq["stream"]>().toBeCallableWith({ messageId: msg, responseStatus: [500, 502] })
    expectTypeOf<Dlq["retry"]>().toBeCallableWith(letter, { retries: 0 })
    expectTypeOf<Dlq["deleteMany"]>().parameters.toEqualTypeOf<[selector: DlqSelector]>()
    expectTypeOf<Dlq["deleteMany"]>().toBeCallableWith({ all: true })
    expectTypeOf<Dlq["retryMany"]>().toBeCallableWith({ dlqIds: [letter] }, { retries: 0 })
    const misuse = (dlq: Dlq) => [
      // @ts-expect-error a bare string is no DlqId
      dlq.get("1-0"),
      // @ts-expect-error the id of the message is not that of the dead letter
      dlq.delete(msg),
      // @ts-expect-error an empty selector would be everything
      dlq.deleteMany({}),
      // @ts-expect-error an empty selector would be everything
      dlq.retryMany({}),
      // @ts-expect-error all is said with true
      dlq.deleteMany({ all: false }),
      // @ts-expect-error no ids are no selection
      dlq.retryMany({ dlqIds: [] }),
      // @ts-expect-error a filter of another call
      dlq.list({ host: "a.example" }),
      // @ts-expect-error only the number of retries can be changed
      dlq.retry(letter, { delay: "5 seconds" })
    ]
    expectTypeOf(misuse).toBeFunction()
  })
})

describe("QStashFlowControl", () => {
  type Flow = QStashFlowControl.Service

  it("has these methods and no others", () => {
    expectTypeOf<keyof Flow>().toEqualTypeOf<
      "list" | "get" | "pause" | "resume" | "pin" | "unpin" | "resetRate" | "globalParallelism"
    >()
  })

  it("lists for each method what it can fail with", () => {
    expectTypeOf<Failure<Flow["get"]>>().toEqualTypeOf<FlowControlKeyNotFound | QStashError>()
    expectTypeOf<Failure<Flow["list"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Flow["pause"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Flow["resume"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Flow["pin"]>>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<Failure<Flow["unpin"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Flow["resetRate"]>>().toEqualTypeOf<QStashError>()
    expectTypeOf<Failure<Flow["globalParallelism"]>>().toEqualTypeOf<QStashError>()
  })

  it("answers", () => {
    expectTypeOf<Success<Flow["list"]>>().toEqualTypeOf<ReadonlyArray<FlowControlState>>()
    expectTypeOf<Success<Flow["get"]>>().toEqualTypeOf<FlowControlState>()
    expectTypeOf<
      Success<Flow["pause"] | Flow["resume"] | Flow["pin"] | Flow["unpin"] | Flow["resetRate"]>
    >().toEqualTypeOf<void>()
    expectTypeOf<Success<Flow["globalParallelism"]>>().toEqualTypeOf<GlobalParallelism>()
  })

  it("needs nothing more from the environment", () => {
    expectTypeOf<Needs<Flow[keyof Flow]>>().toEqualTypeOf<never>()
  })

  it("takes no bare string for a key, and no pin of nothing", () => {
    expectTypeOf<Flow["pin"]>().toBeCallableWith(tenant, { parallelism: 3 })
    expectTypeOf<Flow["pin"]>().toBeCallableWith(tenant, { rate: 5, period: "1 minute" })
    expectTypeOf<Flow["unpin"]>().toBeCallableWith(tenant, { parallelism: true, rate: false })
    const misuse = (flow: Flow) => [
      // @ts-expect-error a bare string is no FlowControlKey
      flow.get("tenant"),
      // @ts-expect-error no limit at all
      flow.pin(tenant, {}),
      // @ts-expect-error a window of no rate
      flow.pin(tenant, { period: "1 minute" }),
      // @ts-expect-error nothing is unpinned
      flow.unpin(tenant, {}),
      // @ts-expect-error nothing is unpinned
      flow.unpin(tenant, { parallelism: false, rate: false })
    ]
    expectTypeOf(misuse).toBeFunction()
  })
})

describe("QStashLogs", () => {
  type Logs = QStashLogs.Service

  it("has these methods and no others, which can fail and answer so", () => {
    expectTypeOf<keyof Logs>().toEqualTypeOf<"list" | "stream">()
    expectTypeOf<Logs["list"]>().returns.toEqualTypeOf<Effect.Effect<Page<LogEntry>, QStashError>>()
    expectTypeOf<Logs["stream"]>().returns.toEqualTypeOf<Stream.Stream<LogEntry, QStashError>>()
  })

  it("filters by what it knows", () => {
    expectTypeOf<Logs["list"]>().toBeCallableWith()
    expectTypeOf<Logs["list"]>().toBeCallableWith({
      messageId: [msg],
      state: "IN_PROGRESS",
      order: "earliestFirst",
      count: 5
    })
    expectTypeOf<Logs["stream"]>().toBeCallableWith({ state: "A NEW STATE", fromDate: 5 })
    const misuse = (logs: Logs) => [
      // @ts-expect-error a bare string is no MessageId
      logs.list({ messageId: "msg_1" }),
      // @ts-expect-error a filter of another call
      logs.list({ responseStatus: 500 }),
      // @ts-expect-error a stream goes from page to page by itself
      logs.stream({ cursor: "1-2" }),
      // @ts-expect-error an order that there is none of
      logs.list({ order: "random" })
    ]
    expectTypeOf(misuse).toBeFunction()
  })
})

describe("QStashSigningKeys", () => {
  type Keys = QStashSigningKeys.Service

  it("has these methods and no others, which can fail and answer so", () => {
    expectTypeOf<keyof Keys>().toEqualTypeOf<"get" | "rotate">()
    expectTypeOf<Keys["get"]>().toEqualTypeOf<Effect.Effect<SigningKeys, QStashError>>()
    expectTypeOf<Keys["rotate"]>().toEqualTypeOf<Effect.Effect<SigningKeys, QStashError>>()
    expectTypeOf<SigningKeys>().toEqualTypeOf<{
      readonly current: Redacted.Redacted
      readonly next: Redacted.Redacted
    }>()
  })
})

describe("QStashServices", () => {
  it("are all eight", () => {
    expectTypeOf<QStashServices>().toEqualTypeOf<
      | QStashSchedules
      | QStashMessages
      | QStashQueues
      | QStashUrlGroups
      | QStashDlq
      | QStashFlowControl
      | QStashLogs
      | QStashSigningKeys
    >()
  })
})

describe("a checked message", () => {
  it("is an Either, and can be checked again", () => {
    expectTypeOf(PublishMessage.make).returns.toEqualTypeOf<
      Either.Either<PublishMessage, QStashInvalidRequest>
    >()
    expectTypeOf<PublishMessage>().toExtend<PublishMessage.Input>()
  })

  it("has each option in one form", () => {
    type Own = Omit<PublishMessage, keyof MessageSettings>
    expectTypeOf<{ [K in keyof Own]-?: Own[K] }>().toEqualTypeOf<{
      readonly destination: Destination
      readonly notBefore: DateTime.Utc
      readonly deduplicationId: DeduplicationId
      readonly contentBasedDeduplication: boolean
    }>()
    expectTypeOf<PublishMessage>().toExtend<MessageSettings>()
  })
})

describe("the codecs of the wire", () => {
  it("write messages, and read them with errors that a server can answer", () => {
    expectTypeOf(MessageRequest.encode).returns.toExtend<MessageRequest.MessageRequest>()
    expectTypeOf(MessageRequest.decode).toEqualTypeOf<
      (request: MessageRequest.MessageRequest) => Either.Either<PublishMessage, QStashInvalidRequest>
    >()
    expectTypeOf(MessageRequest.encodeBatch).toEqualTypeOf<
      (messages: ReadonlyArray<PublishMessage>) => string
    >()
    expectTypeOf(MessageRequest.decodeBatch).toEqualTypeOf<
      (json: unknown) => Either.Either<ReadonlyArray<PublishMessage>, QStashInvalidRequest>
    >()
  })

  it("read answers from anything", () => {
    type Reader<A> = (json: unknown) => Either.Either<A, string>
    expectTypeOf(PublishResponse.decode).toEqualTypeOf<Reader<Published | ReadonlyArray<Published>>>()
    expectTypeOf(PublishResponse.decodeBatch).toEqualTypeOf<
      Reader<ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>>
    >()
    expectTypeOf(PublishResponse.decodeRetried).toEqualTypeOf<Reader<Page<Published>>>()
    expectTypeOf(MessageRecord.decode).toEqualTypeOf<Reader<QStashMessage>>()
    expectTypeOf(DlqRecord.decode).toEqualTypeOf<Reader<DlqMessage>>()
    expectTypeOf(DlqRecord.decodePage).toEqualTypeOf<Reader<Page<DlqMessage>>>()
    expectTypeOf(LogRecord.decode).toEqualTypeOf<Reader<LogEntry>>()
    expectTypeOf(LogRecord.decodePage).toEqualTypeOf<Reader<Page<LogEntry>>>()
    expectTypeOf(QueueRecord.decode).toEqualTypeOf<Reader<QStashQueue>>()
    expectTypeOf(UrlGroupRecord.decode).toEqualTypeOf<Reader<UrlGroup>>()
    expectTypeOf(FlowControlRecord.decode).toEqualTypeOf<Reader<FlowControlState>>()
    expectTypeOf(FlowControlRecord.decodeGlobal).toEqualTypeOf<Reader<GlobalParallelism>>()
    expectTypeOf(SigningKeysRecord.decode).toEqualTypeOf<Reader<SigningKeys>>()
    expectTypeOf(CallbackBody.decode).toEqualTypeOf<Reader<CallbackBody.CallbackBody>>()
  })

  it("take what users give, and give what a service takes", () => {
    type Checked<A> = Either.Either<A, QStashInvalidRequest>
    expectTypeOf(Criteria.fromMessageSelector).toEqualTypeOf<
      (selector: MessageSelector) => Checked<Criteria.Criteria>
    >()
    expectTypeOf(QueueRecord.decodeUpsert).toEqualTypeOf<
      (json: unknown) => Checked<QStashQueues.UpsertInput>
    >()
    expectTypeOf<FlowControlInput.Pinned>().toExtend<FlowControlState.Pin>()
    expectTypeOf<FlowControlInput.Unpinned>().toExtend<FlowControlState.Unpin>()
    expectTypeOf<UrlGroupInput.EndpointSelector>().toExtend<UrlGroup.EndpointSelector>()
  })
})
