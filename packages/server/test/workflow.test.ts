import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { bearer, call, headerOf, quiet, refusalOf, serve, worker } from "./support.ts"

const markers = ["Init", "RunId", "Url", "CallType", "Invoke"].flatMap((name) => [
  `Upstash-Workflow-${name}`,
  `Upstash-Callback-Workflow-${name}`,
  `Upstash-Failure-Callback-Workflow-${name}`
])

const reason = "starts or continues an Upstash Workflow, which is not supported"

describe("Upstash Workflow", () => {
  it.scopedLive("is named as the reason why its triggers are refused, and nothing is sent", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const destination = "https://example.com/api/workflow"
      for (const name of markers) {
        const headers = { ...bearer, [name]: "true" }
        for (const path of ["publish", "enqueue/q", "schedules"]) {
          const reply = yield* call(port, "POST", `/v2/${path}/${destination}`, {
            headers: { ...headers, ...(path === "schedules" ? { "Upstash-Cron": "* * * * *" } : {}) }
          })
          deepStrictEqual(refusalOf(reply), [400, `${name}: ${reason}`], path)
          const query = yield* call(port, "POST", `/v2/${path}/${destination}?${name.toLowerCase()}=true`, {
            headers: { ...bearer, ...(path === "schedules" ? { "Upstash-Cron": "* * * * *" } : {}) }
          })
          deepStrictEqual(refusalOf(query), [400, `${name}: ${reason}`], path)
        }
        const batch = yield* call(port, "POST", "/v2/batch", {
          body: JSON.stringify([{ destination }, { destination, headers: { [name]: "true" } }])
        })
        deepStrictEqual(refusalOf(batch), [400, `[1].${name}: ${reason}`])
      }
      for (const path of ["messages/none", "queues/q", "schedules/none"]) {
        strictEqual((yield* call(port, "GET", `/v2/${path}`)).status, 404)
      }
      deepStrictEqual((yield* call(port, "GET", "/v2/schedules")).json, [])
      assertInclude((yield* call(port, "GET", "/v2/events")).text, '"events":[]')
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("may be the receiver of a plain message, with its headers forwarded", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const { port: there, received } = yield* worker()
      const reply = yield* call(port, "POST", `/v2/publish/http://127.0.0.1:${there}/api/workflow`, {
        headers: {
          ...bearer,
          "Upstash-Forward-Upstash-Workflow-RunId": "wfr_1",
          "Upstash-Workflow-Sdk-Version": "1",
          "Upstash-Workflow-Init": ""
        }
      })
      strictEqual(reply.status, 200)
      while (received.length === 0) yield* Effect.sleep("10 millis")
      const [message] = received
      strictEqual(message && headerOf(message, "Upstash-Workflow-Runid"), "wfr_1")
    }).pipe(Effect.provide(quiet))
  )
})
