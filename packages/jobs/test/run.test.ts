import {
  FlowControlKey,
  QStashFlowControl,
  QStashMessages,
  QueueName,
  QStashInvalidRequest,
  QStashUnavailable,
  type QStashServices,
  UrlGroupName
} from "@effect-qstash/domain"
import { Job, Jobs, Ledger, Plan, type Run } from "@effect-qstash/jobs"
import type { Worker } from "@effect-qstash/jobs/Worker"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Either, Layer, Option, Schema } from "effect"

const Tick = Job.make("tick", { payload: { n: Schema.Int }, settings: { retries: 3 } })
const Limited = Job.make("limited", {
  payload: { n: Schema.Int },
  settings: { flowControl: { key: FlowControlKey.make("limited"), parallelism: 1 } }
})
const jobs = Jobs.make("clockwork", Tick, Limited)

interface Seen {
  readonly at: string
  readonly job: string
  readonly key: string | undefined
  readonly attempt: number
  readonly scheduledFor: string
}

const zoned = Option.match({ onNone: () => "none", onSome: DateTime.formatIsoZoned })

/** Runs a test with handlers that note what their run says, then do what `work` says. */
const noting = <A, E>(
  test: (seen: ReadonlyArray<Seen>) => Effect.Effect<A, E, QStashServices | QStashTest.QStashTest | Worker>,
  options: { readonly start?: string; readonly work?: (run: Run) => Effect.Effect<void> } = {}
) => {
  const seen: Array<Seen> = []
  const note = (job: string) => (_: { readonly n: number }, run: Run) =>
    Effect.gen(function* () {
      const at = DateTime.formatIso(yield* DateTime.now)
      const scheduledFor = zoned(yield* run.scheduledFor)
      seen.push({ at, job, key: run.scheduleKey, attempt: run.attempt, scheduledFor })
      yield* options.work?.(run) ?? Effect.void
    })
  const services = Layer.mergeAll(
    jobs.toLayer({ tick: note("tick"), limited: note("limited") }),
    Ledger.layerNone,
    Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys)),
    Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" }))
  )
  return Effect.provide(
    Effect.suspend(() => test(seen)),
    QStashTest.serve(jobs.httpApp).pipe(
      Layer.provideMerge(services),
      Layer.provideMerge(QStashTest.layerWith({ start: options.start, settle: "100 millis" }))
    )
  )
}

const apply = (...schedules: ReadonlyArray<Job.Schedule>) =>
  Effect.flatMap(Plan.make(jobs, schedules), (plan) => Plan.apply(plan, { prune: true }))

