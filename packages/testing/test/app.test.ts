import { QStashMessages, QStashSchedules, ScheduleId } from "@effect-qstash/domain"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashReceiver as NodeQStashReceiver } from "@effect-qstash/receiver/node"
import { QStashTest } from "@effect-qstash/testing"
import {
  HttpApp,
  HttpIncomingMessage,
  HttpRouter,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, Option, Redacted, Ref, Schema, Stream } from "effect"
import { Readable } from "node:stream"

const nightly = ScheduleId.make("nightly-report")
const Payload = Schema.parseJson(Schema.Struct({ tenant: Schema.NonEmptyString }))

/** What the job does; a test looks at it. */
class Reports extends Context.Tag("test/Reports")<Reports, Ref.Ref<ReadonlyArray<string>>>() {
  static readonly layer = Layer.effect(Reports, Ref.make<ReadonlyArray<string>>([]))
}

/** An application as it runs in production: verify, decode, do the work. */
const worker = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/jobs/nightly",
    Effect.gen(function* () {
      const receiver = yield* QStashReceiver.QStashReceiver
      const request = yield* HttpServerRequest.HttpServerRequest
      const body = new Uint8Array(yield* request.arrayBuffer)
      const { signed } = yield* receiver.verify({ headers: request.headers, url: request.originalUrl, body })
      const { tenant } = yield* Schema.decode(Payload)(new TextDecoder().decode(signed.body))
      yield* Effect.sleep("3 seconds")
      yield* Ref.update(yield* Reports, (reports) => [...reports, tenant])
      return HttpServerResponse.empty({ status: 200 })
    }).pipe(Effect.catchTag("SignatureInvalid", () => HttpServerResponse.empty({ status: 401 })))
  )
)

const createNightly = (tenant: string) =>
  Effect.flatMap(QStashSchedules, (schedules) =>
    schedules.create({
      scheduleId: nightly,
      cron: "0 4 * * *",
      destination: "https://api.example.com/jobs/nightly",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ tenant }),
      retries: 1
    })
  )

