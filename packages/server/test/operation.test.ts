import { QStashServer, UndiciCourier } from "@effect-qstash/server"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { Store } from "@effect-qstash/engine/Store"
import { StoreError } from "@effect-qstash/engine/StoreError"
import { describe, it } from "@effect/vitest"
import {
  assertFalse,
  assertInclude,
  assertMatch,
  assertTrue,
  deepStrictEqual,
  strictEqual
} from "@effect/vitest/utils"
import { Context, Deferred, Effect, Layer, Metric, MetricBoundaries, Redacted } from "effect"
import { render } from "../src/internal/prometheus.ts"
import { call, create, logsInto, publish, quiet, refusalOf, serve, worker } from "./support.ts"

const none = { headers: {} }

const accountOf = (name: string) => ({
  name,
  token: Redacted.make(`token-of-${name}`),
  currentSigningKey: Redacted.make(`sig_of_${name}`),
  nextSigningKey: Redacted.make(`sig_next_of_${name}`)
})

const bearerOf = (name: string) => ({ Authorization: `Bearer token-of-${name}` })

/** A server on a Store that a test changes. */
const serveOn = (change: (store: Store.Service) => Store.Service) =>
  Effect.map(
    Layer.build(
      QStashServer.layer({ port: 0 }).pipe(
        Layer.provide([Layer.effect(Store, Effect.map(MemoryStore.make, change)), UndiciCourier.layer()])
      )
    ),
    Context.get(QStashServer.QStashServer)
  )

