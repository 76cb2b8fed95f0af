import {
  CreateSchedule,
  CronExpression,
  FlowControlKey,
  InvalidCronExpression,
  PublishMessage,
  QStashInvalidRequest,
  QStashMessages,
  QStashSchedules
} from "@effect-qstash/domain"
import * as DlqInput from "@effect-qstash/domain/input/DlqInput"
import * as FlowControlInput from "@effect-qstash/domain/input/FlowControlInput"
import * as QueueInput from "@effect-qstash/domain/input/QueueInput"
import * as UrlGroupInput from "@effect-qstash/domain/input/UrlGroupInput"
import * as MessageRequest from "@effect-qstash/domain/wire/MessageRequest"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Either, Schema } from "effect"
import { checked } from "./support.ts"

const destination = "https://example.com"

/** As JavaScript without types calls it. */
const message = (options: object) =>
  Either.mapLeft(
    PublishMessage.make({ destination, ...options }),
    ({ field, reason }) => `${field}: ${reason}`
  )
const schedule = (options: object) =>
  Either.mapLeft(
    CreateSchedule.make({ destination, cron: "* * * * *", ...options }),
    ({ field, reason }) => `${field}: ${reason}`
  )

describe("headers", () => {
  it.each([
    [new Headers({ "X-A": "1" }), "a Headers"],
    [new Map([["X-A", "1"]]), "a Map"],
    [new URLSearchParams("a=1"), "a URLSearchParams"],
    [[["X-A", "1"]], "an array"]
  ])("that are entries are refused, with what to write: %s", (headers, shown) => {
    const reason = `expected an object of header names and values, got ${shown}: write Object.fromEntries(headers)`
    deepStrictEqual(message({ headers }), Either.left(`headers: ${reason}`))
    deepStrictEqual(schedule({ headers }), Either.left(`headers: ${reason}`))
    deepStrictEqual(
      message({ callback: { url: destination, headers } }),
      Either.left(`callback.headers: ${reason}`)
    )
    deepStrictEqual(
      checked(PublishMessage.make({ destination, headers: Object.fromEntries(headers) })).headers,
      headers instanceof URLSearchParams ? { A: ["1"] } : { "X-A": ["1"] }
    )
  })

  it("that are an object without properties of its own are refused", () => {
    for (const [headers, shown] of [
      [new Date(0), "a Date"],
      [new Blob([]), "a Blob"],
      [Promise.resolve({}), "a Promise"]
    ] as const) {
      deepStrictEqual(
        message({ headers }),
        Either.left(`headers: expected an object of header names and values, got ${shown}`)
      )
    }
  })

  it("may be any object whose own properties they are", () => {
    class Own {
      readonly "X-A" = "1"
    }
    const none: object = Object.assign(Object.create(null), { "X-A": "1" })
    for (const headers of [new Own(), none]) {
      assertTrue(Either.isRight(message({ headers })))
      deepStrictEqual(Either.getOrThrow(message({ headers })).headers, { "X-A": ["1"] })
    }
    assertTrue(Either.isRight(message({ headers: Object.create(null) })))
  })

  const useOption = (name: string) => `use the option "${name}" instead`
  it.each([
    ["Upstash-Retries", useOption("retries")],
    ["upstash-RETRY-delay", useOption("retryDelay")],
    ["Upstash-Method", useOption("method")],
    ["Upstash-Timeout", useOption("timeout")],
    ["Upstash-Delay", useOption("delay")],
    ["Upstash-Not-Before", useOption("notBefore")],
    ["Upstash-Deduplication-Id", useOption("deduplicationId")],
    ["Upstash-Content-Based-Deduplication", useOption("contentBasedDeduplication")],
    ["Upstash-Flow-Control-Key", useOption("flowControl.key")],
    ["Upstash-Flow-Control-Value", useOption("flowControl")],
    ["Upstash-Label", useOption("labels")],
    ["Upstash-Redact-Fields", useOption("redact")],
    ["Upstash-Callback", useOption("callback")],
    ["Upstash-Callback-Retries", useOption("callback.retries")],
    ["Upstash-Failure-Callback-Method", useOption("failureCallback.method")],
    ["Upstash-Callback-Forward-X-A", 'write "x-a" in "callback.headers"'],
    ["Upstash-Callback-Delay", "a callback cannot be delayed"],
    ["Upstash-Queue-Name", useOption("queueName")],
    ["Upstash-Cron", "create a schedule instead"],
    ["Upstash-Forward-X-A", 'headers are forwarded as they are, so write "x-a"'],
    ["Upstash-Header-Forward", "headers are forwarded as they are, so leave it out"],
    ["Upstash-Workflow-RunId", "effect-qstash does not support Upstash Workflow"],
    ["Upstash-Forward-Upstash-Workflow-RunId", "effect-qstash does not support Upstash Workflow"],
    ["Upstash-Forward-Upstash-Retries", useOption("retries")],
    ["Upstash-Signature", "QStash reserves names that start with Upstash-, so use another name"]
  ])("of QStash itself are refused, with what to write: %s", (name, instead) => {
    const refusal = Either.getOrThrow(Either.flip(message({ headers: { [name]: "1" } })))
    assertInclude(refusal, `would not control QStash: ${instead}`)
  })

  it("of QStash itself are refused in a callback, with the callback's own option", () => {
    const callback = { url: destination, headers: { "Upstash-Retries": "1" } }
    for (const name of ["callback", "failureCallback"]) {
      assertInclude(
        Either.getOrThrow(Either.flip(message({ [name]: callback }))),
        useOption(`${name}.retries`)
      )
    }
  })

  it("of QStash itself are refused in a schedule, which has other options", () => {
    const refusal = (name: string) => Either.getOrThrow(Either.flip(schedule({ headers: { [name]: "1" } })))
    assertInclude(refusal("Upstash-Cron"), useOption("cron"))
    assertInclude(refusal("Upstash-Schedule-Id"), useOption("scheduleId"))
    assertInclude(refusal("Upstash-Not-Before"), "a schedule has no such option")
    assertInclude(refusal("Upstash-Deduplication-Id"), "a schedule has no such option")
  })

  it("of QStash itself are forwarded where the raw wire asks for it", () => {
    const headers = {
      "Upstash-Forward-Upstash-Workflow-RunId": "wfr_1",
      "Upstash-Forward-Upstash-Retries": "1"
    }
    deepStrictEqual(
      checked(MessageRequest.decode({ target: destination, headers, body: new Uint8Array() })).headers,
      { "Upstash-Workflow-Runid": ["wfr_1"], "Upstash-Retries": ["1"] }
    )
  })
})

