import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createConnection, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { start } from "../child.ts"
import { median, ratioOf, type Row } from "../measure.ts"
import type { Rates } from "./rates.ts"

const rounds = 3

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(address instanceof Object ? address.port : 0)))
  })
})

const accepts = (port: number) =>
  Effect.async<boolean>((resume) => {
    const socket = createConnection({ port, host: "127.0.0.1" })
    socket.once("connect", () => resume(Effect.succeed(true)))
    socket.once("error", () => resume(Effect.succeed(false)))
    return Effect.sync(() => socket.destroy())
  })

/** A Redis of its own, which waits for the disk as SQLite does. */
const redis = Effect.gen(function* () {
  const port = yield* freePort
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-qstash-redis-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true }))
  )
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    dir: directory,
    appendonly: "yes",
    appendfsync: "always",
    save: ""
  }
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        "redis-server",
        Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
        { stdio: "ignore" }
      )
    ),
    (child) =>
      Effect.async<void>((resume) => {
        child.once("exit", () => resume(Effect.void))
        child.kill()
      })
  )
  yield* Effect.repeat(Effect.zipLeft(accepts(port), Effect.sleep("50 millis")), { until: (isUp) => isUp })
  return port
})

const measure = (name: string, args: ReadonlyArray<string>) =>
  Effect.scoped(Effect.map(start<Rates>(name, args), ([, rates]) => rates))

const aSecond = (rates: ReadonlyArray<number>): string =>
  `${Math.round(median(rates)).toLocaleString("en")} a second`

/** What a Store on a disk does in a second, beside BullMQ on a Redis that waits for the same disk, and beside memory. */
export const storage = (scale: number): Effect.Effect<ReadonlyArray<Row>> =>
  Effect.gen(function* () {
    const count = String(Math.max(64, Math.round(8000 * scale)))
    const sqlite: Array<Rates> = []
    const memory: Array<Rates> = []
    const bullmq: Array<Rates> = []
    for (let round = 0; round < (scale < 1 ? 1 : rounds); round++) {
      sqlite.push(yield* measure("storeSide", ["sqlite", count]))
      memory.push(yield* measure("storeSide", ["memory", count]))
      if (!hasRedis) continue
      bullmq.push(
        yield* Effect.scoped(Effect.flatMap(redis, (port) => measure("bullmqSide", [String(port), count])))
      )
    }
    const rows = [
      ["accepted", "messages accepted from 64 callers, and on the disk", 1],
      ["drained", "waiting messages leased and settled", undefined],
      ["endToEnd", "messages accepted, leased and settled, all at once", 1]
    ] as const
    const perSecond = (side: ReadonlyArray<Rates>, of: keyof Rates) => side.map((rates) => rates[of])
    return rows.flatMap(([of, what, least]): ReadonlyArray<Row> => {
      const ours = perSecond(sqlite, of)
      const others = perSecond(bullmq, of)
      return [
        ...(others.length === 0
          ? []
          : [
              {
                what: `${what}: the Store on SQLite`,
                ours: aSecond(ours),
                theirs: `BullMQ on Redis ${aSecond(others)}`,
                ratio: ratioOf(ours, others),
                meaning: "times as fast",
                ...(least === undefined ? {} : { wanted: { least } })
              } as const
            ]),
        {
          what: `${what}: the Store on SQLite`,
          ours: aSecond(ours),
          theirs: `in memory ${aSecond(perSecond(memory, of))}${hasRedis ? "" : "; there is no Redis on this machine to compare with"}`,
          ratio: ratioOf(ours, perSecond(memory, of)),
          meaning: "times as fast"
        }
      ]
    })
  })
