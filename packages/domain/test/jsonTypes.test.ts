import {
  type IdGenerator,
  QStashMessages,
  QStashSchedules,
  QueueName,
  ScheduleId
} from "@effect-qstash/domain"
import { describe, expectTypeOf, it } from "@effect/vitest"
import { type Effect, Schema } from "effect"

const destination = "https://api.example.com/jobs"
const mails = QueueName.make("mails")
const schedule = { scheduleId: ScheduleId.make("nightly"), cron: "0 4 * * *", destination }

/** All five helpers, with one schema and one literal body. */
const all = <A, I, R>(schema: Schema.Schema<A, I, R>, body: NoInfer<A>) => [
  QStashMessages.publishJson(schema, { destination, body }),
  QStashMessages.enqueueJson(schema, mails, { destination, body }),
  QStashMessages.batchJson(schema, [{ destination, body, queueName: mails }]),
  QStashSchedules.createJson(schema, { ...schedule, body }),
  QStashSchedules.upsertJson(schema, { ...schedule, body, isPaused: true })
]

class Invoice extends Schema.Class<Invoice>("Invoice")({ id: Schema.NonEmptyString, cents: Schema.Int }) {}
interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree))
})
const Kind = Schema.Struct({ kind: Schema.Literal("daily", "weekly") })
const Mail = Schema.TaggedStruct("Mail", { to: Schema.String })
const UserId = Schema.String.pipe(Schema.brand("UserId"))

// Only the compiler runs these: what they make are descriptions of calls.
describe("the type of a JSON body", () => {
  it("comes from the schema alone, whatever its shape", () => {
    const compiles = () => [
      QStashMessages.publishJson(Kind, { destination, body: { kind: "daily" } }),
      QStashMessages.enqueueJson(Kind, mails, { destination, body: { kind: "daily" } }),
      QStashMessages.batchJson(Kind, [{ destination, body: { kind: "daily" } }]),
      QStashSchedules.createJson(Kind, { ...schedule, body: { kind: "daily" } }),
      QStashSchedules.upsertJson(Kind, { ...schedule, body: { kind: "daily" } }),
      all(Kind, { kind: "weekly" }),
      all(Mail, { _tag: "Mail", to: "a@example.com" }),
      all(Mail, Mail.make({ to: "a@example.com" })),
      all(Schema.Union(Mail, Schema.TaggedStruct("Sms", { number: Schema.String })), {
        _tag: "Sms",
        number: "1"
      }),
      all(Schema.Literal("start", "stop"), "stop"),
      all(Invoice, new Invoice({ id: "i-1", cents: 5 })),
      all(Schema.Struct({ a: Schema.optional(Schema.Literal("x")) }), {}),
      all(Schema.Struct({ a: Schema.optional(Schema.Literal("x")) }), { a: "x" }),
      all(Schema.Struct({ a: Schema.optionalWith(Schema.Number, { exact: true }) }), { a: 1 }),
      all(Schema.Struct({ a: Schema.optionalWith(Schema.Number, { default: () => 1 }) }), { a: 1 }),
      all(Schema.Struct({ n: Schema.NumberFromString }), { n: 5 }),
      all(Schema.Struct({ at: Schema.Date }), { at: new Date(0) }),
      all(Schema.Struct({ user: UserId }), { user: UserId.make("u-1") }),
      all(Schema.Array(Schema.Literal("a", "b")), ["a", "b"]),
      all(Schema.Tuple(Schema.Literal("a"), Schema.Number), ["a", 1]),
      all(Schema.Record({ key: Schema.String, value: Schema.Literal(1, 2) }), { a: 1 }),
      all(Schema.Struct({ note: Schema.NullOr(Schema.Literal("x")) }), { note: null }),
      all(Tree, { name: "root", children: [{ name: "leaf", children: [] }] })
    ]
    expectTypeOf(compiles).toBeFunction()
  })

  it("is checked where the body stands", () => {
    const misuse = () => [
      QStashMessages.publishJson(Kind, {
        destination,
        // @ts-expect-error no such literal
        body: { kind: "monthly" }
      }),
      QStashMessages.enqueueJson(Mail, mails, {
        destination,
        // @ts-expect-error no tag
        body: { to: "a@example.com" }
      }),
      QStashMessages.batchJson(Schema.Number, [
        { destination, body: 1 },
        // @ts-expect-error text is no number
        { destination, body: "2" }
      ]),
      QStashSchedules.createJson(Schema.Struct({ user: UserId }), {
        ...schedule,
        // @ts-expect-error a bare string is no UserId
        body: { user: "u-1" }
      }),
      QStashSchedules.upsertJson(Schema.Struct({ at: Schema.Date }), {
        ...schedule,
        // @ts-expect-error the encoded form of a date
        body: { at: "1970-01-01T00:00:00Z" }
      })
    ]
    expectTypeOf(misuse).toBeFunction()
  })

  it("requires an id of an upsert, and what the schema requires", () => {
    const misuse = () =>
      // @ts-expect-error without a schedule id it could not find the schedule again
      QStashSchedules.upsertJson(Schema.Number, { cron: "0 4 * * *", destination, body: 5 })
    expectTypeOf(misuse).toBeFunction()
    const send = (schema: Schema.Schema<number, string, IdGenerator>) => ({
      upserted: QStashSchedules.upsertJson(schema, { ...schedule, body: 5 }),
      batch: QStashMessages.batchJson(schema, [{ destination, body: 5 }])
    })
    type Needs<E> = E extends Effect.Effect<infer _A, infer _E, infer R> ? R : never
    type Sent = ReturnType<typeof send>
    expectTypeOf<Needs<Sent["upserted"]>>().toEqualTypeOf<QStashSchedules | IdGenerator>()
    expectTypeOf<Needs<Sent["batch"]>>().toEqualTypeOf<QStashMessages | IdGenerator>()
  })
})
