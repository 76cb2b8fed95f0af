import { start as startPostgres } from "@effect-qstash/contract/Postgres"
import { Store } from "@effect-qstash/engine/Store"
import { SqlStore } from "@effect-qstash/store-sql"
import { PgClient } from "@effect/sql-pg"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { Callers } from "./callers.ts"
import { pauseAndResume, rotate } from "./changes.ts"
import { check, type Summary } from "./checks.ts"
import { openDestinations } from "./destinations.ts"
import { drained, freePort, type Options, randomMoment } from "./run.ts"
import { buildServer, removeServer, ServerProcess } from "./ServerProcess.ts"
import { World } from "./World.ts"

/** The servers' leases, in milliseconds of their own time. */
const lease = 120_000

/** What happens to the database. Each one is over when it returns. */
const disasters = (url: string, restart: Effect.Effect<void>, snapshotSeconds: number) => {
  const connected = (connections: number, body: Effect.Effect<unknown, unknown, SqlClient>) =>
    Effect.runPromise(
      // Its own connections may end too.
      Effect.catchAllCause(
        Effect.provide(body, PgClient.layer({ url: Redacted.make(url), maxConnections: connections })),
        () => Effect.void
      )
    )
  const backends = "pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
  return {
    "its backends are ended": () =>
      connected(
        1,
        Effect.flatMap(SqlClient, (sql) => sql.unsafe(`select pg_terminate_backend(pid) from ${backends}`))
      ),
    "it is restarted": () => Effect.runPromise(restart),
    "others have all its connections": () =>
      connected(
        120,
        Effect.flatMap(SqlClient, (sql) =>
          Effect.all(
            Array.from({ length: 120 }, () => Effect.ignore(sql`select pg_sleep(2)`)),
            { concurrency: "unbounded" }
          )
        )
      ),
    "a backend crashes": () =>
      connected(
        1,
        Effect.flatMap(SqlClient, (sql) =>
          Effect.map(
            sql.unsafe<{ readonly pid: number }>(`select pid from ${backends} limit 1`),
            ([row]) => row !== undefined && process.kill(row.pid, "SIGKILL")
          )
        )
      ),
    "somebody holds a snapshot": () =>
      connected(
        1,
        Effect.flatMap(SqlClient, (sql) =>
          sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`set transaction isolation level repeatable read`
              yield* sql`select count(*) from qstash_messages`
              yield* sql`select pg_sleep(${snapshotSeconds})`
            })
          )
        )
      )
  }
}

/**
 * Three servers on one database, whose clocks are apart. The first one is killed again and again, the second one is stopped
 * for longer than a lease and woken, and the third one is told what must count for all. Meanwhile bad things happen to the database.
 */
export const crashOnPostgres = async (
  options: Options & {
    /** How long somebody holds a snapshot. */
    readonly snapshotSeconds: number
  }
): Promise<Summary> => {
  const { kills, pace, progress, snapshotSeconds, speed } = options
  const directory = mkdtempSync(join(tmpdir(), "effect-qstash-crash-"))
  const world = new World()
  const scope = Effect.runSync(Scope.make())
  await buildServer()
  const { restart, url } = await Effect.runPromise(Scope.extend(startPostgres, scope))
  const destinations = await openDestinations(world)
  const clocks = { speed, from: Date.now() }
  const servers: Array<ServerProcess> = []
  for (const ahead of [0, 3000, -2500]) {
    const settings = { port: await freePort(), database: { url }, ahead, concurrency: 200, ...clocks }
    servers.push(new ServerProcess(settings, join(directory, `server-${servers.length + 1}.log`)))
  }
  const [killed, stopped, told] = servers
  try {
    if (killed === undefined || stopped === undefined || told === undefined) throw new Error("no servers")
    await Promise.all(servers.map((server) => server.start()))
    const callers = new Callers(
      world,
      servers.map(({ settings }) => settings.port),
      destinations.url,
      pace
    )
    await callers.prepare()
    callers.start()

    const over = new AbortController()
    /** Repeats, at least once, until all kills are done. */
    const meanwhile = async (pause: number, step: () => Promise<unknown>) => {
      do {
        await setTimeout(Math.random() * pause)
        await step()
      } while (!over.signal.aborted)
    }
    const others = [
      meanwhile(2000, async () => {
        stopped.stop()
        await setTimeout((1.5 * lease) / speed)
        world.lastWake = performance.now()
        stopped.wake()
      }),
      meanwhile(4000, async () => {
        for (const [title, happen] of Object.entries(disasters(url, restart, snapshotSeconds))) {
          progress(`Postgres: ${title}`)
          await happen()
          await setTimeout(500 + Math.random() * 1000)
        }
      }),
      meanwhile(1000, () => pauseAndResume(callers, world, told.settings.port)),
      meanwhile(2000, () => rotate(callers, world, told.settings.port))
    ]
    for (let kill = 1; kill <= kills; kill++) {
      await randomMoment(world)
      await killed.end("SIGKILL")
      await killed.start()
      if (kill % 10 === 0 || kill === kills) {
        progress(`${kill} of ${kills} kills, ${world.accepted.size} accepted, ${world.delivered} delivered`)
      }
    }
    over.abort()
    await Promise.all(others)
    await callers.stop()
    await callers.removeSchedules()
    await drained(servers, world)
    await Promise.all(servers.map((server) => server.end("SIGTERM")))
    for (const { deaths } of servers) {
      world.faults.push(...deaths.map((death) => `A server ${death}; see ${directory}`))
    }
    return await Effect.runPromise(
      Effect.flatMap(Store, (store) => check(world, store, clocks)).pipe(
        Effect.provide(Layer.provideMerge(SqlStore.layer, PgClient.layer({ url: Redacted.make(url) })))
      )
    )
  } finally {
    await Promise.all(servers.map((server) => server.end("SIGKILL")))
    destinations.close()
    removeServer()
    await Effect.runPromise(Scope.close(scope, Exit.void))
    if (world.faults.length === 0) rmSync(directory, { recursive: true })
  }
}
