import * as Signer from "@effect-qstash/engine/Signer"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { ChildProcess } from "node:child_process"
import { Pool } from "undici"
import { nextMessage, start } from "../child.ts"
import { micros, ratioOf, type Row, type Turns } from "../measure.ts"
import { headersOf } from "../receiver.ts"
import { name, responseText, signingKeys, url } from "./deliveries.ts"

const concurrency = 16

const sizes = [
  ["100 B", 100, 1500],
  ["10 kB", 10_000, 1000]
] as const

const signer = Signer.make({ current: Redacted.make(signingKeys.currentSigningKey) })

/** A worker, and the microseconds of CPU time that it took for a delivery in each turn. */
interface Worker {
  readonly child: ChildProcess
  readonly pool: Pool
  readonly turns: Array<number>
}

const startWorker = (program: string): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const [child, port] = yield* start<number>(program, [])
    const pool = yield* Effect.acquireRelease(
      Effect.sync(() => new Pool(`http://127.0.0.1:${port}`, { connections: concurrency })),
      (opened) => Effect.promise(() => opened.destroy())
    )
    return { child, pool, turns: [] }
  })

const cpuOf = ({ child }: Worker): Effect.Effect<number> =>
  Effect.promise(() => {
    const answer = nextMessage<number>(child)
    child.send("")
    return answer
  })

/** Delivers as QStash does, each time with a signature of its own. */
const deliver = ({ pool }: Worker, body: Uint8Array, index: number): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (nowMillis) =>
    Effect.promise(async () => {
      const signature = signer.sign({ url, body, jti: `jwt_${index}`, nowMillis })
      const response = await pool.request({
        method: "POST",
        path: `/jobs/${name}`,
        headers: headersOf(signature, body.byteLength),
        body
      })
      const text = await response.body.text()
      // A worker that does not do its work is not fast.
      if (text !== responseText) throw new Error(`A worker responds ${response.statusCode} ${text}`)
    })
  )

const takeTurn = (worker: Worker, body: Uint8Array, count: number): Effect.Effect<number> =>
  Effect.gen(function* () {
    const before = yield* cpuOf(worker)
    yield* Effect.forEach(Array(count).keys(), (index) => deliver(worker, body, index), {
      concurrency,
      discard: true
    })
    return ((yield* cpuOf(worker)) - before) / count
  })

/**
 * A worker that verifies, decodes and responds. Each has a process of its own, and what delivers to them has another. They
 * take turns.
 */
export const jobs = (scale: number): Effect.Effect<ReadonlyArray<Row>> =>
  Effect.gen(function* () {
    const rows: Array<Row> = []
    for (const [size, bytes, count] of scale < 1 ? sizes.slice(0, 1) : sizes) {
      const workers = yield* Effect.all(
        {
          ours: startWorker("ours"),
          official: startWorker("official"),
          officialApp: startWorker("officialApp"),
          bareApp: startWorker("bareApp")
        },
        { concurrency: "unbounded" }
      )
      const body = new TextEncoder().encode(JSON.stringify({ tenant: "x".repeat(bytes) }))
      const [warmUps, rounds] = scale < 1 ? [0, 1] : [4, 15]
      for (let round = 0; round < warmUps + rounds; round++) {
        for (const worker of Object.values(workers)) {
          const each = yield* takeTurn(worker, body, Math.max(1, Math.round(count * scale)))
          // The first turns do not count: the code is not compiled yet.
          if (round >= warmUps) worker.turns.push(each)
        }
      }
      const { bareApp, official, officialApp, ours } = workers
      const row = (what: string, self: Turns, theirs: string, that: Turns): Row => ({
        what: `working on a delivery of ${size}, ${what}`,
        ours: micros(self),
        theirs: `${theirs} ${micros(that)}`,
        ratio: ratioOf(that, self),
        meaning: "times as fast"
      })
      const router = "the router of jobs as an `HttpApp`"
      rows.push(
        {
          ...row(router, ours.turns, "@upstash/qstash on `node:http`", official.turns),
          wanted: { least: 1 },
          headline: `receive a job of ${size}, in an \`HttpApp\` on Node`
        },
        {
          ...row(router, ours.turns, "@upstash/qstash in an `HttpApp`", officialApp.turns),
          wanted: { least: 1 }
        },
        row("an `HttpApp` without verifying", bareApp.turns, "@upstash/qstash on `node:http`", official.turns)
      )
    }
    return rows
  }).pipe(Effect.scoped)
