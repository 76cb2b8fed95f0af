import { QStashClient, type QStashClientMisconfigured } from "@effect-qstash/client"
import {
  type DlqMessage,
  type DlqMessageNotFound,
  type FlowControlKeyNotFound,
  type FlowControlState,
  type LogEntry,
  type MessageNotFound,
  type Page,
  type Published,
  type QStashDlq,
  type QStashError,
  type QStashFlowControl,
  type QStashInvalidRequest,
  type QStashLogs,
  QStashMessages,
  type QStashQueue,
  type QStashQueues,
  type QStashQuotaExceeded,
  type QStashSchedule,
  type QStashSchedules,
  type QStashServices,
  type QStashSigningKeys,
  type QStashUrlGroups,
  type QueueNotFound,
  type ScheduleId,
  type ScheduleNotFound,
  type SigningKeys,
  UrlGroupName,
  type UrlGroupNotFound
} from "@effect-qstash/domain"
import type { HttpClient } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import {
  Config,
  type ConfigError,
  type Context,
  Effect,
  type Either,
  type Layer,
  Redacted,
  type Stream
} from "effect"
import { expectTypeOf } from "vitest"

const token = Redacted.make("token")

/** What a method gives and fails with. */
type Outcome<T> = T extends (...input: never) => infer Result
  ? Outcome<Result>
  : T extends Effect.Effect<infer A, infer E, infer R>
    ? [A, E, R]
    : T extends Stream.Stream<infer A, infer E, infer R>
      ? [A, E, R]
      : never

describe("types", () => {
  it("the layers say what they need, give and can fail with", () => {
    expectTypeOf(QStashClient.layer({ token })).toEqualTypeOf<
      Layer.Layer<QStashServices, QStashClientMisconfigured, HttpClient.HttpClient>
    >()
    expectTypeOf(QStashClient.layerConfig()).toEqualTypeOf<
      Layer.Layer<QStashServices, ConfigError.ConfigError, HttpClient.HttpClient>
    >()
    expectTypeOf(QStashClient.make({ token })).toEqualTypeOf<
      Effect.Effect<Context.Context<QStashServices>, QStashClientMisconfigured, HttpClient.HttpClient>
    >()
  })

  it("a call about schedules fails with its own errors and the general ones", () => {
    type Method<Name extends keyof QStashSchedules.Service> = Outcome<QStashSchedules.Service[Name]>
    expectTypeOf<Method<"create">>().toEqualTypeOf<[ScheduleId, QStashQuotaExceeded | QStashError, never]>()
    expectTypeOf<Method<"get">>().toEqualTypeOf<[QStashSchedule, ScheduleNotFound | QStashError, never]>()
    expectTypeOf<Method<"list">>().toEqualTypeOf<[ReadonlyArray<QStashSchedule>, QStashError, never]>()
    expectTypeOf<Method<"delete">>().toEqualTypeOf<[void, ScheduleNotFound | QStashError, never]>()
    expectTypeOf<Method<"pause">>().toEqualTypeOf<[void, ScheduleNotFound | QStashError, never]>()
    expectTypeOf<Method<"resume">>().toEqualTypeOf<[void, ScheduleNotFound | QStashError, never]>()
  })

  it("and so does one about anything else", () => {
    expectTypeOf<Outcome<QStashMessages.Service["batch"]>>().toEqualTypeOf<
      [
        ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>,
        QStashQuotaExceeded | QStashError,
        never
      ]
    >()
    expectTypeOf<Outcome<QStashMessages.Service["cancel"]>>().toEqualTypeOf<
      [void, MessageNotFound | QStashError, never]
    >()
    expectTypeOf<Outcome<QStashMessages.Service["cancelMany"]>>().toEqualTypeOf<
      [number, QStashError, never]
    >()
    expectTypeOf<Outcome<QStashQueues.Service["get"]>>().toEqualTypeOf<
      [QStashQueue, QueueNotFound | QStashError, never]
    >()
    expectTypeOf<Outcome<QStashQueues.Service["delete"]>>().toEqualTypeOf<[void, QStashError, never]>()
    expectTypeOf<Outcome<QStashUrlGroups.Service["removeEndpoints"]>>().toEqualTypeOf<
      [void, UrlGroupNotFound | QStashError, never]
    >()
    expectTypeOf<Outcome<QStashUrlGroups.Service["delete"]>>().toEqualTypeOf<[void, QStashError, never]>()
    expectTypeOf<Outcome<QStashDlq.Service["list"]>>().toEqualTypeOf<[Page<DlqMessage>, QStashError, never]>()
    expectTypeOf<Outcome<QStashDlq.Service["stream"]>>().toEqualTypeOf<[DlqMessage, QStashError, never]>()
    expectTypeOf<Outcome<QStashDlq.Service["retry"]>>().toEqualTypeOf<
      [Published, DlqMessageNotFound | QStashQuotaExceeded | QStashError, never]
    >()
    expectTypeOf<Outcome<QStashFlowControl.Service["get"]>>().toEqualTypeOf<
      [FlowControlState, FlowControlKeyNotFound | QStashError, never]
    >()
    expectTypeOf<Outcome<QStashLogs.Service["stream"]>>().toEqualTypeOf<[LogEntry, QStashError, never]>()
    expectTypeOf<Outcome<QStashSigningKeys.Service["rotate"]>>().toEqualTypeOf<
      [SigningKeys, QStashError, never]
    >()
  })

  it("a publish answers what fits its destination", () => {
    const publish = (destination: "https://example.com" | URL) =>
      Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination }))
    expectTypeOf(publish).returns.toEqualTypeOf<
      Effect.Effect<Published, QStashQuotaExceeded | QStashError, QStashMessages>
    >()
    const urlGroup = UrlGroupName.make("team")
    const toGroup = Effect.flatMap(QStashMessages, (messages) =>
      messages.publish({ destination: { urlGroup } })
    )
    expectTypeOf(toGroup).toEqualTypeOf<
      Effect.Effect<ReadonlyArray<Published>, QStashQuotaExceeded | QStashError, QStashMessages>
    >()
  })

  it("options take what a user has at hand, and configuration any part of it", () => {
    expectTypeOf(QStashClient.layer).toBeCallableWith({
      token,
      url: new URL("http://localhost:8080"),
      requestTimeout: "5 seconds",
      retryBudget: 0
    })
    expectTypeOf(QStashClient.layerConfig).toBeCallableWith({ url: Config.string("MY_URL") })
    expectTypeOf(QStashClient.layerConfig).toBeCallableWith({ token: Config.redacted("MY_TOKEN") })
    // @ts-expect-error a token is redacted
    expectTypeOf(QStashClient.layer).toBeCallableWith({ token: "token" })
    // @ts-expect-error an id is branded
    expectTypeOf<QStashSchedules.Service["pause"]>().toBeCallableWith("nightly")
    // @ts-expect-error a name is branded
    expectTypeOf<QStashQueues.Service["pause"]>().toBeCallableWith("reports")
    // @ts-expect-error a group is named as one
    expectTypeOf<QStashMessages.Service["publish"]>().toBeCallableWith({ destination: { group: "team" } })
  })
})
