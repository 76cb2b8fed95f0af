/**
 * An outbox: an order and its message are written in one transaction, so there is never one without the other. The message
 * is published afterwards. After a crash in between it is still in the outbox, and the next `flush` publishes it.
 */
import { Job, Jobs } from "@effect-qstash/jobs"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

const Order = Schema.Struct({ orderId: Schema.String, email: Schema.String })
type Order = typeof Order.Type

/**
 * A crash can also come after the publish and before the delete; then the message is published twice. The key makes QStash
 * drop the second one, and the worker's ledger knows it if QStash has forgotten the first.
 */
export const Receipt = Job.make("receipt", { payload: Order, key: ({ orderId }) => orderId })

export const jobs = Jobs.make("shop", Receipt)

/** Creates the tables. */
export const migrate = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`create table if not exists orders (id text primary key, email text not null)`
  yield* sql`create table if not exists outbox (id integer primary key, message text not null)`
})

const json = Schema.parseJson(Order)

export const place = (order: Order) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const message = yield* Schema.encode(json)(order)
    yield* sql.withTransaction(
      Effect.all([
        sql`insert into outbox (message) values (${message})`,
        sql`insert into orders (id, email) values (${order.orderId}, ${order.email})`
      ])
    )
  })

/** Publishes what is in the outbox, oldest first. Not within a transaction: that would wait for QStash. */
export const flush = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: number; message: string }>`select id, message from outbox order by id`
  for (const { id, message } of rows) {
    yield* Receipt.publish(yield* Schema.decode(json)(message))
    yield* sql`delete from outbox where id = ${id}`
  }
})

/** Flushes when the application starts, and every five seconds. What fails stays for the next time. */
export const OutboxLive = flush.pipe(
  Effect.catchAll((error) => Effect.logWarning("The outbox was not flushed", error)),
  Effect.repeat(Schedule.spaced("5 seconds")),
  Effect.forkScoped,
  Layer.scopedDiscard
)
