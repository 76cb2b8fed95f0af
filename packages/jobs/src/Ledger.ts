/**
 * Remembers what has been done, so that a message that is delivered twice is worked on once.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { durationOf } from "./internal/durationOf.ts"

/**
 * What identifies one piece of work. If any of them is known, the work has been done before. All are unique across the
 * application.
 *
 * @since 0.1.0
 * @category models
 */
export interface Keys {
  /** The id of the delivery's token: signed, and new for each attempt. Stops a recorded request that is sent again. */
  readonly token?: string | undefined
  /** The message: the same for all attempts, but not signed. */
  readonly message?: string | undefined
  /** The job's own `key`: signed with the body, and the same for two messages about the same thing. */
  readonly business?: string | undefined
}

/**
 * The response of the work, and whether it was done earlier: then nothing ran, and the response is the one from that time.
 *
 * @since 0.1.0
 * @category models
 */
export interface Once {
  readonly response: string
  readonly isRepeat: boolean
}

/**
 * The same work is in progress. The router responds with 503, and QStash tries again.
 *
 * @since 0.1.0
 * @category errors
 */
export class WorkInProgress extends Data.TaggedError("WorkInProgress")<{}> {
  override get message(): string {
    return "The same work is in progress"
  }
}

/**
 * @since 0.1.0
 */
export declare namespace Ledger {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Runs `work` if none of the keys is known, and remembers all of them with its response when it succeeds. If it
     * fails, dies or is interrupted, the keys are free again, so that the next attempt runs it.
     */
    readonly once: <E, R>(
      keys: Keys,
      work: Effect.Effect<string, E, R>
    ) => Effect.Effect<Once, E | WorkInProgress, R>
  }
}

/**
 * Where the jobs' router looks up what has been done.
 *
 * @since 0.1.0
 * @category tags
 */
export class Ledger extends Context.Tag("@effect-qstash/jobs/Ledger")<Ledger, Ledger.Service>() {}

/**
 * Remembers nothing: every delivery runs its handler. For handlers that can run twice without harm.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerNone: Layer.Layer<Ledger> = Layer.succeed(Ledger, {
  once: (_, work) => Effect.map(work, (response) => ({ response, isRepeat: false }))
})

interface Entry {
  readonly keys: ReadonlyArray<string>
  readonly response: string | undefined
  readonly doneAt: number
}

/**
 * Remembers in the memory of this process. Enough for one process whose restarts may repeat work, and for tests.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory = (options?: {
  /**
   * How long work that is done is remembered.
   *
   * @default "1 day", as long as QStash's longest wait before a retry
   */
  readonly retention?: Duration.DurationInput | undefined
}): Layer.Layer<Ledger> =>
  Layer.sync(Ledger, () => {
    const retention = Duration.toMillis(durationOf("retention", options?.retention ?? "1 day"))
    const entries = new Map<string, Entry>()
    /** Oldest first. */
    const done = new Set<Entry>()

    const forget = (entry: Entry) => {
      done.delete(entry)
      for (const key of entry.keys) if (entries.get(key) === entry) entries.delete(key)
    }
    const forgetOld = (now: number) => {
      for (const entry of done) {
        if (entry.doneAt > now - retention) return
        forget(entry)
      }
    }

    return {
      once: <E, R>(keys: Keys, work: Effect.Effect<string, E, R>) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Once, E | WorkInProgress, R> => {
            forgetOld(now)
            const names = namesOf(keys)
            const known = names.map((name) => entries.get(name)).find((entry) => entry !== undefined)
            if (known?.response !== undefined)
              return Effect.succeed({ response: known.response, isRepeat: true })
            if (known !== undefined) return Effect.fail(new WorkInProgress())
            const running: Entry = { keys: names, response: undefined, doneAt: Infinity }
            for (const name of names) entries.set(name, running)
            return Effect.flatMap(Effect.exit(restore(work)), (exit) => {
              forget(running)
              if (Exit.isFailure(exit)) return Effect.failCause(exit.cause)
              return Effect.map(Clock.currentTimeMillis, (doneAt) => {
                const entry: Entry = { keys: names, response: exit.value, doneAt }
                for (const name of names) entries.set(name, entry)
                done.add(entry)
                return { response: exit.value, isRepeat: false }
              })
            })
          })
        )
    }
  })

/** The keys as the names under which a ledger keeps them. */
const namesOf = ({ business, message, token }: Keys): ReadonlyArray<string> => [
  ...(token === undefined ? [] : [`token ${token}`]),
  ...(message === undefined ? [] : [`message ${message}`]),
  ...(business === undefined ? [] : [`business ${business}`])
]
