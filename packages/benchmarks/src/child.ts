import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ChildProcess } from "node:child_process"
import { forkBundle } from "./forkBundle.ts"

/** What a process sends next. It fails with the process. */
export const nextMessage = <A>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    const died = () => reject(new Error("A process of the benchmark has died"))
    child.once("exit", died)
    child.once("message", (message: A) => {
      child.off("exit", died)
      resolve(message)
    })
  })

/** Starts a bundle in a process of its own, and waits for what it sends first. */
export const start = <A>(
  name: string,
  args: ReadonlyArray<string>
): Effect.Effect<readonly [ChildProcess, A], never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = forkBundle(name, args)
      return [child, await nextMessage<A>(child)] as const
    }),
    ([child]) => Effect.sync(() => child.kill())
  )