describe("a body", () => {
  it.each([{ a: 1 }, [1], new Date(0), new Map(), new Blob([]), 5, new ArrayBuffer(1)])(
    "that is neither text nor bytes is refused, with the helpers that encode it: %s",
    (body) => {
      deepStrictEqual(
        message({ body }),
        Either.left(
          "body: expected text or bytes; use publishJson, enqueueJson or batchJson to send a value as JSON"
        )
      )
      deepStrictEqual(
        schedule({ body }),
        Either.left("body: expected text or bytes; use createJson or upsertJson to send a value as JSON")
      )
    }
  )

  const publish = (body: unknown) =>
    QStashMessages.publishJson(Schema.Unknown, { destination, body }).pipe(
      Effect.map(() => "sent"),
      Effect.catchTag("QStashInvalidRequest", ({ reason }) => Effect.succeed(reason)),
      Effect.provideService(QStashMessages, untouched)
    )
  const untouched = QStashMessages.of({
    publish: () => Effect.dieMessage("published"),
    enqueue: () => Effect.dieMessage("enqueued"),
    batch: () => Effect.dieMessage("sent"),
    get: () => Effect.dieMessage("read"),
    cancel: () => Effect.dieMessage("cancelled"),
    cancelMany: () => Effect.dieMessage("cancelled")
  })

  it.effect("of JSON that would lose what it holds is refused", () =>
    Effect.gen(function* () {
      const lost = (what: string) => `cannot be encoded: ${what}, which JSON would write as {}`
      strictEqual(yield* publish({ users: new Map([["a", 1]]) }), lost('"users" is a Map'))
      strictEqual(yield* publish(new Set(["secret"])), lost("the value is a Set"))
      strictEqual(yield* publish([{ file: new Blob(["secret"]) }]), lost('"0.file" is a Blob'))
      strictEqual(yield* publish(undefined), "cannot be encoded: JSON has no undefined")
      const refused = (what: string) => `cannot be encoded: ${what}`
      strictEqual(yield* publish({ a: [{ n: 5n }] }), refused('"a.0.n" is a bigint, and JSON has no bigint'))
      strictEqual(yield* publish({ a: {}, b: NaN }), refused('"b" is NaN, and JSON has no NaN'))
      strictEqual(yield* publish([1, -Infinity]), refused('"1" is -Infinity, and JSON has no -Infinity'))
      const cycle: Record<string, unknown> = { same: {} }
      cycle["a"] = [cycle["same"], cycle["same"], cycle]
      strictEqual(yield* publish(cycle), refused('"a.2" is part of itself, and JSON cannot write a cycle'))
    })
  )
})