describe("an HttpApp", () => {
  for (const [name, receiver] of [
    ["WebCrypto", QStashReceiver],
    ["node:crypto", NodeQStashReceiver]
  ] as const) {
    it.effect(`verifies its deliveries with ${name} and works in virtual time`, () =>
      Effect.gen(function* () {
        yield* createNightly("acme")
        yield* QStashTest.advance("7 days")
        assert.lengthOf(yield* Ref.get(yield* Reports), 7)
        assert.isTrue((yield* QStashTest.deliveries).every(({ status }) => status === 200))
      }).pipe(
        Effect.provide(
          Layer.provideMerge(
            QStashTest.layerApp(worker),
            Layer.merge(
              receiver.layer({
                ...QStashTest.signingKeys,
                subject: { publicUrl: "https://api.example.com" }
              }),
              Reports.layer
            )
          )
        )
      )
    )
  }

  it.effect("that checks other keys refuses them, and is tried again", () =>
    Effect.gen(function* () {
      yield* createNightly("acme")
      yield* QStashTest.advance("1 day")
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ retried, status }) => [retried, status]),
        [
          [0, 401],
          [1, 401]
        ]
      )
    }).pipe(
      Effect.provide(
        Layer.provide(QStashTest.layerApp(worker), [
          QStashReceiver.layer({
            currentSigningKey: Redacted.make("sig_other"),
            nextSigningKey: Redacted.make("sig_another")
          }),
          Reports.layer
        ])
      )
    )
  )

  it.effect("answers failures, defects and unknown paths as a server would", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      for (const path of ["missing", "fails", "dies", "streams", "adds"]) {
        yield* schedules.create({
          scheduleId: ScheduleId.make(path),
          cron: "0 4 * * *",
          destination: `https://api.example.com/${path}?a=1`,
          retries: 0
        })
      }
      yield* QStashTest.advance("1 day")
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ scheduleId, status }) => [String(scheduleId), status]),
        [
          ["missing", 404],
          ["fails", 500],
          ["dies", 500],
          ["streams", 202],
          ["adds", 204]
        ]
      )
    }).pipe(
      Effect.provide(
        QStashTest.layerApp(
          HttpRouter.empty.pipe(
            HttpRouter.post("/fails", Effect.fail("no database")),
            HttpRouter.post("/dies", Effect.die("a bug")),
            HttpRouter.post(
              "/streams",
              HttpServerResponse.stream(Stream.make(new Uint8Array([1])), { status: 202 })
            ),
            HttpRouter.post(
              "/adds",
              Effect.as(
                HttpApp.appendPreResponseHandler((_request, response) =>
                  Effect.succeed(HttpServerResponse.setStatus(response, 204))
                ),
                HttpServerResponse.empty({ status: 200 })
              )
            )
          )
        )
      )
    )
  )

  it.effect("reads a body once, as from a socket, or several times as text and JSON", () => {
    const reading = (
      read: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<unknown, unknown>
    ) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        Effect.as(Effect.orDie(read(request)), HttpServerResponse.empty({ status: 200 }))
      )
    const readings = {
      text: (request) => Effect.all([request.text, request.json, request.text, request.urlParamsBody]),
      bytes: (request) => request.arrayBuffer,
      stream: (request) => Stream.runDrain(request.stream),
      "bytes twice": (request) => Effect.all([request.arrayBuffer, request.arrayBuffer]),
      "bytes, then JSON": (request) => Effect.all([request.arrayBuffer, request.json]),
      "text, then a stream": (request) => Effect.all([request.text, Stream.runDrain(request.stream)]),
      "text, then that of the request with another URL": (request) =>
        Effect.all([request.text, Effect.suspend(() => request.modify({ url: "/" }).text)]),
      "more than the limit": (request) => HttpIncomingMessage.withMaxBodySize(request.text, Option.some(3)),
      "as much as the limit": (request) =>
        HttpIncomingMessage.withMaxBodySize(request.arrayBuffer, Option.some(4))
    } satisfies Record<string, Parameters<typeof reading>[0]>
    const app = Object.entries(readings).reduce(
      (router, [, read], index) => HttpRouter.post(router, `/${index}`, reading(read)),
      HttpRouter.empty
    )
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      for (const index of Object.keys(readings).keys()) {
        yield* messages.publish({ destination: `https://api.example.com/${index}`, body: "null", retries: 0 })
      }
      yield* QStashTest.advance(0)
      const statuses = (yield* QStashTest.deliveries).map(({ status }) => status)
      assert.deepStrictEqual(
        Object.keys(readings).map((what, index) => [what, statuses[index]]),
        [
          ["text", 200],
          ["bytes", 200],
          ["stream", 200],
          ["bytes twice", 500],
          ["bytes, then JSON", 500],
          ["text, then a stream", 500],
          ["text, then that of the request with another URL", 500],
          ["more than the limit", 400],
          ["as much as the limit", 200]
        ]
      )
    }).pipe(Effect.provide(QStashTest.layerApp(app)))
  })

  it.effect("may answer with a body of any kind, which a callback brings back", () => {
    const form = new FormData()
    form.set("tenant", "acme")
    const answers = {
      text: HttpServerResponse.text("Grüße"),
      json: HttpServerResponse.unsafeJson({ a: 1 }),
      stream: HttpServerResponse.stream(Stream.make(Uint8Array.of(111), Uint8Array.of(107))),
      "raw-text": HttpServerResponse.raw("raw"),
      "raw-bytes": HttpServerResponse.raw(Uint8Array.of(111, 107)),
      "raw-stream": HttpServerResponse.raw(Readable.from(["o", Buffer.from("k")])),
      form: HttpServerResponse.formData(form),
      empty: HttpServerResponse.empty({ status: 200 })
    }
    const told: Array<string> = []
    const app = Object.entries(answers).reduce(
      (router, [name, answer]) => HttpRouter.post(router, `/${name}`, answer),
      HttpRouter.empty.pipe(
        HttpRouter.post(
          "/told",
          Effect.gen(function* () {
            const request = yield* HttpServerRequest.HttpServerRequest
            const { body } = yield* CallbackBody.decode(yield* request.json)
            told.push(new TextDecoder().decode(body))
            return HttpServerResponse.empty({ status: 200 })
          })
        )
      )
    )
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      for (const name of Object.keys(answers)) {
        const callback = "https://api.example.com/told"
        yield* messages.publish({ destination: `https://api.example.com/${name}`, callback })
        yield* QStashTest.advance(0)
      }
      assert.deepStrictEqual(
        told.map((body) => body.replace(/^-+formdata[\s\S]*name="(\w+)"\s+(\w+)[\s\S]*$/, "$1=$2")),
        ["Grüße", '{"a":1}', "ok", "raw", "ok", "ok", "tenant=acme", ""]
      )
    }).pipe(Effect.provide(QStashTest.layerApp(app)))
  })

  it.effect("stands on services that need QStash themselves, all in one world and in virtual time", () => {
    let builds = 0
    class Outbox extends Effect.Service<Outbox>()("test/Outbox", {
      scoped: Effect.gen(function* () {
        builds += 1
        const messages = yield* QStashMessages
        const waiting: Array<string> = []
        // A poller of the application's own: it lives in virtual time as well.
        yield* Effect.suspend(() =>
          Effect.forEach(waiting.splice(0), (body) =>
            messages.publish({ destination: "https://api.example.com/mail", body })
          )
        ).pipe(Effect.zipRight(Effect.sleep("1 minute")), Effect.forever, Effect.forkScoped)
        return { send: (mail: string) => Effect.sync(() => waiting.push(mail)) }
      })
    }) {}
    const mails: Array<string> = []
    const application = HttpRouter.empty.pipe(
      HttpRouter.post(
        "/signup",
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          yield* (yield* Outbox).send(yield* request.text)
          return HttpServerResponse.empty({ status: 204 })
        })
      ),
      HttpRouter.post(
        "/mail",
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          mails.push(`${DateTime.formatIso(yield* DateTime.now).slice(11, 19)} ${yield* request.text}`)
          return HttpServerResponse.empty({ status: 200 })
        })
      )
    )
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      for (const body of ["ada", "grace"]) {
        yield* messages.publish({ destination: "https://api.example.com/signup", body, delay: "90 seconds" })
      }
      yield* QStashTest.advance("5 minutes")
      assert.deepStrictEqual(mails, ["00:02:00 ada", "00:02:00 grace"])
      assert.strictEqual(builds, 1)
      yield* QStashTest.respond(503)
      yield* messages.publish({ destination: "https://api.example.com/signup", body: "ada", retries: 0 })
      yield* QStashTest.advance(0)
      yield* QStashTest.respondDefault
      yield* messages.publish({ destination: "https://api.example.com/signup", body: "ada", retries: 0 })
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ status }) => status),
        [204, 204, 200, 200, 503, 204]
      )
    }).pipe(
      Effect.provide(
        QStashTest.serve(application).pipe(
          Layer.provideMerge(Outbox.Default),
          Layer.provideMerge(QStashTest.layer)
        )
      )
    )
  })

  it.effect("may use the schedules itself", () =>
    Effect.gen(function* () {
      yield* createNightly("acme")
      yield* QStashTest.advance("7 days")
      assert.lengthOf(yield* QStashTest.deliveries, 1)
      const schedules = yield* QStashSchedules
      assert.isTrue((yield* schedules.get(nightly)).isPaused)
    }).pipe(
      Effect.provide(
        QStashTest.layerApp(
          Effect.flatMap(QStashSchedules, (schedules) =>
            Effect.as(Effect.orDie(schedules.pause(nightly)), HttpServerResponse.empty({ status: 200 }))
          )
        )
      )
    )
  )
})
