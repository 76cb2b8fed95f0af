import { QStashMessages, QStashUnavailable } from "@effect-qstash/domain"
import * as Outbox from "@effect-qstash/examples/outbox"
import { Jobs } from "@effect-qstash/jobs"
import * as JobsTest from "@effect-qstash/jobs/JobsTest"
import * as SqlLedger from "@effect-qstash/jobs/SqlLedger"
import { QStashReceiver } from "@effect-qstash/receiver"
import { SqliteClient } from "@effect-qstash/store-sql"
import { QStashTest } from "@effect-qstash/testing"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Exit, Layer } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const killedOutbox = fileURLToPath(new URL("killedOutbox.ts", import.meta.url))

const order = { orderId: "o1", email: "ada@example.com" }

const database = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "outbox-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
).pipe(Effect.map((directory) => join(directory, "shop.db")))

const mailsSent = (mails: Array<string>) =>
  Outbox.jobs.toLayer({ receipt: ({ email }) => Effect.sync(() => void mails.push(email)) })

const rows = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.all([sql`select id from orders`.values, sql`select message from outbox`.values])
).pipe(Effect.map(([orders, outbox]) => ({ orders: orders.length, outbox: outbox.length })))

/** A process of the application, from its start to its end or its crash. */
const run = <A, E, R>(filename: string, mails: Array<string>, life: Effect.Effect<A, E, R>) =>
  Effect.exit(Effect.zipRight(Outbox.migrate, life)).pipe(
    Effect.provide(
      QStashTest.serve(Outbox.jobs.httpApp).pipe(
        Layer.provideMerge(mailsSent(mails)),
        Layer.provideMerge(SqlLedger.layer()),
        Layer.provideMerge(Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys))),
        Layer.provideMerge(Layer.orDie(Jobs.layer({ url: "https://shop.example.com/jobs" }))),
        Layer.provideMerge(SqliteClient.layer({ filename }))
      )
    )
  )

/** Publishes, and then the process ends before it can note it. */
const crashAfterPublish = Effect.flatMap(QStashMessages, (messages) =>
  Effect.provideService(Outbox.flush, QStashMessages, {
    ...messages,
    publish: (message) => Effect.zipRight(messages.publish(message), Effect.dieMessage("crash"))
  })
)

describe("an outbox", () => {
  it.scoped("keeps the message of an order if the process is killed before it publishes", () =>
    Effect.gen(function* () {
      const filename = yield* database
      const child = spawn(process.execPath, ["--import", "tsx", killedOutbox, filename])
      deepStrictEqual(yield* Effect.promise(() => once(child, "exit")), [null, "SIGKILL"])

      const mails: Array<string> = []
      const again = Effect.gen(function* () {
        deepStrictEqual(yield* rows, { orders: 1, outbox: 1 })
        yield* Outbox.flush
        yield* QStashTest.advance("1 minute")
        return yield* rows
      })
      deepStrictEqual(yield* run(filename, mails, again), Exit.succeed({ orders: 1, outbox: 0 }))
      deepStrictEqual(mails, [order.email])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  for (const { deliveries, pause } of [
    { pause: "1 minute", deliveries: 1 },
    { pause: "1 hour", deliveries: 2 }
  ] as const) {
    it.scoped(`sends one mail if it crashes after the publish and starts again after ${pause}`, () =>
      Effect.gen(function* () {
        const filename = yield* database
        const mails: Array<string> = []
        const crash = Effect.zipRight(Outbox.place(order), crashAfterPublish)
        assertTrue(Exit.isFailure(yield* run(filename, mails, crash)))

        const again = Effect.gen(function* () {
          yield* QStashTest.advance(pause)
          deepStrictEqual(yield* rows, { orders: 1, outbox: 1 })
          yield* Outbox.flush
          yield* QStashTest.advance("1 minute")
          deepStrictEqual((yield* JobsTest.deliveries(Outbox.Receipt)).length, deliveries)
          return yield* rows
        })
        deepStrictEqual(yield* run(filename, mails, again), Exit.succeed({ orders: 1, outbox: 0 }))
        deepStrictEqual(mails, [order.email])
      }).pipe(Effect.provide(QStashTest.layer))
    )
  }

  it.scoped("has no message for an order that was rolled back", () =>
    Effect.gen(function* () {
      const twice = Effect.zipRight(Outbox.place(order), Effect.exit(Outbox.place(order)))
      const after = yield* run(yield* database, [], Effect.zipRight(twice, rows))
      deepStrictEqual(after, Exit.succeed({ orders: 1, outbox: 1 }))
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.scoped("is flushed while the application runs, and again after QStash was unreachable", () =>
    Effect.gen(function* () {
      const mails: Array<string> = []
      yield* QStashTest.failNext("QStashMessages.publish", new QStashUnavailable({ reason: "no response" }))
      const life = Effect.gen(function* () {
        yield* Outbox.place(order)
        yield* QStashTest.advance("1 second")
        deepStrictEqual(yield* rows, { orders: 1, outbox: 1 })
        yield* QStashTest.advance("10 seconds")
        return yield* rows
      }).pipe(Effect.provide(Outbox.OutboxLive))
      const after = yield* run(yield* database, mails, life)
      deepStrictEqual(after, Exit.succeed({ orders: 1, outbox: 0 }))
      deepStrictEqual(mails, [order.email])
    }).pipe(Effect.provide(QStashTest.layer))
  )
})
