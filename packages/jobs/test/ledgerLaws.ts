/** What holds for every ledger. */
import { Ledger } from "@effect-qstash/jobs"
import * as SqlLedger from "@effect-qstash/jobs/SqlLedger"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import {
  Cause,
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Predicate,
  type Scope,
  TestClock
} from "effect"
import { buildSync } from "esbuild"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

export interface Database {
  readonly kind: "sqlite" | "postgres"
  readonly path: string
  readonly client: Layer.Layer<SqlClient.SqlClient, unknown>
}

/** What the work of a test does to the world: it can be counted, and for a ledger in a database, it is written there. */
export class World extends Context.Tag("World")<
  World,
  {
    readonly write: (work: string) => Effect.Effect<void>
    readonly count: (work: string) => Effect.Effect<number>
    /** One that other processes can open. */
    readonly database: Effect.Effect<Database, never, Scope.Scope>
  }
>() {}

export interface Subject<E> {
  readonly layer: Layer.Layer<Ledger.Ledger | World, E>
  /** What happens to a second copy of work in progress. */
  readonly secondCopy: "fails" | "waits"
  /** Whether the work's writes are part of the ledger's transaction, and outlive the process. */
  readonly isTransactional: boolean
}

const done = (response: string, isRepeat = false) => ({ response, isRepeat })

const write = (name: string) => Effect.flatMap(World, (world) => world.write(name))
const count = (name: string) => Effect.flatMap(World, (world) => world.count(name))

/** Work that leaves a trace, and responds with what is passed. */
const work = (name: string, response = `did ${name}`) => Effect.as(write(name), response)

/** `killed.ts` as one text: it starts several times, and compiling it takes longer than running it. */
const bundleKilled = Effect.sync(() => {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL("killed.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    logLevel: "silent",
    external: ["libsql", "pg-native"]
  })
  return outputFiles[0]?.text ?? ""
})

/** Runs the program where `libsql` is installed, and returns the signal that ended it. */
const signalOf = (program: string, args: ReadonlyArray<string>) =>
  Effect.async<NodeJS.Signals | null>((resume) => {
    const cwd = fileURLToPath(new URL("../../store-sql", import.meta.url))
    const child = spawn(process.execPath, ["-", ...args], { cwd, stdio: ["pipe", "inherit", "inherit"] })
    child.on("exit", (_, signal) => resume(Effect.succeed(signal)))
    child.stdin.end(program)
  })

const once = <E, R>(keys: Ledger.Keys, effect: Effect.Effect<string, E, R>) =>
  Effect.flatMap(Ledger.Ledger, (ledger) => ledger.once(keys, effect))

