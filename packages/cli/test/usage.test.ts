import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { cli, temporaryDirectory } from "./support.ts"

const names = ["list", "get", "create", "pause", "resume", "delete", "next"]

describe("help", () => {
  it.effect("comes without arguments, for a group, and where it is asked for", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* cli("")
      strictEqual(stderr, "")
      strictEqual(code, 0)
      for (const name of names) assertInclude(stdout, `  schedules ${name} `)
      for (const line of ["--help", "-h", "schedules", "schedules --help"]) {
        strictEqual((yield* cli(line)).stdout, stdout)
      }
    })
  )

  it.effect("explains each option of a command, and fits 80 columns", () =>
    Effect.gen(function* () {
      for (const name of names) {
        const { code, stdout } = yield* cli(`schedules ${name} --help`, { columns: 80 })
        strictEqual(code, 0)
        assertInclude(stdout, `Usage: effect-qstash schedules ${name} [options]`)
        assertInclude(stdout, "--json")
        for (const line of stdout.split("\n")) strictEqual(line.length <= 80, true, line)
      }
      const { stdout } = yield* cli("dev -h")
      for (const option of ["--port", "--host", "--virtual-clock", "--allow-host", "--allow-origin"]) {
        assertInclude(stdout, option)
      }
    })
  )

  it.effect("is bold only where that shows", () =>
    Effect.gen(function* () {
      strictEqual((yield* cli("--help")).stdout.includes("\u001b"), false)
      assertInclude((yield* cli("--help", { hasColors: true })).stdout, "\u001b[1mUsage:")
    })
  )

  it.effect("gives the version", () =>
    Effect.gen(function* () {
      strictEqual((yield* cli("--version")).stdout.trim(), "1.2.3")
    })
  )
})

describe("a wrong command line", () => {
  const wrong: ReadonlyArray<readonly [line: string, what: string, next: string]> = [
    ["lst", "Invalid subcommand for effect-qstash", "`effect-qstash --help`"],
    ["schedules lst", "Invalid subcommand", "`effect-qstash --help`"],
    ["schedules list all", "Received unknown argument: 'all'", "`effect-qstash schedules list --help`"],
    ["schedules get", "Missing argument <id>", "`effect-qstash schedules get --help`"],
    ["schedules pause --al", "--al is not an option", "`effect-qstash schedules pause --help`"],
    ["schedules pause a --force", "--force is not an option", "schedules pause --help"],
    ["schedules pause -xyz", "There is no such option", "schedules pause --help"],
    ["schedules create https://x.y", "Expected to find option: '--cron'", "schedules create --help"],
    ["schedules next @daily --count 0", "--count: expected a whole number from 1", "next --help"],
    ["schedules next @daily --count 1e3", "--count: expected a whole number", "next --help"],
    ["schedules next @daily --after soon", "--after: expected a date", "next --help"],
    ["dev --port 65536", "--port: expected a whole number from 0 to 65535", "dev --help"]
  ]
  for (const [line, what, next] of wrong) {
    it.effect(`ends with 2: ${line}`, () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* cli(line)
        strictEqual(code, 2)
        strictEqual(stdout, "")
        assertInclude(stderr, `error: ${what}`)
        assertInclude(stderr, next)
      })
    )
  }
})

describe("completions", () => {
  it.effect("are a script for each shell that knows every command", () =>
    Effect.gen(function* () {
      for (const shell of ["bash", "zsh", "fish", "sh"]) {
        const { code, stdout } = yield* cli(`--completions ${shell}`)
        strictEqual(code, 0)
        for (const name of [...names, "dev"]) assertInclude(stdout, name)
      }
    })
  )

  it.scoped("complete commands and options at every level in bash", () =>
    Effect.gen(function* () {
      const { stdout } = yield* cli("--completions bash")
      const directory = yield* temporaryDirectory
      const script = join(directory, "completions.bash")
      writeFileSync(script, stdout)
      const complete = (...words: ReadonlyArray<string>) =>
        execFileSync("bash", [
          "-c",
          'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _effect-qstash_bash_completions effect-qstash; echo "${COMPREPLY[@]}"',
          script,
          "effect-qstash",
          ...words
        ])
          .toString()
          .trim()
      strictEqual(complete("s"), "schedules")
      strictEqual(complete("schedules", "p"), "pause")
      deepStrictEqual(complete("schedules", "pause", "--").split(" ").slice(0, 3), [
        "--all",
        "--yes",
        "--json"
      ])
      assertInclude(complete("dev", "--"), "--virtual-clock")
    })
  )
})
