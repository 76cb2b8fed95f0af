import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import * as Signer from "@effect-qstash/engine/Signer"
import * as QStashTest from "@effect-qstash/testing/QStashTest"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { cpuMicros, micros, ratioOf, type Row } from "./measure.ts"

const destination = "https://api.example.com/jobs/minute"
const body = '{"tenant":"acme"}'
const minutesOfAYear = 525_600
/** Many, so that what keeps the machine busy for a second spoils few of them. */
const slices = 120

/** An app that does what every worker does first: read the body. */
const app = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
  Effect.map(request.text, (text) => HttpServerResponse.empty({ status: text === body ? 200 : 400 }))
)

/** A year of minutes, signed and delivered, against the CPU time that signing as often takes in the same run. */
const year = (
  what: string,
  minutes: number,
  home: Layer.Layer<QStashSchedules | QStashTest.QStashTest>,
  prepare: Effect.Effect<void, never, QStashTest.QStashTest>,
  wanted?: Row["wanted"]
): Effect.Effect<Row> =>
  Effect.gen(function* () {
    const schedules = yield* QStashSchedules
    yield* prepare
    yield* schedules.create({ cron: "* * * * *", destination, body })
    const signer = Signer.make({ current: QStashTest.signingKeys.currentSigningKey })
    const bytes = new TextEncoder().encode(body)
    const slice = Math.max(1, Math.round(minutes / slices))
    const signing: Array<number> = []
    const delivering: Array<number> = []
    let signed = 0
    for (let round = 0; round < slices; round++) {
      const begin = cpuMicros()
      for (let index = 0; index < slice; index++) {
        signed += 1
        signer.sign({ url: destination, body: bytes, jti: `jwt_${signed}`, nowMillis: signed * 60_000 })
      }
      const between = cpuMicros()
      yield* QStashTest.advance(`${slice} minutes`)
      delivering.push((cpuMicros() - between) / slice)
      signing.push((between - begin) / slice)
    }
    const count = slice * slices
    const deliveries = yield* QStashTest.deliveries
    if (deliveries.at(-1)?.messageId !== `msg_${count}` || deliveries.some(({ status }) => status !== 200)) {
      return yield* Effect.dieMessage(`${what}: not every delivery got a 200`)
    }
    const row: Row = {
      what: `${count.toLocaleString("en")} signed deliveries ${what}`,
      ours: micros(delivering),
      theirs: `signing alone ${micros(signing)}`,
      ratio: ratioOf(delivering, signing),
      meaning: "times as much",
      ...(wanted === undefined ? {} : { wanted }),
      ...(what === "into a function" ? { headline: "simulate a delivery in a test, with its signature" } : {})
    }
    return row
  }).pipe(Effect.provide(home), Effect.orDie)

export const years = (scale: number): Effect.Effect<ReadonlyArray<Row>> => {
  const minutes = Math.round(minutesOfAYear * scale)
  const options = { retention: 100 }
  const respond = QStashTest.respond(() => Effect.succeed(200))
  const router = HttpRouter.empty.pipe(HttpRouter.post("/jobs/minute", app))
  return Effect.all([
    year("into a function", minutes, QStashTest.layerWith(options), respond, { most: 5 }),
    year("into an `HttpApp`", minutes, QStashTest.layerApp(app, options), Effect.void, { most: 10 }),
    year("into an `HttpRouter`", minutes, QStashTest.layerApp(router, options), Effect.void)
  ])
}
