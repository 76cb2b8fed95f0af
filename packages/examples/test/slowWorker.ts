/** The billing worker with an export that says when it starts, and ends when it is told to. */
import { WorkerLive } from "@effect-qstash/examples/billing/worker"
import { Digests, Exports, Reports } from "@effect-qstash/examples/billing/work"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { once } from "node:events"

const work = Layer.mergeAll(
  Layer.succeed(Reports, { send: () => Effect.void }),
  Layer.succeed(Digests, { send: () => Effect.void }),
  Layer.succeed(Exports, {
    run: (id) =>
      Console.log("started").pipe(
        Effect.zipRight(Effect.promise(() => once(process.stdin, "data"))),
        Effect.as({ fileUrl: id })
      ),
    finished: () => Effect.void
  })
)

WorkerLive.pipe(
  Layer.provide(work),
  Layer.tap(() => Console.log("ready")),
  Layer.launch,
  // An open standard input would keep the process alive.
  Effect.ensuring(Effect.sync(() => process.stdin.destroy())),
  NodeRuntime.runMain
)
