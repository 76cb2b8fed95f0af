/**
 * Runs the code of the guides. A block of the docs below `<!-- file: NAME -->` is the file `docs/NAME` next to this test,
 * so what runs here is what a reader copies.
 */
import { QStashMessages, QStashSigningKeys } from "@effect-qstash/domain"
import {
  DeliveryBodyMismatch,
  DeliveryTooLarge,
  QStashReceiver,
  SignatureInvalid,
  SignatureMalformed,
  SignatureMissing,
  SignatureWrongIssuer,
  SignatureWrongSubject,
  type VerifyError
} from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { HttpApiBuilder, HttpRouter, HttpServer, HttpServerResponse } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { ConfigProvider, Data, DateTime, Effect, Layer, Logger, LogLevel, Redacted, Schema } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { ApiLive, Mails } from "./docs/httpApi.ts"
import { ensureNightly, Report } from "./docs/schedule.ts"
import { delivery, ReceiverLive, worker } from "./docs/worker.ts"

class Down extends Data.TaggedError("Down") {}

type Job = () => Effect.Effect<void, Error>

/** A router with this job, and an HttpApi with this job. */
const router = (job: Job) =>
  QStashTest.layerApp(HttpRouter.empty.pipe(HttpRouter.post("/job", delivery(Report, job))))

const httpApi = (job: Job) =>
  Layer.unwrapEffect(Effect.map(HttpApiBuilder.httpApp, (app) => QStashTest.layerApp(app))).pipe(
    Layer.provide(ApiLive),
    Layer.provide([
      Layer.succeed(Mails, { send: job }),
      HttpApiBuilder.Router.Live,
      HttpApiBuilder.Middleware.layer,
      HttpServer.layerContext
    ])
  )

interface Example {
  readonly name: string
  readonly app: typeof router
  readonly path: string
  readonly payload: unknown
  readonly undecodable: ReadonlyArray<string>
  /** How often the signing keys were rotated before the delivery. */
  readonly rotations: number
  readonly success: number
}

const undecodable = ["", "not json", "{", "{}", "null", '{"tenant":7}', "\u0000"]

const examples: ReadonlyArray<Example> = [
  {
    name: "the router of getting-started.md",
    app: router,
    path: "/job",
    payload: { tenant: "acme" },
    undecodable,
    rotations: 0,
    success: 200
  },
  {
    name: "the HttpApi of getting-started.md",
    app: httpApi,
    path: "/mails",
    payload: { to: "ada@example.com", text: "Grüße, 世界" },
    undecodable,
    rotations: 0,
    success: 204
  },
  {
    name: "the worker of signing-keys.md after a rotation",
    app: router,
    path: "/job",
    payload: { tenant: "acme" },
    undecodable,
    rotations: 1,
    success: 200
  }
]

const receiver = QStashReceiver.layer({
  ...QStashTest.signingKeys,
  subject: { publicUrl: "https://api.example.com" }
})

const publish = (example: Example, body: string) =>
  Effect.gen(function* () {
    const messages = yield* QStashMessages
    yield* messages.publish({
      destination: `https://api.example.com${example.path}`,
      headers: { "Content-Type": "application/json" },
      body,
      retries: 1
    })
  })

/** What QStash saw: the status of each attempt, and how many messages it gave up. */
const outcome = Effect.gen(function* () {
  yield* QStashTest.advance("1 day")
  const statuses = (yield* QStashTest.deliveries).map(({ status }) => status)
  return { statuses, deadLetters: (yield* QStashTest.dlq).length }
})

/** What was logged as an error. */
const errorsTo = (lines: Array<string>) =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.map(Logger.logfmtLogger, (line) => {
      if (line.includes("level=ERROR")) lines.push(line)
    })
  )

const jobs: Readonly<Record<string, Job>> = {
  "fails with a typed error": () => new Down(),
  dies: () => Effect.die(new Error("the cause")),
  throws: () => {
    throw new Error("the cause")
  },
  // Platform alone would respond with 400, 404 and 400.
  "fails to decode something else": () => Effect.asVoid(Schema.decodeUnknown(Schema.Number)("x")),
  "does not find something": () => Effect.asVoid(Effect.fromNullable(null)),
  "dies with a response": () => Effect.die(HttpServerResponse.empty({ status: 400 }))
}

const verifyErrors: ReadonlyArray<VerifyError> = [
  new SignatureMissing(),
  new SignatureMalformed({ part: "token" }),
  new SignatureInvalid(),
  new SignatureWrongIssuer({ issuer: "Mallory" }),
  new SignatureWrongSubject({ subject: "https://a", expected: "https://b", source: "url" }),
  new DeliveryBodyMismatch(),
  new DeliveryTooLarge({ part: "body", size: 2, limit: 1 })
]

