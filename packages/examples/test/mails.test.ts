import { Mail, Mails, MailServerDown, NightlyReport, worker } from "@effect-qstash/examples/worker"
import { QStashDlq, QStashMessages, QueueName } from "@effect-qstash/domain"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import { QStashTest } from "@effect-qstash/testing"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Context, Effect, Layer, Ref } from "effect"

/** What the mail server was asked for, and whether it answers. */
class MailServer extends Context.Tag("test/MailServer")<
  MailServer,
  { readonly asked: Ref.Ref<ReadonlyArray<string>>; readonly isDown: Ref.Ref<boolean> }
>() {}

const outbox = QueueName.make("outbox")

const mail = (to: string) =>
  QStashMessages.enqueueJson(Mail, outbox, {
    destination: "https://api.example.com/mails",
    body: { to, text: "Good morning." },
    retries: 1,
    failureCallback: "https://api.example.com/mails/failed"
  })

const askedMails = Effect.flatMap(MailServer, (server) => Ref.get(server.asked))

const setDown = (isDown: boolean) => Effect.flatMap(MailServer, (server) => Ref.set(server.isDown, isDown))

const mails = Layer.effect(
  Mails,
  Effect.map(MailServer, ({ asked, isDown }) => {
    const note = (line: string) => Ref.update(asked, (lines) => [...lines, line])
    return {
      send: ({ to }) =>
        Effect.zipRight(
          note(to),
          Effect.whenEffect(new MailServerDown(), Ref.get(isDown)).pipe(Effect.asVoid)
        ),
      failed: ({ retried, status }) => note(`failed after ${retried} retries: ${status}`)
    }
  })
)

/** The worker as it runs in production, signature check included. */
const whole = QStashTest.layerApp(worker).pipe(
  Layer.provide([
    mails,
    Layer.succeed(NightlyReport, { run: () => Effect.void }),
    QStashReceiver.layer({
      ...QStashTest.signingKeys,
      subject: { publicUrl: "https://api.example.com" }
    })
  ]),
  Layer.provideMerge(
    Layer.effect(
      MailServer,
      Effect.all({ asked: Ref.make<ReadonlyArray<string>>([]), isDown: Ref.make(false) })
    )
  )
)

describe("mails through a queue", () => {
  it.effect("are sent in order, the next one when the mail server is back", () =>
    Effect.gen(function* () {
      yield* setDown(true)
      yield* mail("ada@example.com")
      yield* mail("bob@example.com")
      yield* QStashTest.advance("1 second")
      yield* setDown(false)
      yield* QStashTest.advance("1 minute")
      deepStrictEqual(yield* askedMails, ["ada@example.com", "ada@example.com", "bob@example.com"])
    }).pipe(Effect.provide(whole))
  )

  it.effect("are told of once when they have failed for good, and sent when they are tried again", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* setDown(true)
      yield* mail("eve@example.com")
      yield* QStashTest.advance("1 hour")
      deepStrictEqual(yield* askedMails, [
        "eve@example.com",
        "eve@example.com",
        "failed after 1 retries: 500"
      ])

      yield* setDown(false)
      yield* dlq.retryMany({ queueName: outbox })
      yield* QStashTest.advance(0)
      strictEqual((yield* askedMails).at(-1), "eve@example.com")
      strictEqual((yield* QStashTest.dlq).length, 0)
    }).pipe(Effect.provide(whole))
  )

  it.effect("that nobody can read are given up at once", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.publish({ destination: "https://api.example.com/mails", body: "no mail" })
      yield* QStashTest.advance("1 day")
      deepStrictEqual(yield* askedMails, [])
      deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ status }) => status),
        [489]
      )
    }).pipe(Effect.provide(whole))
  )
})