describe("run", () => {
  it.effect("knows the firing at the first attempt, and the key of the schedule", () =>
    noting(
      (seen) =>
        Effect.gen(function* () {
          yield* apply(
            Tick.schedule({ key: "t42", cron: "CRON_TZ=Europe/Berlin 0 7 * * *", payload: { n: 1 } })
          )
          yield* QStashTest.advance("1 day")
          deepStrictEqual(seen, [
            {
              at: "2025-06-02T05:00:00.000Z",
              job: "tick",
              key: "t42",
              attempt: 1,
              scheduledFor: "2025-06-02T07:00:00.000+02:00[Europe/Berlin]"
            }
          ])
        }),
      { start: "2025-06-01T12:00:00Z" }
    )
  )

  it.effect("knows the firing at every retry", () =>
    noting(
      (seen) =>
        Effect.gen(function* () {
          yield* apply(Tick.schedule({ cron: "0 4 * * *", payload: { n: 1 } }))
          yield* QStashTest.advance("1 day")
          deepStrictEqual(
            seen.map(({ at, scheduledFor }) => [at, scheduledFor]),
            ["04:00:00", "04:00:12", "04:02:40", "04:32:48"].map((time) => [
              `2025-01-01T${time}.000Z`,
              "2025-01-01T04:00:00.000+00:00[UTC]"
            ])
          )
        }),
      { work: () => Effect.die("again") }
    )
  )

  it.effect("knows the firing of a message that is delivered hours later", () =>
    noting((seen) =>
      Effect.gen(function* () {
        const flowControl = yield* QStashFlowControl
        const key = FlowControlKey.make("limited")
        yield* apply(Limited.schedule({ cron: "0 * * * *", payload: { n: 1 } }))
        yield* QStashTest.advance("1 hour")
        yield* flowControl.pause(key)
        yield* QStashTest.advance("150 minutes")
        yield* flowControl.resume(key)
        yield* QStashTest.advance(0)
        deepStrictEqual(
          seen.map(({ at, scheduledFor }) => [at.slice(11, 16), scheduledFor.slice(11, 16)]),
          [
            ["01:00", "01:00"],
            ["03:30", "02:00"],
            ["03:30", "03:00"]
          ]
        )
      })
    )
  )

  it.effect("tells the two firings of a night whose hour comes twice apart", () =>
    noting(
      (seen) =>
        Effect.gen(function* () {
          yield* apply(Tick.schedule({ cron: "CRON_TZ=Europe/Berlin 30 2 * * *", payload: { n: 1 } }))
          yield* QStashTest.advance("2 days")
          deepStrictEqual(
            seen.map(({ scheduledFor }) => scheduledFor),
            [
              "2025-10-26T02:30:00.000+02:00[Europe/Berlin]",
              "2025-10-26T02:30:00.000+01:00[Europe/Berlin]",
              "2025-10-27T02:30:00.000+01:00[Europe/Berlin]"
            ]
          )
        }),
      { start: "2025-10-25T12:00:00Z" }
    )
  )

  it.effect("has no firing in a night whose hour does not come", () =>
    noting(
      (seen) =>
        Effect.gen(function* () {
          yield* apply(Tick.schedule({ cron: "CRON_TZ=Europe/Berlin 30 2 * * *", payload: { n: 1 } }))
          yield* QStashTest.advance("2 days")
          deepStrictEqual(
            seen.map(({ scheduledFor }) => scheduledFor),
            ["2025-03-31T02:30:00.000+02:00[Europe/Berlin]"]
          )
        }),
      { start: "2025-03-29T12:00:00Z" }
    )
  )

  it.effect("tells them apart when both are delivered late", () =>
    noting(
      (seen) =>
        Effect.gen(function* () {
          const flowControl = yield* QStashFlowControl
          const key = FlowControlKey.make("limited")
          yield* apply(Limited.schedule({ cron: "CRON_TZ=Europe/Berlin 30 2 * * *", payload: { n: 1 } }))
          yield* Limited.publish({ n: 1 })
          yield* QStashTest.advance(0)
          yield* flowControl.pause(key)
          yield* QStashTest.advance("3 hours")
          yield* flowControl.resume(key)
          yield* QStashTest.advance(0)
          deepStrictEqual(
            seen.map(({ at, scheduledFor }) => [at, scheduledFor]),
            [
              ["2025-10-25T23:00:00.000Z", "none"],
              ["2025-10-26T02:00:00.000Z", "2025-10-26T02:30:00.000+02:00[Europe/Berlin]"],
              ["2025-10-26T02:00:00.000Z", "2025-10-26T02:30:00.000+01:00[Europe/Berlin]"]
            ]
          )
        }),
      { start: "2025-10-25T23:00:00Z" }
    )
  )

  it.effect("knows it when a retry comes after the clocks went forward, for each job of a group", () =>
    noting(
      (seen) =>
        Effect.gen(function* () {
          const both = Job.urlGroup(UrlGroupName.make("both"), Tick, Limited)
          yield* apply(
            Tick.schedule({ cron: "CRON_TZ=Europe/Berlin 30 1 * * *", payload: { n: 1 }, to: both })
          )
          yield* QStashTest.advance("2 hours")
          deepStrictEqual(
            seen.map(({ at, job, scheduledFor }) => [at.slice(11, 19), job, scheduledFor]),
            ["00:30:00", "00:30:12", "00:32:40", "01:02:48"].flatMap((at) =>
              ["tick", "limited"].map((job) => [at, job, "2025-03-30T01:30:00.000+01:00[Europe/Berlin]"])
            )
          )
        }),
      { start: "2025-03-30T00:00:00Z", work: () => Effect.die("again") }
    )
  )

  it.effect("keeps it when the cron changes before the message is delivered", () =>
    noting((seen) =>
      Effect.gen(function* () {
        const flowControl = yield* QStashFlowControl
        const key = FlowControlKey.make("limited")
        yield* apply(Limited.schedule({ cron: "0 * * * *", payload: { n: 1 } }))
        yield* QStashTest.advance("1 hour")
        yield* flowControl.pause(key)
        yield* QStashTest.advance("1 hour")
        yield* apply(Limited.schedule({ cron: "30 * * * *", payload: { n: 1 } }))
        yield* QStashTest.advance("40 minutes")
        yield* flowControl.resume(key)
        yield* QStashTest.advance(0)
        deepStrictEqual(
          seen.map(({ scheduledFor }) => scheduledFor.slice(11, 16)),
          ["01:00", "02:00", "02:30"]
        )
      })
    )
  )

  it.effect("rounds the time at which QStash made the message down to a firing", () =>
    noting(
      (seen) =>
        Effect.gen(function* () {
          yield* (yield* QStashMessages).publish({
            destination: "https://api.example.com/jobs/tick",
            body: `{"n":1}`,
            headers: { "Job-Schedule-Cron": "CRON_TZ=Europe/Berlin 0 4 * * *" }
          })
          yield* QStashTest.advance(0)
          deepStrictEqual(
            seen.map(({ scheduledFor }) => scheduledFor),
            ["2025-06-01T04:00:00.000+02:00[Europe/Berlin]"]
          )
        }),
      { start: "2025-06-01T02:00:41Z" }
    )
  )

  it.effect("knows the firing for each job of a URL group", () =>
    noting((seen) =>
      Effect.gen(function* () {
        const both = Job.urlGroup(UrlGroupName.make("both"), Tick, Limited)
        yield* apply(Tick.schedule({ key: "group", cron: "0 4 * * *", payload: { n: 1 }, to: both }))
        yield* QStashTest.advance("5 hours")
        deepStrictEqual(
          seen.map(({ job, key, scheduledFor }) => [job, key, scheduledFor]),
          ["tick", "limited"].map((job) => [job, "group", "2025-01-01T04:00:00.000+00:00[UTC]"])
        )
      })
    )
  )

  it.effect("has no firing for a message that was published", () =>
    noting((seen) =>
      Effect.gen(function* () {
        yield* Tick.publish({ n: 1 })
        yield* QStashTest.advance(0)
        deepStrictEqual(
          seen.map(({ key, scheduledFor }) => [key, scheduledFor]),
          [[undefined, "none"]]
        )
      })
    )
  )

  it.effect("has none rather than a wrong one if QStash has forgotten the message, or cannot be asked", () =>
    noting((seen) =>
      Effect.gen(function* () {
        yield* apply(Tick.schedule({ cron: "0 4 * * *", payload: { n: 1 } }))
        yield* QStashTest.failNext(
          "QStashMessages.get",
          new QStashUnavailable({ reason: "no response in time" })
        )
        yield* QStashTest.advance("5 hours")
        const [first] = yield* QStashTest.deliveries
        if (first !== undefined) yield* QStashTest.redeliver(first.messageId)
        yield* QStashTest.advance("1 day")
        deepStrictEqual(
          seen.map(({ scheduledFor }) => scheduledFor),
          ["none", "none", "2025-01-02T04:00:00.000+00:00[UTC]"]
        )
      })
    )
  )

  it.effect("knows the firings before and after it", () =>
    noting(
      (seen) =>
        Effect.gen(function* () {
          yield* apply(Tick.schedule({ cron: "0 4 * * *", payload: { n: 1 } }))
          yield* QStashTest.advance("5 hours")
          deepStrictEqual(seen.length, 1)
          deepStrictEqual(yield* QStashTest.messages, [])
        }),
      {
        work: (run) =>
          Effect.gen(function* () {
            yield* Effect.void
            deepStrictEqual(zoned(yield* run.scheduledFor), "2025-01-01T04:00:00.000+00:00[UTC]")
            deepStrictEqual(zoned(yield* run.previous), "2024-12-31T04:00:00.000+00:00[UTC]")
            deepStrictEqual((yield* run.upcoming(2)).map(DateTime.formatIsoZoned), [
              "2025-01-02T04:00:00.000+00:00[UTC]",
              "2025-01-03T04:00:00.000+00:00[UTC]"
            ])
          })
      }
    )
  )
})

