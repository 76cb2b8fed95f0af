/** The file with the accounts of `effect-qstash serve`. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { chown, type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises"
import { dirname } from "node:path"
import process from "node:process"
import { failed, Failure, wrongUsage } from "./Failure.ts"
import { reasonOf } from "./Shell.ts"
import { type Contents, parse, type Tenants, tenantsOf } from "./Tenants.ts"

const refuse = (source: string, what: string, next?: string): Failure =>
  wrongUsage(`${source}: ${what}.`, next)

const isAbout = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code

/** On Windows the mode says nothing about who can read a file. */
const isForOwnerOnly = (mode: number): boolean => process.platform === "win32" || (mode & 0o077) === 0

/** The text of the file; none if there is no such file. */
const textOf = (path: string): Effect.Effect<Option.Option<string>, Failure> =>
  Effect.gen(function* () {
    const { mode, text } = yield* Effect.tryPromise({
      try: async () => {
        const file = await open(path)
        try {
          return { mode: (await file.stat()).mode, text: await file.readFile("utf8") }
        } finally {
          await file.close()
        }
      },
      catch: (error) => error
    })
    if (isForOwnerOnly(mode)) return Option.some(text)
    return yield* refuse(
      path,
      `other users of this machine can open this file (mode ${(mode & 0o777).toString(8)}), and it holds secrets`,
      `Keep them out: chmod 600 ${path}`
    )
  }).pipe(
    Effect.catchIf(
      (error) => isAbout(error, "ENOENT"),
      () => Effect.succeedNone
    ),
    Effect.mapError((error) =>
      error instanceof Failure ? error : refuse(path, `it cannot be read (${reasonOf(error)})`)
    )
  )

/** The text of a file that has to be there, and that nobody else may read. */
export const readText = (path: string): Effect.Effect<string, Failure> =>
  Effect.flatMap(
    textOf(path),
    Option.match({
      onNone: () =>
        refuse(
          path,
          "there is no such file",
          "`effect-qstash tenants add <name>` makes it, with its first tenant."
        ),
      onSome: Effect.succeed
    })
  )

const orRefuse = <A>(source: string, result: Either.Either<A, string>): Effect.Effect<A, Failure> =>
  Effect.mapError(result, (what) =>
    refuse(
      source,
      what,
      'A tenant has "name", "tokenSha256" or "token", "currentSigningKey" and "nextSigningKey". `effect-qstash tenants add <name>` writes one.'
    )
  )

/** What the file holds. */
export const read = (path: string): Effect.Effect<Contents, Failure> =>
  Effect.flatMap(readText(path), (text) => orRefuse(path, parse(text)))

/** The accounts in a text, for a server. Errors name the source, but no value. */
export const tenantsFrom = (source: string, text: string): Effect.Effect<Tenants, Failure> =>
  orRefuse(source, Either.flatMap(parse(text), tenantsOf))

/**
 * Changes the file, or makes it. The new one is written beside it and takes its place whole, so that nobody reads half of
 * it. Only one command at a time can make the file beside it, so that none undoes what another has done.
 */
export const update = (
  path: string,
  change: (contents: Contents) => Effect.Effect<Contents, Failure>
): Effect.Effect<void, Failure> =>
  Effect.gen(function* () {
    // A link stays a link.
    const target = yield* Effect.promise(() => realpath(path).catch(() => path))
    const beside = `${target}.new`
    const unwritable = (error: unknown): Failure =>
      isAbout(error, "EEXIST")
        ? failed(
            `${beside} exists: another command is changing the tenants, or was killed while it did.`,
            `If none is running, delete it: rm ${beside}`
          )
        : failed(`${path}: it cannot be written (${reasonOf(error)}). Nothing was changed.`)
    let isReplaced = false
    return yield* Effect.acquireUseRelease(
      Effect.tryPromise({ try: () => open(beside, "wx", 0o600), catch: unwritable }),
      (file) =>
        Effect.gen(function* () {
          const old = yield* Effect.flatMap(
            textOf(path),
            Option.match({
              onNone: () => Effect.succeed<Contents>({ tenants: [] }),
              onSome: (text) => orRefuse(path, parse(text))
            })
          )
          const contents = yield* change(old)
          yield* Effect.tryPromise({ try: () => replace(file, beside, target, contents), catch: unwritable })
          isReplaced = true
        }),
      (file) =>
        Effect.promise(async () => {
          await file.close()
          if (!isReplaced) await rm(beside)
        })
    )
  })

/** Returns once the new file is there even after a power cut. */
const replace = async (
  file: FileHandle,
  beside: string,
  target: string,
  contents: Contents
): Promise<void> => {
  await file.writeFile(`${JSON.stringify(contents, null, 2)}\n`)
  // If root changes the file of the server's user, that user has to be able to read the new one.
  const owner = await stat(target).catch(() => undefined)
  if (owner !== undefined && owner.uid !== (await file.stat()).uid) await chown(beside, owner.uid, owner.gid)
  await file.sync()
  await rename(beside, target)
  const directory = await open(dirname(target)).catch(() => undefined)
  // Windows cannot open a directory.
  await directory?.sync()
  await directory?.close()
}

/** How often the file is read again, so that a change counts within a second. */
const interval = "500 millis"

/**
 * Calls back with the accounts whenever the file no longer has this text. It compares the text, since the time of a file may not
 * change with it, and a watcher loses a file that is replaced. What is wrong with a new file is logged once, and the
 * accounts stay as they were.
 */
export const watch = (
  path: string,
  text: string,
  changed: (tenants: Tenants) => void
): Effect.Effect<never> =>
  Effect.suspend(() => {
    let known = text
    let problem: string | undefined
    const look = Effect.gen(function* () {
      const now = yield* readText(path)
      if (problem === undefined && now === known) return
      const tenants = yield* tenantsFrom(path, now)
      known = now
      problem = undefined
      changed(tenants)
      yield* Effect.logInfo(
        `${path} has changed: tenants ${tenants.users.map(({ name }) => name).join(", ")}`
      )
    })
    return look.pipe(
      Effect.catchAll(({ next = "", what }) => {
        if (what === problem) return Effect.void
        problem = what
        return Effect.logError(`${what} ${String(next)} Until then the tenants stay as they were.`)
      }),
      Effect.delay(interval),
      Effect.forever
    )
  })
