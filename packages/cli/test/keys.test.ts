import { DevelopmentUsers } from "@effect-qstash/server"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { answering, cli, json, serveVirtual } from "./support.ts"

const current = Redacted.value(DevelopmentUsers.defaultUser.currentSigningKey)
const next = Redacted.value(DevelopmentUsers.defaultUser.nextSigningKey)

describe("keys get", () => {
  it.scopedLive("prints both keys as the variables that a receiver reads", () =>
    Effect.gen(function* () {
      const { env } = yield* serveVirtual
      const text = yield* cli("keys get", { env })
      deepStrictEqual(text, {
        code: 0,
        stdout: `QSTASH_CURRENT_SIGNING_KEY=${current}\nQSTASH_NEXT_SIGNING_KEY=${next}\n`,
        stderr: ""
      })
      deepStrictEqual(json(yield* cli("keys get --json", { env })), { current, next })
    })
  )
})

describe("keys rotate", () => {
  it.scopedLive("asks first, and says what to do next", () =>
    Effect.gen(function* () {
      const { env, signingKeys, url } = yield* serveVirtual
      for (const line of ["keys rotate", "keys rotate --json"]) {
        const unasked = yield* cli(line, { env })
        strictEqual(unasked.code, 2)
        assertInclude(unasked.stderr, "--yes")
      }
      const no = yield* cli("keys rotate", { env, columns: 80, types: "n" })
      strictEqual(no.code, 1)
      assertInclude(no.stdout, `Rotate the signing keys at ${url}?`)
      strictEqual(Redacted.value((yield* signingKeys.get).current), current)

      const yes = yield* cli("keys rotate --yes", { env })
      strictEqual(yes.code, 0)
      assertMatch(
        yes.stdout,
        new RegExp(`^QSTASH_CURRENT_SIGNING_KEY=${next}\nQSTASH_NEXT_SIGNING_KEY=sig_\\S+\n$`)
      )
      assertInclude(yes.stderr, "Give both to every receiver")
      const now = yield* signingKeys.get
      strictEqual(Redacted.value(now.current), next)
      const again = yield* cli("keys rotate --yes --json", { env })
      strictEqual(again.stderr, "")
      const after = yield* signingKeys.get
      strictEqual(Redacted.value(after.current), Redacted.value(now.next))
      deepStrictEqual(json(again), {
        current: Redacted.value(after.current),
        next: Redacted.value(after.next)
      })
    })
  )

  it.scopedLive("says that they may be rotated where no answer came", () =>
    Effect.gen(function* () {
      const env = { QSTASH_URL: yield* answering(503, '{"error":"busy"}') }
      const { code, stderr } = yield* cli("keys rotate --yes", { env })
      strictEqual(code, 1)
      assertInclude(stderr, "Whether the keys were rotated is not known")
      assertInclude(stderr, "effect-qstash keys get")
    })
  )
})
