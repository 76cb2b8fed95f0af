import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import { Store } from "@effect-qstash/engine/Store"
import { Effect, Fiber, Layer } from "effect"
import Database from "libsql"
import {
  acme,
  claim,
  delivered,
  ids,
  send,
  settle,
  start
} from "../../engine/src/internal/storeLaws/given.ts"
import { temporaryFile } from "./support.ts"

const on = (filename: string) =>
  SqlStore.layer.pipe(Layer.provide(SqliteClient.layer({ filename })), Layer.provide(ids))

describe("a backup", () => {
  it.scoped("of a running server has all that was accepted before it, and goes on from there", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const copy = `${filename}-copy`
      const before = yield* Effect.gen(function* () {
        yield* send(["a", "b", "c"])
        yield* settle((yield* claim(start, 1)).map(delivered))
        const writing = yield* Effect.fork(Effect.forever(send(["later"])))
        const store = yield* Store
        const pending = yield* store.listMessages(acme)
        const other = new Database(filename)
        other.prepare("VACUUM INTO ?").run([copy])
        other.close()
        yield* Fiber.interrupt(writing)
        return pending
      }).pipe(Effect.provide(on(filename)))
      yield* Effect.gen(function* () {
        const store = yield* Store
        const pending = yield* store.listMessages(acme)
        deepStrictEqual(pending.slice(0, before.length), before)
        strictEqual((yield* settle((yield* claim(start)).map(delivered))).length, pending.length)
      }).pipe(Effect.provide(on(copy)))
    })
  )
})