describe("a flow-control key", () => {
  it.each([".", ".."])("that cannot be read back is refused where a message would use it: %s", (key) => {
    assertTrue(Either.isLeft(Schema.decodeEither(FlowControlKey)(key)))
    assertTrue(Either.isLeft(message({ flowControl: { key, parallelism: 1 } })))
    const headers = { "Upstash-Flow-Control-Key": key, "Upstash-Flow-Control-Value": "parallelism=1" }
    assertTrue(Either.isLeft(MessageRequest.decode({ target: destination, headers, body: new Uint8Array() })))
  })
})

describe("arguments of the helpers", () => {
  const refused = (helper: (...input: ReadonlyArray<never>) => unknown, ...input: ReadonlyArray<unknown>) => {
    const called: Effect.Effect<unknown, QStashInvalidRequest, QStashMessages | QStashSchedules> =
      Reflect.apply(helper, undefined, input)
    return called.pipe(
      Effect.flip,
      Effect.map(({ field = "", reason }) => `${field}: ${reason}`),
      Effect.provideService(QStashMessages, messages),
      Effect.provideService(QStashSchedules, schedules)
    )
  }
  const messages = QStashMessages.of({
    publish: (input) => Effect.zipRight(PublishMessage.make(input), Effect.dieMessage("published")),
    enqueue: (_, input) => Effect.zipRight(PublishMessage.make(input), Effect.dieMessage("enqueued")),
    batch: (input) => new QStashInvalidRequest({ reason: `got ${JSON.stringify(input)}` }),
    get: () => Effect.dieMessage("read"),
    cancel: () => Effect.dieMessage("cancelled"),
    cancelMany: () => Effect.dieMessage("cancelled")
  })
  const schedules = QStashSchedules.of({
    create: (input) => Effect.zipRight(CreateSchedule.make(input), Effect.dieMessage("created")),
    get: () => Effect.dieMessage("read"),
    list: Effect.dieMessage("listed"),
    delete: () => Effect.dieMessage("deleted"),
    pause: () => Effect.dieMessage("paused"),
    resume: () => Effect.dieMessage("resumed")
  })

  it.effect("that are no objects are refused as by the service itself", () =>
    Effect.gen(function* () {
      const S = Schema.Unknown
      const noMessage = ": expected the options of a message, got undefined"
      strictEqual(yield* refused(QStashMessages.publishJson, S, undefined), noMessage)
      strictEqual(yield* refused(QStashMessages.enqueueJson, S, "mails", undefined), noMessage)
      strictEqual(yield* refused(QStashMessages.batchJson, S, {}), ": got {}")
      strictEqual(yield* refused(QStashMessages.batchJson, S, [null]), ": got [null]")
      const noSchedule = ": expected the options of a schedule, got undefined"
      strictEqual(yield* refused(QStashSchedules.upsert, undefined), noSchedule)
      strictEqual(yield* refused(QStashSchedules.createJson, S, undefined), noSchedule)
      strictEqual(yield* refused(QStashSchedules.upsertJson, S, undefined), noSchedule)
    })
  )

  it.effect("of upsert are checked before anything is read", () =>
    Effect.gen(function* () {
      const options = { scheduleId: "nightly", cron: "* * * * *", destination, isPaused: "false" }
      strictEqual(
        yield* refused(QStashSchedules.upsert, options),
        'isPaused: expected true or false, got "false"'
      )
    })
  )

  it("of a cron expression are text", () => {
    for (const input of [5, undefined, {}]) {
      const parsed: Either.Either<unknown, unknown> = Reflect.apply(
        (text: string) => CronExpression.parse(text),
        undefined,
        [input]
      )
      assertTrue(Either.isLeft(parsed) && parsed.left instanceof InvalidCronExpression)
    }
  })
})

describe("unknown keys", () => {
  it("of a queue, an endpoint, a pin, an unpin and a retry are refused", () => {
    const isUnknown = (
      check: (input: never) => Either.Either<unknown, QStashInvalidRequest>,
      input: unknown
    ) => {
      const outcome: Either.Either<unknown, QStashInvalidRequest> = Reflect.apply(check, undefined, [input])
      assertTrue(Either.isLeft(outcome))
      assertInclude(outcome.left.reason, "is not an option of")
      return outcome.left.field
    }
    strictEqual(isUnknown(QueueInput.checkUpsert, { queueName: "mails", paused: true }), "paused")
    strictEqual(isUnknown(FlowControlInput.checkPin, { rate: 1, perriod: 5 }), "perriod")
    strictEqual(isUnknown(FlowControlInput.checkUnpin, { rate: true, period: true }), "period")
    strictEqual(isUnknown(DlqInput.checkRetry, { retry: 1 }), "retry")
    const nmae = [{ url: destination, nmae: "a" }]
    strictEqual(isUnknown(UrlGroupInput.checkEndpoints, nmae), "endpoints[0].nmae")
  })
})
