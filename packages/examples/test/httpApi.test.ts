import { QStashClient } from "@effect-qstash/client"
import { QStashDlq, QStashMessages } from "@effect-qstash/domain"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import { QStashTest } from "@effect-qstash/testing"
import { FetchHttpClient, HttpApiBuilder, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Data, Effect, Layer, Logger, LogLevel } from "effect"
import { createServer } from "node:http"
import { ApiLive, Mail, Mails } from "./docs/httpApi.ts"

class MailServerDown extends Data.TaggedError("MailServerDown") {}

const mail = { to: "ada@example.com", text: "Grüße, 世界" }

/** A mail server that is down at first. */
const mailsTo = (sent: Array<unknown>) => {
  let isDown = true
  return Layer.succeed(Mails, {
    send: (one) =>
      Effect.suspend(() => {
        if (isDown) {
          isDown = false
          return new MailServerDown()
        }
        sent.push(one)
        return Effect.void
      })
  })
}

describe("the HttpApi", () => {
  it.effect("verifies a delivery and decodes its payload in a test", () => {
    const sent: Array<unknown> = []
    const receiver = QStashReceiver.layer({
      ...QStashTest.signingKeys,
      subject: { publicUrl: "https://api.example.com" }
    })
    return Effect.gen(function* () {
      yield* QStashMessages.publishJson(Mail, { destination: "https://api.example.com/mails", body: mail })
      yield* QStashTest.advance("1 minute")
      deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ status }) => status),
        [500, 204]
      )
      deepStrictEqual(sent, [mail])
    }).pipe(
      Effect.provide(
        Layer.unwrapEffect(Effect.map(HttpApiBuilder.httpApp, (app) => QStashTest.layerApp(app))).pipe(
          Layer.provide(ApiLive.pipe(Layer.provide([mailsTo(sent), receiver]))),
          Layer.provide([
            HttpApiBuilder.Router.Live,
            HttpApiBuilder.Middleware.layer,
            HttpServer.layerContext
          ])
        )
      )
    )
  })

  it.scopedLive("does so on Node's server", () => {
    const sent: Array<unknown> = []
    const user = DevelopmentUsers.defaultUser
    return Effect.gen(function* () {
      const origin = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
      const { url } = yield* QStashServer.QStashServer
      yield* QStashMessages.publishJson(Mail, {
        destination: `${origin}/mails`,
        retryDelay: "1",
        body: mail
      }).pipe(Effect.provide(QStashClient.layer({ url, token: user.token })))
      yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => sent.length > 0 }).pipe(
        Effect.timeout("10 seconds")
      )
      deepStrictEqual(sent, [mail])

      const client = QStashClient.layer({ url, token: user.token })
      const deadLetters = Effect.flatMap(QStashDlq, (dlq) => dlq.list({})).pipe(Effect.provide(client))
      yield* Effect.flatMap(QStashMessages, (messages) =>
        messages.publish({
          destination: `${origin}/mails`,
          headers: { "Content-Type": "application/json" },
          body: "not json"
        })
      ).pipe(Effect.provide(client))
      const { items } = yield* Effect.repeat(Effect.delay(deadLetters, "5 millis"), {
        until: (page) => page.items.length > 0
      }).pipe(Effect.timeout("10 seconds"))
      deepStrictEqual(
        items.map(({ responseStatus }) => responseStatus),
        [489]
      )

      const forged = yield* Effect.promise(() =>
        fetch(`${origin}/mails`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(mail)
        })
      )
      strictEqual(forged.status, 401)
      strictEqual(sent.length, 1)
    }).pipe(
      Effect.provide(
        HttpApiBuilder.serve().pipe(
          Layer.provide(ApiLive),
          Layer.provide(mailsTo(sent)),
          Layer.provide(
            Layer.unwrapEffect(
              Effect.map(HttpServer.HttpServer, ({ address }) =>
                QStashReceiver.layer({
                  currentSigningKey: user.currentSigningKey,
                  nextSigningKey: user.nextSigningKey,
                  subject: { publicUrl: HttpServer.formatAddress(address) }
                })
              )
            )
          ),
          Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
          Layer.merge(QStashServer.layerMemory({ port: 0 })),
          Layer.provideMerge(FetchHttpClient.layer),
          Layer.merge(Logger.minimumLogLevel(LogLevel.None))
        )
      )
    )
  })
})
