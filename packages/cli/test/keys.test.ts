import { DevelopmentUsers } from "@effect-qstash/server"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { execFileSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { answering, cli, json, serveVirtual, temporaryDirectory } from "./support.ts"

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

describe("the values of keys get", () => {
  const keysOf = (key: string) => JSON.stringify({ current: key, next: `next ${key}` })

  it.scopedLive("prints values that a shell and an env file read as they are, whatever is in them", () =>
    Effect.gen(function* () {
      const cwd = yield* temporaryDirectory
      for (const key of [
        "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
        "a b",
        "$(touch pwned)",
        "`touch pwned`",
        "a; touch pwned #",
        "it's 'quoted'",
        `"double" \\ $HOME ~ * ?`,
        "!event",
        "\n\ttouch pwned\n",
        "'; touch pwned; '",
        "é☃😀",
        "-n"
      ]) {
        const ended = yield* cli("keys get", { env: { QSTASH_URL: yield* answering(200, keysOf(key)) } })
        strictEqual(ended.code, 0)
        for (const shell of ["sh", "bash"]) {
          const script = 'eval "$0" && printf %s "$QSTASH_CURRENT_SIGNING_KEY|$QSTASH_NEXT_SIGNING_KEY"'
          const read = execFileSync(shell, ["-c", script, ended.stdout], { cwd }).toString()
          strictEqual(read, `${key}|next ${key}`)
        }
        deepStrictEqual(readdirSync(cwd), [])
      }
    })
  )

  it.scopedLive("refuses to print what would control the terminal, and names the way to read it", () =>
    Effect.gen(function* () {
      for (const key of ["\u001b[2J", "\u009b2J", "\u202e", "a\rb", "\0"]) {
        const env = { QSTASH_URL: yield* answering(200, keysOf(key)) }
        const ended = yield* cli("keys get", { env })
        strictEqual(ended.code, 1)
        strictEqual(ended.stdout, "")
        assertInclude(ended.stderr, "`effect-qstash keys get --json`")
        strictEqual(ended.stderr.includes(key), false)
        deepStrictEqual(json(yield* cli("keys get --json", { env })), { current: key, next: `next ${key}` })
      }
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