describe("GET /health and GET /ready", () => {
  it.scopedLive("need no token, and answer a probe that calls an address", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const { port } = yield* serve()
        for (const headers of [{}, { Host: "10.1.2.3:8080" }]) {
          const health = yield* call(port, "GET", "/health", { headers })
          deepStrictEqual([health.status, health.json], [200, { status: "ok" }])
          const ready = yield* call(port, "GET", "/ready", { headers })
          deepStrictEqual([ready.status, ready.json], [200, { status: "ready" }])
        }
        strictEqual((yield* call(port, "HEAD", "/health", none)).status, 200)
        strictEqual((yield* call(port, "POST", "/health", none)).status, 404)
      }).pipe(Effect.provide(logsInto(lines)))
      // A probe comes every few seconds, so only what fails is logged.
      deepStrictEqual(
        lines.filter((line) => line.includes("GET /health") || line.includes("/ready")),
        []
      )
    })
  )

  it.scopedLive("are right in virtual time too", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      strictEqual((yield* call(port, "GET", "/ready", none)).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("tell a Store that fails, and one that hangs, from a process that is up", () =>
    Effect.gen(function* () {
      const failure = new StoreError({ verb: "nextWake", cause: "planted-cause" })
      const hang = yield* Deferred.make<void>()
      for (const obstacle of [failure, Effect.uninterruptible(Deferred.await(hang))]) {
        const { port } = yield* serveOn((store) => ({
          ...store,
          nextWake: Effect.zipRight(obstacle, store.nextWake)
        }))
        strictEqual((yield* call(port, "GET", "/health", none)).status, 200)
        deepStrictEqual(refusalOf(yield* call(port, "GET", "/ready", none)), [
          503,
          "the Store does not respond"
        ])
      }
      yield* Deferred.succeed(hang, undefined)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("notice an engine that gets stuck, and one that goes on", () =>
    Effect.gen(function* () {
      let isStuck = true
      const { port } = yield* serveOn((store) => ({
        ...store,
        claimDueSchedules: (request) =>
          Effect.suspend(() =>
            isStuck
              ? new StoreError({ verb: "claimDueSchedules", cause: "planted-cause" })
              : store.claimDueSchedules(request)
          )
      }))
      deepStrictEqual(refusalOf(yield* call(port, "GET", "/ready", none)), [
        503,
        "the engine does not get its work done: see the log"
      ])
      isStuck = false
      yield* Effect.repeat(Effect.delay(call(port, "GET", "/ready", none), "200 millis"), {
        until: ({ status }) => status === 200
      })
    }).pipe(Effect.provide(quiet))
  )
})

describe("GET /metrics", () => {
  it.scopedLive("is off, for anyone, or for whoever has its token, which opens nothing else", () =>
    Effect.gen(function* () {
      const off = yield* serve()
      const refused = yield* call(off.port, "GET", "/metrics")
      strictEqual(refused.status, 404)
      assertInclude(refused.text, "QSTASH_METRICS_TOKEN")

      const open = yield* serve({ metrics: "anyone" })
      strictEqual((yield* call(open.port, "GET", "/metrics", none)).status, 200)
      strictEqual((yield* call(open.port, "GET", "/metrics", { headers: { Host: "a.example" } })).status, 403)

      const guarded = yield* serve({ metrics: Redacted.make("metrics-token") })
      const headers = { Authorization: "Bearer metrics-token", Host: "10.1.2.3:8080" }
      const reply = yield* call(guarded.port, "GET", "/metrics", { headers })
      strictEqual(reply.status, 200)
      assertMatch(String(reply.headers["content-type"]), /^text\/plain; version=0\.0\.4/)
      for (const wrong of [
        {},
        { Authorization: "Bearer metrics-toke" },
        { Authorization: "metrics-token" }
      ]) {
        strictEqual((yield* call(guarded.port, "GET", "/metrics", { headers: wrong })).status, 401)
      }
      strictEqual((yield* call(guarded.port, "GET", "/metrics")).status, 401)
      const { Authorization } = headers
      strictEqual((yield* call(guarded.port, "GET", "/v2/keys", { headers: { Authorization } })).status, 401)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("counts what became of messages, by tenant", () =>
    Effect.gen(function* () {
      const names = ["metrics-a", "metrics-b"]
      const { port } = yield* serve({ time: "virtual", metrics: "anyone", users: names.map(accountOf) })
      const { port: there } = yield* worker((response, { target }) =>
        response.writeHead(target === "/fails" ? 500 : 200).end()
      )
      const [one, other] = [bearerOf("metrics-a"), bearerOf("metrics-b")]
      yield* publish(port, `http://127.0.0.1:${there}/ok`, one)
      yield* publish(port, `http://127.0.0.1:${there}/ok`, { ...one, "Upstash-Delay": "20s" })
      yield* publish(port, `http://127.0.0.1:${there}/fails`, { ...one, "Upstash-Retries": "1" })
      yield* publish(port, `http://127.0.0.1:${there}/ok`, { ...other, "Upstash-Delay": "1d" })
      const cancelled = yield* publish(port, `http://127.0.0.1:${there}/ok`, {
        ...other,
        "Upstash-Delay": "1d"
      })
      yield* call(port, "DELETE", `/v2/messages/${cancelled}`, { headers: other })
      yield* call(port, "POST", "/dev/clock/advance", { headers: one, body: '{"duration":"1 hour"}' })

      const { text } = yield* call(port, "GET", "/metrics", none)
      const found = text.split("\n")
      for (const line of [
        "# TYPE effect_qstash_messages_total counter",
        'effect_qstash_messages_total{tenant="metrics-a",state="accepted"} 3',
        'effect_qstash_messages_total{tenant="metrics-a",state="delivered"} 2',
        'effect_qstash_messages_total{tenant="metrics-a",state="retried"} 1',
        'effect_qstash_messages_total{tenant="metrics-a",state="failed"} 1',
        'effect_qstash_messages_total{tenant="metrics-a",state="cancelled"} 0',
        'effect_qstash_messages_total{tenant="metrics-b",state="accepted"} 2',
        'effect_qstash_messages_total{tenant="metrics-b",state="cancelled"} 1',
        "# TYPE effect_qstash_delivery_latency_seconds histogram",
        'effect_qstash_delivery_latency_seconds_bucket{tenant="metrics-a",le="+Inf"} 2',
        'effect_qstash_delivery_latency_seconds_count{tenant="metrics-a"} 2',
        "# TYPE effect_qstash_pending_messages gauge",
        'effect_qstash_pending_messages{tenant="metrics-a",state="waiting"} 0',
        'effect_qstash_pending_messages{tenant="metrics-b",state="waiting"} 1',
        'effect_qstash_pending_messages{tenant="metrics-b",state="delivering"} 0',
        "effect_qstash_schedule_lateness_seconds 0"
      ]) {
        assertTrue(found.includes(line), `${line} is not in\n${text}`)
      }
      assertFalse(text.includes("effect_fiber"))
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("says how late the latest schedule is", () =>
    Effect.gen(function* () {
      let isStuck = false
      const { port } = yield* Effect.map(
        Layer.build(
          QStashServer.layer({ port: 0, metrics: "anyone" }).pipe(
            Layer.provide([
              Layer.effect(
                Store,
                Effect.map(MemoryStore.make, (store) => ({
                  ...store,
                  nextWake: Effect.map(store.nextWake, (wake) =>
                    isStuck ? { ...wake, schedule: Date.now() - 90_000 } : wake
                  )
                }))
              ),
              UndiciCourier.layer()
            ])
          )
        ),
        Context.get(QStashServer.QStashServer)
      )
      yield* create(port, "https://example.com", { "Upstash-Cron": "0 0 1 1 *" })
      assertInclude(
        (yield* call(port, "GET", "/metrics")).text,
        "\neffect_qstash_schedule_lateness_seconds 0\n"
      )
      isStuck = true
      assertMatch(
        (yield* call(port, "GET", "/metrics")).text,
        /\neffect_qstash_schedule_lateness_seconds [89]\d/
      )
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("gives many tenants one series, so that their number has a bound", () =>
    Effect.gen(function* () {
      const users = Array.from({ length: 150 }, (_, index) => accountOf(`many-${index}`))
      const { port } = yield* serve({ time: "virtual", metrics: "anyone", users })
      for (const name of ["many-120", "many-149"]) {
        yield* publish(port, "https://example.com", { ...bearerOf(name), "Upstash-Delay": "1d" })
      }
      yield* publish(port, "https://example.com", { ...bearerOf("many-1"), "Upstash-Delay": "1d" })
      const { text } = yield* call(port, "GET", "/metrics", none)
      const waiting = text.split("\n").filter((line) => /^effect_qstash_pending.*many-.*waiting/.test(line))
      strictEqual(waiting.length, 100)
      assertInclude(text, 'effect_qstash_pending_messages{tenant="(others)",state="waiting"} 0')
    }).pipe(Effect.provide(quiet))
  )

  it("is text that Prometheus can parse, whatever a label holds", () => {
    const counter = Metric.tagged(
      Metric.counter("unit_total", { description: 'a "b"\\\nc' }),
      "name",
      'a"b\\c\nd'
    )
    counter.unsafeUpdate(2.5, [])
    const histogram = Metric.histogram("unit_seconds", MetricBoundaries.fromIterable([0.5, 1]), "spans")
    for (const seconds of [0.1, 0.7, 9]) histogram.unsafeUpdate(seconds, [])
    strictEqual(
      render(Metric.unsafeSnapshot(), "unit_"),
      [
        "# HELP unit_seconds spans",
        "# TYPE unit_seconds histogram",
        'unit_seconds_bucket{le="0.5"} 1',
        'unit_seconds_bucket{le="1"} 2',
        'unit_seconds_bucket{le="+Inf"} 3',
        "unit_seconds_sum 9.8",
        "unit_seconds_count 3",
        '# HELP unit_total a "b"\\\\\\nc',
        "# TYPE unit_total counter",
        'unit_total{name="a\\"b\\\\c\\nd"} 2.5',
        ""
      ].join("\n")
    )
  })
})