for (const example of examples) {
  const rotate = (times: number) =>
    Effect.flatMap(QStashSigningKeys, (keys) => Effect.repeatN(keys.rotate, times - 1)).pipe(
      Effect.when(() => times > 0)
    )

  describe(example.name, () => {
    it.effect("responds with success once the job is done", () => {
      const errors: Array<string> = []
      let runs = 0
      return Effect.gen(function* () {
        yield* rotate(example.rotations)
        yield* publish(example, JSON.stringify(example.payload))
        deepStrictEqual(yield* outcome, { statuses: [example.success], deadLetters: 0 })
        strictEqual(runs, 1)
        deepStrictEqual(errors, [])
      }).pipe(
        Effect.provide(
          example
            .app(() => Effect.sync(() => void runs++))
            .pipe(Layer.provide(receiver), Layer.provideMerge(errorsTo(errors)))
        )
      )
    })

    for (const [title, job] of Object.entries(jobs)) {
      it.effect(`responds with 500, logs why and is tried again if the job ${title}`, () => {
        const errors: Array<string> = []
        return Effect.gen(function* () {
          yield* rotate(example.rotations)
          yield* publish(example, JSON.stringify(example.payload))
          deepStrictEqual(yield* outcome, { statuses: [500, 500], deadLetters: 1 })
          strictEqual(errors.length, 2)
        }).pipe(
          Effect.provide(example.app(job).pipe(Layer.provide(receiver), Layer.provideMerge(errorsTo(errors))))
        )
      })
    }

    it.effect("gives up at once what does not decode", () =>
      Effect.gen(function* () {
        yield* rotate(example.rotations)
        for (const body of example.undecodable) yield* publish(example, body)
        deepStrictEqual(yield* outcome, {
          statuses: example.undecodable.map(() => 489),
          deadLetters: example.undecodable.length
        })
      }).pipe(
        Effect.provide(
          example
            .app(() => Effect.dieMessage("ran"))
            .pipe(Layer.provide(receiver), Layer.provideMerge(errorsTo([])))
        )
      )
    )

    it.effect("responds with 401 to a signature of an unknown key, and is tried again", () =>
      Effect.gen(function* () {
        yield* rotate(2)
        yield* publish(example, JSON.stringify(example.payload))
        deepStrictEqual(yield* outcome, { statuses: [401, 401], deadLetters: 1 })
      }).pipe(Effect.provide(example.app(() => Effect.dieMessage("ran")).pipe(Layer.provide(receiver))))
    )

    for (const error of verifyErrors) {
      it.effect(`responds with the status of ${error._tag}, and is tried again`, () =>
        Effect.gen(function* () {
          yield* publish(example, "not json")
          deepStrictEqual(yield* outcome, { statuses: [error.status, error.status], deadLetters: 1 })
        }).pipe(
          Effect.provide(
            example
              .app(() => Effect.dieMessage("ran"))
              .pipe(
                Layer.provide(
                  Layer.succeed(QStashReceiver.QStashReceiver, { verify: () => Effect.fail(error) })
                )
              )
          )
        )
      )
    }
  })
}

describe("the worker of getting-started.md", () => {
  it.effect("is called by the schedule, with its settings from the environment", () =>
    Effect.gen(function* () {
      const next = yield* ensureNightly
      strictEqual(next && DateTime.formatIso(next), "2025-01-01T03:00:00.000Z")
      deepStrictEqual(yield* outcome, { statuses: [200], deadLetters: 0 })
    }).pipe(
      Effect.provide(
        QStashTest.layerApp(worker).pipe(
          Layer.provide(ReceiverLive),
          Layer.provideMerge(
            Layer.setConfigProvider(
              ConfigProvider.fromMap(
                new Map([
                  ["PUBLIC_URL", "https://api.example.com"],
                  ["QSTASH_CURRENT_SIGNING_KEY", Redacted.value(QStashTest.signingKeys.currentSigningKey)],
                  ["QSTASH_NEXT_SIGNING_KEY", Redacted.value(QStashTest.signingKeys.nextSigningKey)]
                ])
              )
            )
          ),
          Layer.provide(Logger.minimumLogLevel(LogLevel.None))
        )
      )
    )
  )
})

describe("the files of docs/", () => {
  const guides = new URL("../../../docs/", import.meta.url)
  const blocks = readdirSync(guides)
    .filter((name) => name.endsWith(".md"))
    .flatMap((name) =>
      Array.from(
        readFileSync(new URL(name, guides), "utf8").matchAll(
          /<!-- file: (\S+) -->\n+```ts\n([\s\S]*?)^```$/gm
        )
      )
    )
    .map(([, name = "", text = ""]) => [name, text] as const)

  const files = new URL("docs/", import.meta.url)

  it("are the blocks of the guides, letter by letter", () => {
    const tested = readdirSync(files).map(
      (name) => [name, readFileSync(new URL(name, files), "utf8")] as const
    )
    deepStrictEqual(Object.fromEntries(tested), Object.fromEntries(blocks))
    assertInclude(Object.fromEntries(blocks)["worker.ts"], "Upstash-NonRetryable-Error")
  })
})