describe("trigger and backfill", () => {
  const nightly = Tick.schedule({ key: "eu", cron: "CRON_TZ=Europe/Berlin 0 4 * * *", payload: { n: 7 } })

  it.effect("runs a schedule now, with its payload and key", () =>
    noting((seen) =>
      Effect.gen(function* () {
        yield* Job.trigger(nightly)
        yield* QStashTest.advance(0)
        deepStrictEqual(
          seen.map(({ key, scheduledFor }) => [key, scheduledFor]),
          [["eu", "none"]]
        )
      })
    )
  )

  it.effect("publishes one message for each firing of a range, once", () =>
    noting((seen) =>
      Effect.gen(function* () {
        const range = { from: "2024-12-28T03:00:00Z", until: "2024-12-31T03:00:00Z" }
        deepStrictEqual(
          Job.firings(nightly, range).map(DateTime.formatIso),
          ["28", "29", "30"].map((day) => `2024-12-${day}T03:00:00.000Z`)
        )
        yield* Job.backfill(nightly, range)
        const again = yield* Job.backfill(nightly, range)
        deepStrictEqual(
          again.map(({ result }) => Option.getOrThrow(Option.getRight(result)).isDeduplicated),
          [true, true, true]
        )
        yield* QStashTest.advance(0)
        deepStrictEqual(
          seen.map(({ key, scheduledFor }) => [key, scheduledFor]),
          ["28", "29", "30"].map((day) => ["eu", `2024-12-${day}T04:00:00.000+01:00[Europe/Berlin]`])
        )
      })
    )
  )

  it.effect("backfills both firings of a night whose hour comes twice", () =>
    noting((seen) =>
      Effect.gen(function* () {
        const halfPastTwo = Tick.schedule({ cron: "CRON_TZ=Europe/Berlin 30 2 * * *", payload: { n: 1 } })
        yield* Job.backfill(halfPastTwo, { from: "2024-10-27T00:00:00Z", until: "2024-10-28T00:00:00Z" })
        yield* QStashTest.advance(0)
        deepStrictEqual(
          seen.map(({ scheduledFor }) => scheduledFor),
          ["+02:00", "+01:00"].map((offset) => `2024-10-27T02:30:00.000${offset}[Europe/Berlin]`)
        )
      })
    )
  )

  it.effect("backfills more than one batch", () =>
    noting((seen) =>
      Effect.gen(function* () {
        const minutes = Tick.schedule({ cron: "* * * * *", payload: { n: 1 } })
        yield* Job.backfill(minutes, { from: "2024-12-31T00:00:00Z", until: "2024-12-31T04:10:00Z" })
        yield* QStashTest.advance("1 minute")
        deepStrictEqual(seen.length, 250)
        deepStrictEqual(new Set(seen.map(({ scheduledFor }) => scheduledFor)).size, 250)
      })
    )
  )
})

