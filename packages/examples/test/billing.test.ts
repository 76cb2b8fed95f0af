/** The billing application on jobs and on the official SDK: the same schedules, and the same work is done. */
import { QStashClient } from "@effect-qstash/client"
import { Jobs, Ledger, Plan } from "@effect-qstash/jobs"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import { FetchHttpClient, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { Client, Receiver } from "@upstash/qstash"
import { DateTime, Effect, Exit, Layer, Logger, LogLevel, Option, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import plan from "@effect-qstash/examples/billing/deploy"
import { Digest, Export, jobs } from "@effect-qstash/examples/billing/jobs"
import {
  Digests,
  ExportId,
  Exports,
  NoSuchTable,
  Reports,
  TenantId
} from "@effect-qstash/examples/billing/work"
import { Handlers } from "@effect-qstash/examples/billing/handlers"
import * as Sdk from "@effect-qstash/examples/billingSdk/app"

const user = DevelopmentUsers.defaultUser
const ServerLive = QStashServer.layerMemory({ port: 0, time: "virtual" })

/** Moves the server's clock. */
const advance = (duration: string) =>
  Effect.flatMap(QStashServer.QStashServer, ({ url }) =>
    Effect.promise(async () => {
      const response = await fetch(`${url}/dev/clock/advance`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${Redacted.value(user.token)}`,
          "content-type": "application/json"
        },
        body: JSON.stringify({ duration })
      })
      await response.text()
    })
  )

/** What the application did, in the order in which it happened. */
type Did = ReadonlyArray<unknown>

const exports = ["e1", "e2", "gone"]

const onJobs: Effect.Effect<Did, unknown> = Effect.gen(function* () {
  const did: Array<unknown> = []
  const work = Layer.mergeAll(
    Layer.succeed(Reports, {
      send: (region, night) =>
        Effect.sync(
          () => void did.push(["report", region, Option.getOrNull(Option.map(night, DateTime.formatIso))])
        )
    }),
    Layer.succeed(Digests, {
      send: (tenant, attempt) => Effect.sync(() => void did.push(["digest", tenant, attempt]))
    }),
    Layer.succeed(Exports, {
      run: (id) => (id === "gone" ? new NoSuchTable({ table: id }) : Effect.succeed({ fileUrl: id })),
      finished: (id, exit) =>
        Effect.sync(
          () => void did.push(["finished", id, Exit.isSuccess(exit) ? exit.value.fileUrl : "failed"])
        )
    })
  )
  const at = Effect.map(HttpServer.HttpServer, ({ address }) => HttpServer.formatAddress(address))
  const worker = HttpServer.serve(jobs.httpApp).pipe(
    Layer.provide(Handlers),
    Layer.provide([Ledger.layerMemory(), QStashReceiver.layer(user), work]),
    Layer.provideMerge(Layer.unwrapEffect(Effect.map(at, (url) => Jobs.layer({ url: `${url}/jobs` }))))
  )
  const client = Layer.unwrapEffect(
    Effect.map(QStashServer.QStashServer, ({ url }) => QStashClient.layer({ url, token: user.token }))
  )
  yield* Effect.gen(function* () {
    yield* Plan.apply(yield* plan, { prune: true })
    for (const id of exports) yield* Export.publish({ exportId: ExportId.make(id), rows: 10 })
    yield* Digest.publish({ tenantId: TenantId.make("t1") })
    yield* advance("1m")
    yield* advance("7d")
    assertTrue(Plan.isEmpty(yield* plan))
  }).pipe(
    Effect.provide(
      worker.pipe(
        Layer.provideMerge(client),
        Layer.provideMerge(
          Layer.mergeAll(
            ServerLive,
            FetchHttpClient.layer,
            NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })
          )
        )
      )
    )
  )
  return did
})

const onSdk: Effect.Effect<Did, unknown> = Effect.scoped(
  Effect.gen(function* () {
    const did: Array<unknown> = []
    const { url: baseUrl } = yield* QStashServer.QStashServer
    const options = {
      client: new Client({ baseUrl, token: Redacted.value(user.token) }),
      receiver: new Receiver({
        currentSigningKey: Redacted.value(user.currentSigningKey),
        nextSigningKey: Redacted.value(user.nextSigningKey)
      }),
      url: "",
      now: Date.now,
      work: {
        sendReport: async (region: string, night: Date | undefined) =>
          void did.push(["report", region, night?.toISOString() ?? null]),
        sendDigest: async (tenant: string, attempt: number) => void did.push(["digest", tenant, attempt]),
        log: () => undefined,
        runExport: async (id: string) => {
          if (id === "gone") throw new Sdk.NoSuchTable(id)
          return { fileUrl: id }
        },
        exportFinished: async (id: string, result: { fileUrl: string } | Error) =>
          void did.push(["finished", id, result instanceof Error ? "failed" : result.fileUrl])
      }
    }
    const http = createServer((request, response) => worker.emit("request", request, response))
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void http.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.async<void>((resume) => void http.close(() => resume(Effect.void)))
    )
    const { port }: AddressInfo = Option.getOrThrow(Option.liftPredicate(http.address(), isAddress))
    options.url = `http://127.0.0.1:${port}/jobs`
    const worker = Sdk.worker(options)
    const tenants = Array.from({ length: 20 }, (_, index) => `t${index + 1}`)
    yield* Effect.promise(() => Sdk.deploy(options, tenants))
    for (const id of exports) yield* Effect.promise(() => Sdk.publishExport(options, id, 10))
    yield* Effect.promise(() =>
      options.client.publish({ url: `${options.url}/digest`, body: JSON.stringify({ tenantId: "t1" }) })
    )
    yield* advance("1m")
    yield* advance("7d")
    return did
  })
).pipe(Effect.provide(ServerLive))

const isAddress = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === "object" && address !== null

const sorted = (did: Did) => did.map((one) => JSON.stringify(one)).toSorted()

const linesOf = (...files: ReadonlyArray<string>): number =>
  files.reduce(
    (sum, file) =>
      sum +
      readFileSync(fileURLToPath(new URL(`../src/${file}`, import.meta.url)), "utf8").split("\n").length -
      1,
    0
  )

describe("the billing application", () => {
  it.live(
    "does the same work on jobs as on the official SDK",
    () =>
      Effect.gen(function* () {
        const ours = yield* onJobs
        const theirs = yield* onSdk
        deepStrictEqual(ours.length, 7 + 20 + 3 + 1)
        deepStrictEqual(sorted(ours), sorted(theirs))
      }).pipe(Logger.withMinimumLogLevel(LogLevel.Fatal)),
    60_000
  )

  it("is as short as the guide says", () => {
    const ours = linesOf(
      ...["jobs", "handlers", "worker", "main", "deploy"].map((name) => `billing/${name}.ts`)
    )
    const theirs = linesOf("billingSdk/app.ts")
    const guide = readFileSync(
      fileURLToPath(new URL("../../../docs/coming-from-the-sdk.md", import.meta.url)),
      "utf8"
    )
    assertTrue(ours <= 120)
    assertTrue(guide.includes(`has ${ours} lines`), `the guide should say ${ours} lines`)
    assertTrue(guide.includes(`has ${theirs} on the official SDK`), `the guide should say ${theirs} lines`)
  })
})
