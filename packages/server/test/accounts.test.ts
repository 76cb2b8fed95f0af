import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { createHash } from "node:crypto"
import { call, quiet, serve } from "./support.ts"

describe("the accounts", () => {
  it.scopedLive("may be known by the hash of their token, and change while the server runs", () =>
    Effect.gen(function* () {
      const sha256 = (token: string) => createHash("sha256").update(token).digest("hex")
      const hashed = {
        name: "hashed",
        token: { sha256: sha256("token-of-hashed") },
        currentSigningKey: Redacted.make("sig_1"),
        nextSigningKey: Redacted.make("sig_2")
      }
      let users = [hashed]
      let allowedHosts: ReadonlyArray<string> = []
      const { port } = yield* serve({ users: () => users, allowedHosts: () => allowedHosts })
      const status = (token: string, headers: Readonly<Record<string, string>> = {}) =>
        Effect.map(
          call(port, "GET", "/v2/keys", { headers: { Authorization: `Bearer ${token}`, ...headers } }),
          (reply) => reply.status
        )
      strictEqual(yield* status("token-of-hashed"), 200)
      strictEqual(yield* status(hashed.token.sha256), 401)
      users = [{ ...hashed, token: { sha256: sha256("new") } }]
      strictEqual(yield* status("token-of-hashed"), 401)
      strictEqual(yield* status("new"), 200)
      strictEqual(yield* status("new", { Host: "qstash.example.com" }), 403)
      allowedHosts = ["qstash.example.com"]
      strictEqual(yield* status("new", { Host: "qstash.example.com" }), 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("stay as they were given, whatever becomes of the array", () =>
    Effect.gen(function* () {
      const user = {
        name: "fixed",
        token: Redacted.make("token-of-fixed"),
        currentSigningKey: Redacted.make("sig_1"),
        nextSigningKey: Redacted.make("sig_2")
      }
      const users = [user]
      const { port } = yield* serve({ users })
      users.pop()
      const headers = { Authorization: "Bearer token-of-fixed" }
      strictEqual((yield* call(port, "GET", "/v2/keys", { headers })).status, 200)
    }).pipe(Effect.provide(quiet))
  )
})