export const laws = <E>(name: string, subject: Subject<E>) =>
  describe(`the ledger (${name})`, () => {
    it.layer(subject.layer)((test) => {
      const law = (
        title: string,
        body: (id: string) => Effect.Effect<void, unknown, Ledger.Ledger | World | Scope.Scope>
      ) => test.scoped(title, () => body(title), 60_000)

      law("returns the response again for the same message, and does nothing", (id) =>
        Effect.gen(function* () {
          deepStrictEqual(yield* once({ token: `${id} 1`, message: id }, work(id)), done(`did ${id}`))
          deepStrictEqual(
            yield* once({ token: `${id} 2`, message: id }, work(id, "other")),
            done(`did ${id}`, true)
          )
          strictEqual(yield* count(id), 1)
        })
      )

      law("stops a token that is replayed, whatever message it names", (id) =>
        Effect.gen(function* () {
          yield* once({ token: id, message: `${id} 1` }, work(id))
          deepStrictEqual(yield* once({ token: id, message: `${id} 2` }, work(id)), done(`did ${id}`, true))
          strictEqual(yield* count(id), 1)
        })
      )

      law("does work with the same business key once, over two messages", (id) =>
        Effect.gen(function* () {
          yield* once({ token: `${id} 1`, message: `${id} 1`, business: id }, work(id))
          const second = yield* once({ token: `${id} 2`, message: `${id} 2`, business: id }, work(id))
          deepStrictEqual(second, done(`did ${id}`, true))
          strictEqual(yield* count(id), 1)
        })
      )

      law("keeps tokens, messages and business keys apart", (id) =>
        Effect.gen(function* () {
          yield* once({ token: id }, work(id))
          yield* once({ message: id }, work(id))
          yield* once({ business: id }, work(id))
          yield* once({}, work(id))
          yield* once({}, work(id))
          strictEqual(yield* count(id), 5)
        })
      )

      law("remembers an empty response, and one of any characters", (id) =>
        Effect.gen(function* () {
          for (const response of ["", `{"quote":"'\\"","text":"äöü 😀 \\u0000"}`]) {
            const keys = { message: `${id} ${response}` }
            yield* once(keys, Effect.succeed(response))
            deepStrictEqual(yield* once(keys, Effect.die("ran again")), done(response, true))
          }
        })
      )

      law("does the work of two copies at once once", (id) =>
        Effect.gen(function* () {
          const goOn = yield* Deferred.make<void>()
          const begun = yield* Deferred.make<void>()
          const slow = Effect.zipRight(
            Deferred.succeed(begun, undefined),
            Effect.zipRight(Deferred.await(goOn), work(id))
          )
          const first = yield* Effect.fork(once({ token: `${id} 1`, message: id }, slow))
          yield* Deferred.await(begun)
          const second = yield* Effect.fork(once({ token: `${id} 2`, message: id }, work(id)))
          if (subject.secondCopy === "fails") {
            deepStrictEqual(yield* Fiber.await(second), Exit.fail(new Ledger.WorkInProgress()))
            deepStrictEqual(yield* Deferred.isDone(goOn), false)
          }
          yield* Deferred.succeed(goOn, undefined)
          deepStrictEqual(yield* Fiber.join(first), done(`did ${id}`))
          if (subject.secondCopy === "waits")
            deepStrictEqual(yield* Fiber.join(second), done(`did ${id}`, true))
          deepStrictEqual(yield* once({ token: `${id} 3`, message: id }, work(id)), done(`did ${id}`, true))
          strictEqual(yield* count(id), 1)
        })
      )

      law("does the work of many copies at once once", (id) =>
        Effect.gen(function* () {
          const copies = Array.from({ length: 20 }, (_, index) =>
            Effect.either(
              once(
                { token: `${id} ${index}`, message: id, business: id },
                Effect.zipLeft(work(id), Effect.yieldNow())
              )
            )
          )
          yield* Effect.all(copies, { concurrency: "unbounded" })
          strictEqual(yield* count(id), 1)
        })
      )

      law("does different work at once", (id) =>
        Effect.gen(function* () {
          yield* Effect.forEach(
            Array.from({ length: 20 }, (_, index) => `${id} ${index}`),
            (message) => once({ token: message, message }, work(id)),
            { concurrency: "unbounded" }
          )
          strictEqual(yield* count(id), 20)
        })
      )

      const endings: Readonly<Record<string, Effect.Effect<never, string>>> = {
        fails: Effect.fail("failed"),
        dies: Effect.die("died"),
        "is interrupted": Effect.interrupt
      }
      for (const [ending, end] of Object.entries(endings)) {
        law(`frees the keys of work that ${ending}`, (id) =>
          Effect.gen(function* () {
            const keys = { token: id, message: id, business: id }
            const cause = yield* Effect.flip(Effect.sandbox(once(keys, Effect.zipRight(write(id), end))))
            strictEqual(Cause.pretty(cause), Cause.pretty(yield* Effect.flip(Effect.sandbox(end))))
            strictEqual(yield* count(id), subject.isTransactional ? 0 : 1)
            deepStrictEqual(yield* once(keys, work(id)), done(`did ${id}`))
            strictEqual(yield* count(id), subject.isTransactional ? 1 : 2)
          })
        )
      }

      law("frees the keys of work that is interrupted from outside", (id) =>
        Effect.gen(function* () {
          const begun = yield* Deferred.make<void>()
          const stuck = Effect.zipRight(
            write(id),
            Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)
          )
          const fiber = yield* Effect.fork(once({ message: id }, stuck))
          yield* Deferred.await(begun)
          strictEqual(Exit.isInterrupted(yield* Fiber.interrupt(fiber)), true)
          strictEqual(yield* count(id), subject.isTransactional ? 0 : 1)
          deepStrictEqual(yield* once({ message: id }, work(id)), done(`did ${id}`))
        })
      )

      law("forgets work after its retention, and not before", (id) =>
        Effect.gen(function* () {
          const many = Array.from({ length: 150 }, (_, index) => `${id} ${index}`)
          yield* once({ message: id }, work(id))
          // Each at a time of its own, so that no deletion takes more than its share.
          yield* Effect.forEach(many, (message) =>
            Effect.zipRight(TestClock.adjust("1 millis"), once({ message }, Effect.succeed("")))
          )
          yield* TestClock.adjust("23 hours")
          deepStrictEqual(yield* once({ message: id }, work(id)), done(`did ${id}`, true))
          yield* TestClock.adjust("2 hours")
          deepStrictEqual(yield* once({ message: id }, work(id)), done(`did ${id}`))
          deepStrictEqual(yield* once({ message: many.at(-1) }, work(id, "again")), done("again"))
        })
      )

      if (!subject.isTransactional) return

      law("remembers after a restart", (id) =>
        Effect.gen(function* () {
          const { database } = yield* World
          const { client } = yield* database
          const restarted = Layer.provide(SqlLedger.layer(), client)
          const first = once({ token: `${id} 1`, message: id }, Effect.succeed("the first response"))
          deepStrictEqual(yield* Effect.provide(first, restarted), done("the first response"))
          const second = once({ token: `${id} 2`, message: id }, Effect.die("ran again"))
          deepStrictEqual(yield* Effect.provide(second, restarted), done("the first response", true))
        })
      )

      law(
        "creates its tables once, however many processes start at once, and keeps those of a newer version",
        () =>
          Effect.gen(function* () {
            const { database } = yield* World
            const start = Effect.scoped(Layer.build(SqlLedger.layer()))
            yield* Effect.gen(function* () {
              const sql = yield* SqlClient.SqlClient
              yield* sql`drop table if exists effect_qstash_ledger`
              yield* sql`drop table if exists effect_qstash_ledger_version`
              yield* Effect.all(
                Array.from({ length: 5 }, () => start),
                { concurrency: "unbounded" }
              )
              const versions = sql`select version from effect_qstash_ledger_version`
              deepStrictEqual(yield* versions, [{ version: 1 }])
              yield* sql`update effect_qstash_ledger_version set version = 2`
              yield* start
              deepStrictEqual(yield* versions, [{ version: 2 }])
            }).pipe(Effect.provide((yield* database).client))
          })
      )

      /** Kills a process at this point, and delivers its message again. */
      const killAndRedeliver = (program: string, point: string) =>
        Effect.gen(function* () {
          const { database } = yield* World
          const { client, kind, path } = yield* database
          const signal = yield* signalOf(program, [kind, path, point])
          const redelivery = Effect.gen(function* () {
            const sql = yield* SqlClient.SqlClient
            const again = Effect.as(sql`insert into world values (${point})`, "")
            // Postgres takes a moment to notice that the process is gone. QStash tries again, too.
            const { isRepeat } = yield* Effect.retry(once({ token: `${point} 2`, message: point }, again), {
              while: Predicate.isTagged("WorkInProgress")
            })
            const rows = yield* sql`select work from world where work = ${point}`
            return { point, signal, isRepeat, effects: rows.length }
          })
          return yield* Effect.provide(redelivery, Layer.provideMerge(SqlLedger.layer(), client))
        })

      law("leaves one effect, wherever the process is killed", () =>
        Effect.gen(function* () {
          const program = yield* bundleKilled
          const ends = yield* Effect.forEach(
            ["after the work", "before the commit", "before the answer"],
            (point) => killAndRedeliver(program, point),
            { concurrency: "unbounded" }
          )
          deepStrictEqual(ends, [
            { point: "after the work", signal: "SIGKILL", isRepeat: false, effects: 1 },
            { point: "before the commit", signal: "SIGKILL", isRepeat: false, effects: 1 },
            { point: "before the answer", signal: "SIGKILL", isRepeat: true, effects: 1 }
          ])
        })
      )
    })
  })