describe("publishing", () => {
  it.effect("puts a message into a queue without the job's flow control", () =>
    noting((seen) =>
      Effect.gen(function* () {
        yield* Limited.enqueue(QueueName.make("slow"), { n: 1 }, { labels: ["mine"] })
        const [message] = yield* QStashTest.messages
        deepStrictEqual(
          [message?.queueName, message?.flowControlKey, message?.labels],
          ["slow", undefined, ["mine"]]
        )
        yield* QStashTest.advance(0)
        deepStrictEqual(seen.length, 1)
      })
    )
  )

  it.effect("rejects a key that is not well-formed", () =>
    noting(() =>
      Effect.gen(function* () {
        const Keyed = Job.make("keyed", { payload: { key: Schema.String }, key: ({ key }) => key })
        const error = yield* Effect.flip(Keyed.publish({ key: "\ud800" }))
        deepStrictEqual(error.message, "The request was not sent: key: is not well-formed Unicode")
        const first = yield* Keyed.publish({ key: "a: b" })
        const again = yield* Keyed.publish({ key: "a: b" })
        deepStrictEqual([again.messageId, again.isDeduplicated], [first.messageId, true])
      })
    )
  )

  it.effect("takes messages of two environments with the same key for two", () =>
    noting(() =>
      Effect.gen(function* () {
        const Keyed = Job.make("keyed", { payload: { key: Schema.String }, key: ({ key }) => key })
        const preview = Layer.orDie(
          Jobs.layer({ url: "https://preview.example.com", environment: "preview" })
        )
        yield* Keyed.publish({ key: "a" })
        const other = yield* Effect.provide(Keyed.publish({ key: "a" }), preview)
        const again = yield* Effect.provide(Keyed.publish({ key: "a" }), preview)
        deepStrictEqual([other.isDeduplicated, again.isDeduplicated], [false, true])
      })
    )
  )

  it.effect("puts many messages into one batch", () =>
    noting((seen) =>
      Effect.gen(function* () {
        const results = yield* Tick.publishMany([{ n: 1 }, { n: 2 }, { n: 3 }])
        deepStrictEqual(results.map(Option.getRight).map(Option.isSome), [true, true, true])
        yield* QStashTest.advance(0)
        deepStrictEqual(seen.length, 3)
      })
    )
  )

  it.effect("says of each message of a batch whether QStash takes it", () =>
    noting(() =>
      Effect.gen(function* () {
        const messages = yield* QStashMessages
        const error = new QStashInvalidRequest({ reason: "too large" })
        const refused = Either.left(error)
        let batches = 0
        const results = yield* Effect.provideService(
          Tick.publishMany([{ n: 1 }, { n: 2 }, { n: 3 }]),
          QStashMessages,
          {
            ...messages,
            // The second one is refused.
            batch: (all) =>
              Effect.map(messages.batch(all), ([first = refused, , third = refused]) => {
                batches += 1
                return [first, refused, third]
              })
          }
        )
        deepStrictEqual(batches, 1)
        deepStrictEqual(
          results.map(
            Either.match({ onLeft: ({ message }) => message, onRight: ({ messageId }) => messageId })
          ),
          ["msg_1", error.message, "msg_3"]
        )
      })
    )
  )

  it.effect("sends nothing if a payload does not encode, and names its place", () =>
    noting(() =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Tick.publishMany([{ n: 1 }, { n: 1.5 }]))
        deepStrictEqual(
          error.message,
          "The request was not sent: [1].body: payload.n does not match its schema"
        )
        deepStrictEqual(yield* QStashTest.messages, [])
      })
    )
  )
})
