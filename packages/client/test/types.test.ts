import { QStashClient, type QStashClientMisconfigured } from "@effect-qstash/client"
import {
  type QStashError,
  type QStashQuotaExceeded,
  type QStashSchedule,
  type QStashSchedules,
  type ScheduleId,
  type ScheduleNotFound
} from "@effect-qstash/domain"
import type { HttpClient } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { Config, type ConfigError, type Effect, type Layer, Redacted } from "effect"
import { expectTypeOf } from "vitest"

const token = Redacted.make("token")

describe("types", () => {
  it("the layers say what they need, give and can fail with", () => {
    expectTypeOf(QStashClient.layer({ token })).toEqualTypeOf<
      Layer.Layer<QStashSchedules, QStashClientMisconfigured, HttpClient.HttpClient>
    >()
    expectTypeOf(QStashClient.layerConfig()).toEqualTypeOf<
      Layer.Layer<QStashSchedules, ConfigError.ConfigError, HttpClient.HttpClient>
    >()
    expectTypeOf(QStashClient.makeSchedules({ token })).toEqualTypeOf<
      Effect.Effect<QStashSchedules.Service, QStashClientMisconfigured, HttpClient.HttpClient>
    >()
  })

  it("a call fails with its own errors and the general ones", () => {
    type Fails<T> = T extends Effect.Effect<infer A, infer E, infer R> ? [A, E, R] : never
    type Method<Name extends keyof QStashSchedules.Service> = QStashSchedules.Service[Name] extends (
      ...input: never
    ) => infer Call
      ? Fails<Call>
      : Fails<QStashSchedules.Service[Name]>
    expectTypeOf<Method<"create">>().toEqualTypeOf<[ScheduleId, QStashQuotaExceeded | QStashError, never]>()
    expectTypeOf<Method<"get">>().toEqualTypeOf<[QStashSchedule, ScheduleNotFound | QStashError, never]>()
    expectTypeOf<Method<"list">>().toEqualTypeOf<[ReadonlyArray<QStashSchedule>, QStashError, never]>()
    expectTypeOf<Method<"delete">>().toEqualTypeOf<[void, ScheduleNotFound | QStashError, never]>()
    expectTypeOf<Method<"pause">>().toEqualTypeOf<[void, ScheduleNotFound | QStashError, never]>()
    expectTypeOf<Method<"resume">>().toEqualTypeOf<[void, ScheduleNotFound | QStashError, never]>()
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
  })
})
