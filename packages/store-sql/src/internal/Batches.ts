import { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

interface Waiting<Request, A, E> {
  readonly request: Request
  readonly answer: Deferred.Deferred<A, E>
}

/** So that one huge batch does not keep everybody else waiting. */
const mostAtOnce = 250

/** All requests that arrive in one turn of the event loop are in the same batch. */
const nextTurn = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** A commit that fails is a defect in `@effect/sql`. Whether it happened is not known. */
const mayHaveHappened = (cause: Cause.Cause<unknown>): boolean =>
  Array.from(Cause.defects(cause)).some((defect) => defect instanceof SqlError)

/**
 * Does together what is asked for at the same time: what arrives while a batch is being done is in the next one. `doAll`
 * returns its results in the order of the requests. If it fails, each request is done on its own, so that one bad request
 * does not fail the others; unless the batch may have happened, because nothing may happen twice.
 */
export const makeBatches = <Request, A, E>(
  doAll: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<A>, E>
): ((request: Request) => Effect.Effect<A, E>) => {
  let waiting: Array<Waiting<Request, A, E>> = []
  let isRunning = false

  const doOne = ({ answer, request }: Waiting<Request, A, E>) =>
    Effect.flatMap(
      Effect.exit(
        Effect.flatMap(doAll([request]), ([one]) =>
          one === undefined ? Effect.dieMessage("A batch has left out a request") : Effect.succeed(one)
        )
      ),
      (exit) => Deferred.done(answer, exit)
    )

  const doBatch = (batch: ReadonlyArray<Waiting<Request, A, E>>) =>
    Effect.gen(function* () {
      if (batch.length > 1) {
        const all = yield* Effect.exit(doAll(batch.map(({ request }) => request)))
        if (Exit.isSuccess(all)) {
          for (const [index, { answer }] of batch.entries()) {
            const one = all.value[index]
            if (one !== undefined) Deferred.unsafeDone(answer, Exit.succeed(one))
          }
          return
        }
        if (mayHaveHappened(all.cause)) {
          for (const { answer } of batch) Deferred.unsafeDone(answer, Exit.failCause(all.cause))
          return
        }
      }
      yield* Effect.forEach(batch, doOne, { discard: true })
    })

  const run = Effect.gen(function* () {
    yield* nextTurn
    while (waiting.length > 0) {
      const batch = waiting.slice(0, mostAtOnce)
      waiting = waiting.slice(mostAtOnce)
      yield* doBatch(batch)
      yield* nextTurn
    }
    isRunning = false
  })

  return (request) =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<A, E>()
      waiting.push({ request, answer })
      if (!isRunning) {
        isRunning = true
        // Not the caller's own fiber: the others' requests must be answered even if this caller is interrupted.
        yield* Effect.forkDaemon(Effect.uninterruptible(run))
      }
      return yield* Deferred.await(answer)
    })
}
