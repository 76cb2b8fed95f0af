import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { advance, call, each, field, itemsOf, publish, quiet, serve } from "./support.ts"

/** Port 1 of the loopback address: nothing listens there. */
const refusing = "http://127.0.0.1:1"

describe("the official Python client", () => {
  it.scopedLive("can list the dead letters of refused connections", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      for (const path of ["/a", "/b"]) {
        yield* publish(port, `${refusing}${path}`, { "Upstash-Retries": "0", "Upstash-Label": path })
      }
      yield* advance(port, "1 seconds")
      const letters = itemsOf((yield* call(port, "GET", "/v2/dlq")).json, "messages")
      strictEqual(letters.length, 2)
      for (const letter of letters) {
        // The fields that it reads without looking whether they exist.
        for (const name of ["messageId", "url", "method", "dlqId"]) {
          assertTrue(typeof field(letter, name) === "string", name)
        }
        for (const name of ["maxRetries", "createdAt", "notBefore", "responseStatus"]) {
          assertTrue(typeof field(letter, name) === "number", name)
        }
        strictEqual(field(letter, "responseStatus"), 0)
        const one = yield* call(port, "GET", `/v2/dlq/${String(field(letter, "dlqId"))}`)
        deepStrictEqual(one.json, letter)
      }
      const found = yield* call(port, "GET", "/v2/dlq?responseStatus=0&label=/b")
      deepStrictEqual(each(itemsOf(found.json, "messages"), "label"), ["/b"])
      deepStrictEqual((yield* call(port, "DELETE", "/v2/dlq?responseStatus=0")).json, { deleted: 2 })
    }).pipe(Effect.provide(quiet))
  )
})
