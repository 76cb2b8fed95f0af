import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import { Store } from "@effect-qstash/engine/Store"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Callers } from "./callers.ts"
import { check, type Summary } from "./checks.ts"
import { openDestinations } from "./destinations.ts"
import { drained, freePort, type Options, randomMoment } from "./run.ts"
import { buildServer, removeServer, ServerProcess } from "./ServerProcess.ts"
import { World } from "./World.ts"

/** One server on a file. It is killed at random moments, also while it starts, and started again at once. */
export const crashOnSqlite = async ({ kills, pace, progress, speed }: Options): Promise<Summary> => {
  const directory = mkdtempSync(join(tmpdir(), "effect-qstash-crash-"))
  const filename = join(directory, "crash.db")
  const world = new World()
  await buildServer()
  const destinations = await openDestinations(world)
  const port = await freePort()
  // A server that is killed soon after its start must have time to settle some deliveries.
  const concurrency = 40
  const server = new ServerProcess(
    { port, database: { filename }, speed, from: Date.now(), ahead: 0, concurrency },
    join(directory, "server.log")
  )
  try {
    await server.start()
    const callers = new Callers(world, [port], destinations.url, pace)
    await callers.prepare()
    callers.start()
    for (let kill = 1; kill <= kills; kill++) {
      await randomMoment(world)
      await server.end("SIGKILL")
      const ready = server.start()
      if (Math.random() < 0.9) await ready
      if (kill % 10 === 0 || kill === kills) {
        progress(`${kill} of ${kills} kills, ${world.accepted.size} accepted, ${world.delivered} delivered`)
      }
    }
    await callers.stop()
    await callers.removeSchedules()
    await drained([server], world)
    await server.end("SIGTERM")
    world.faults.push(...server.deaths.map((death) => `The server ${death}; see ${directory}/server.log`))
    for (const [flow, { most }] of world.flows) {
      if (most > 2) world.faults.push(`${flow} had ${most} messages under way`)
    }
    const client = SqliteClient.layer({ filename })
    return await Effect.runPromise(
      Effect.flatMap(Store, (store) => check(world, store, server.settings)).pipe(
        Effect.provide(Layer.provideMerge(SqlStore.layer, client))
      )
    )
  } finally {
    await server.end("SIGKILL")
    destinations.close()
    removeServer()
    if (world.faults.length === 0) rmSync(directory, { recursive: true })
  }
}
