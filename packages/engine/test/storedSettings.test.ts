import {
  CreateSchedule,
  DeduplicationId,
  FlowControlKey,
  type MessageSettings,
  PublishMessage,
  QueueName,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import type { DeliveryResponse } from "@effect-qstash/engine/Rows"
import {
  StoredMessageSettings,
  StoredResponse,
  StoredScheduleSettings
} from "@effect-qstash/engine/StoredSettings"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Either, Effect, FastCheck, Schema } from "effect"

const json = <A, I>(schema: Schema.Schema<A, I>) => Schema.parseJson(schema)

const none = { requiredKeys: [] }

const span = FastCheck.oneof(
  FastCheck.nat(600).map(Duration.seconds),
  FastCheck.constantFrom("1 day" as const, "1 week" as const)
)
const retryDelay = FastCheck.constantFrom("1000", "1000 * (1 + retried)", "min(86400000, exp(2.5*retried))")
const method = FastCheck.constantFrom("GET" as const, "POST" as const, "DELETE" as const)
const text = FastCheck.stringMatching(/^[ -~]{0,20}$/)
const headers = FastCheck.dictionary(
  FastCheck.oneof(FastCheck.stringMatching(/^[A-Za-z0-9-]{1,8}$/), FastCheck.constant("__proto__")),
  FastCheck.oneof(text, FastCheck.array(text, { minLength: 1, maxLength: 3 })),
  { maxKeys: 4 }
)
const body = FastCheck.oneof(FastCheck.string({ unit: "binary" }), FastCheck.uint8Array())
const callback = FastCheck.oneof(
  FastCheck.constant("https://done.example.com/a?b=c"),
  FastCheck.record({ method, timeout: span, retries: FastCheck.nat(5), retryDelay, headers }, none).map(
    (rest) => ({
      url: "https://done.example.com",
      ...rest
    })
  )
)
const limit = FastCheck.integer({ min: 1, max: 100 })
const key = FastCheck.constantFrom(FlowControlKey.make("api"), FlowControlKey.make("a b/ü"))
const flowControl = FastCheck.oneof(
  FastCheck.record({ key, parallelism: limit }),
  FastCheck.record({ key, rate: limit, period: span }),
  FastCheck.record({ key, parallelism: limit, rate: limit })
)
const destination = FastCheck.constantFrom("https://api.example.com/jobs?a=%20", {
  urlGroup: UrlGroupName.make("group")
})

const common = {
  method,
  headers,
  body,
  retries: FastCheck.nat(5),
  retryDelay,
  timeout: span,
  callback,
  failureCallback: callback,
  flowControl,
  labels: FastCheck.array(FastCheck.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 3 }),
  redact: FastCheck.constantFrom({ body: true }, { headers: true as const }, { headers: ["Authorization"] })
}

const message = FastCheck.tuple(
  destination,
  FastCheck.record(common, none),
  FastCheck.constantFrom(
    {},
    { delay: "1 minute" as const },
    { notBefore: 1_800_000_000_000 },
    { deduplicationId: DeduplicationId.make("once") },
    { contentBasedDeduplication: true }
  )
).map(([to, rest, when]) => PublishMessage.make({ destination: to, ...rest, ...when }))

const schedule = FastCheck.tuple(
  destination,
  FastCheck.constantFrom("* * * * *", "CRON_TZ=Europe/Berlin 30 4 * * 1-5", "@daily"),
  FastCheck.record(
    {
      ...common,
      delay: span,
      queueName: FastCheck.constant(QueueName.make("mail")),
      scheduleId: FastCheck.constant(ScheduleId.make("nightly"))
    },
    none
  )
).map(([to, cron, rest]) => CreateSchedule.make({ destination: to, cron, ...rest }))

/** What comes back after it was text. */
const stored = <A, I>(schema: Schema.Schema<A, I>, value: A): Effect.Effect<A> =>
  Effect.orDie(
    Effect.flatMap(Schema.encode(json(schema))(value), (kept) => Schema.decode(json(schema))(kept))
  )

describe("what a Store keeps outside of the process", () => {
  it.effect.prop("has the settings of every message, as they were", [message], ([made]) =>
    Effect.gen(function* () {
      if (Either.isLeft(made)) return
      const back: MessageSettings = yield* stored(StoredMessageSettings, made.right)
      deepStrictEqual<unknown>(back, made.right)
    })
  )

  it.effect.prop("has the settings of every schedule, as they were", [schedule], ([made]) =>
    Effect.gen(function* () {
      if (Either.isLeft(made)) return
      const back: CreateSchedule = yield* stored(StoredScheduleSettings, made.right)
      deepStrictEqual<unknown>(back, made.right)
      // A message of it has the same settings.
      deepStrictEqual<unknown>(yield* stored(StoredMessageSettings, made.right), made.right)
    })
  )

  it("is tried with settings that are valid, for the most part", () => {
    assertTrue(FastCheck.sample(message, 200).filter(Either.isRight).length > 100)
    assertTrue(FastCheck.sample(schedule, 200).filter(Either.isRight).length > 100)
  })

  it.effect.prop(
    "has every response, as it was",
    [
      FastCheck.record(
        {
          status: FastCheck.integer({ min: 100, max: 599 }),
          headers: FastCheck.dictionary(
            FastCheck.constantFrom("content-type", "__proto__", "1", "set-cookie"),
            FastCheck.oneof(text, FastCheck.array(text), FastCheck.constant(undefined))
          ).map((record) => Object.fromEntries(Object.entries(record))),
          body: FastCheck.uint8Array()
        },
        { requiredKeys: ["status", "headers"] }
      )
    ],
    ([response]) =>
      Effect.gen(function* () {
        const back: DeliveryResponse = yield* stored(StoredResponse, response)
        deepStrictEqual<unknown>(back, response)
      })
  )

  it.effect("may leave the body to a column of its own", () =>
    Effect.gen(function* () {
      const { body: bytes, ...rest } = yield* PublishMessage.make({
        destination: "https://api.example.com",
        body: "text"
      })
      const back = yield* stored(StoredMessageSettings, rest)
      strictEqual("body" in back, false)
      strictEqual(bytes?.length, 4)
    })
  )
})
