import { QueueName, ScheduleId } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { cli, json, serve, temporaryDirectory } from "./support.ts"

const groups: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ["tenants", ["add", "list", "rotate"]],
  ["clock", ["now", "advance", "to"]],
  ["messages", ["publish", "list", "get", "cancel"]],
  ["schedules", ["list", "get", "create", "pause", "resume", "delete", "next"]],
  ["jobs", ["plan", "apply"]],
  ["queues", ["list", "get", "upsert", "pause", "resume", "delete"]],
  ["url-groups", ["list", "get", "add", "remove", "delete"]],
  ["dlq", ["list", "get", "retry", "delete"]],
  ["flow-control", ["list", "get", "pause", "resume", "pin", "unpin", "reset-rate"]],
  ["keys", ["get", "rotate"]]
])

const topLevel = [...groups.keys(), "dev", "serve", "logs"]

/** Every command by its path. */
const paths = [
  "dev",
  "serve",
  "logs",
  ...Array.from(groups).flatMap(([group, names]) => names.map((name) => `${group} ${name}`))
]

describe("help", () => {
  it.effect("comes without arguments, and where it is asked for", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* cli("")
      strictEqual(stderr, "")
      strictEqual(code, 0)
      for (const name of topLevel) assertInclude(stdout, `\n  ${name} `)
      for (const names of groups.values()) assertInclude(stdout, ` ${names.join(", ")}\n`)
      for (const line of ["--help", "-h", "--log-level debug", "--log-level=debug --help", "unknown -h"]) {
        strictEqual((yield* cli(line)).stdout, stdout)
      }
    })
  )

  it.effect("lists the commands of a group", () =>
    Effect.gen(function* () {
      for (const [group, names] of groups) {
        const { code, stderr, stdout } = yield* cli(group)
        strictEqual(stderr, "")
        strictEqual(code, 0)
        assertInclude(stdout, `Usage: effect-qstash ${group} <command> [options]`)
        for (const name of names) assertInclude(stdout, `\n  ${name} `)
        strictEqual((yield* cli(`${group} --help`)).stdout, stdout)
        strictEqual((yield* cli(`--log-level debug ${group} -h`)).stdout, stdout)
        strictEqual((yield* cli(`${group} --log-level debug`)).stdout, stdout)
      }
    })
  )

  it.effect("explains each option of a command, and fits 80 columns", () =>
    Effect.gen(function* () {
      for (const path of paths) {
        const { code, stdout } = yield* cli(`${path} --help`, { columns: 80 })
        strictEqual(code, 0)
        assertInclude(stdout, `Usage: effect-qstash ${path} [options]`)
        if (path !== "dev" && path !== "serve") assertInclude(stdout, "--json")
        for (const line of stdout.split("\n")) strictEqual(line.length <= 80, true, line)
      }
      for (const line of ["", ...groups.keys()]) {
        const { stdout } = yield* cli(line, { columns: 80 })
        for (const text of stdout.split("\n")) strictEqual(text.length <= 80, true, text)
      }
      const { stdout } = yield* cli("dev -h")
      for (const option of [
        "--port",
        "--host",
        "--virtual-clock",
        "--log-entries",
        "--log-bytes",
        "--log-retention",
        "--allow-host",
        "--allow-origin"
      ]) {
        assertInclude(stdout, option)
      }
    })
  )

  it.effect("puts what may be left out in brackets", () =>
    Effect.gen(function* () {
      const usages = [
        "messages publish [options] [destination]",
        "messages cancel [options] [id...]",
        "schedules create [options] [destination]",
        "schedules delete [options] [id...]",
        "schedules next [options] <cron>",
        "jobs plan [options] <module>",
        "queues pause [options] [name...]",
        "url-groups add [options] <group> <url>",
        "url-groups remove [options] <group> [url]",
        "dlq retry [options] [id...]",
        "flow-control pin [options] <key>...",
        "keys get [options]",
        "tenants add [options] <name>",
        "serve [options]"
      ]
      for (const usage of usages) {
        const [path] = usage.split(" [options]")
        assertInclude((yield* cli(`${path} --help`)).stdout, `Usage: effect-qstash ${usage}\n`)
      }
      assertInclude((yield* cli("messages cancel --help")).stdout, "\n  [id...]  The id of a message.\n")
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
    [
      "lst",
      '`effect-qstash` has no command "lst"; it has dev, serve, tenants, clock,',
      "`effect-qstash --help`"
    ],
    [
      "--json schedules get hello",
      "The options of `effect-qstash schedules get` come after it, and one was given before it.",
      "`effect-qstash schedules get --help`"
    ],
    [
      "schedules lst",
      '`effect-qstash schedules` has no command "lst"; it has list, get, create,',
      "`effect-qstash schedules --help`"
    ],
    [
      "--log-level debug flow-control lst",
      '`effect-qstash flow-control` has no command "lst"; it has list, get, pause,',
      "`effect-qstash flow-control --help`"
    ],
    ["messages list all", "unexpected argument 'all'", "`effect-qstash messages list --help`"],
    ["logs all", "unexpected argument 'all'", "`effect-qstash logs --help`"],
    ["messages publish --hedaer hidden https://x.y", "unknown option --hedaer", "messages publish --help"],
    ["logs --follow all --lines=3", "unknown option --lines", "logs --help"],
    ["logs --count 0", '--count: expected a whole number of at least 1, got "0"', "logs --help"],
    ["keys rotate --force", "unknown option --force", "keys rotate --help"],
    ["schedules list all", "unexpected argument 'all'", "`effect-qstash schedules list --help`"],
    ["schedules get", "missing argument <id>", "`effect-qstash schedules get --help`"],
    ["schedules pause --al", "unknown option --al", "`effect-qstash schedules pause --help`"],
    ["schedules pause a --force", "unknown option --force", "schedules pause --help"],
    ["schedules pause -xyz", "unknown option -xyz", "schedules pause --help"],
    ["messages publish http://x.y --method get", "--method: expected one of GET, POST,", "publish --help"],
    [
      "messages publish http://x.y --method=",
      '--method: expected one of GET, POST, PUT, PATCH, DELETE, got ""',
      "publish --help"
    ],
    ["messages publish --method", "--method: expected a value: GET, POST,", "publish --help"],
    ["messages publish http://x.y --body", "--body: expected a value: text", "publish --help"],
    ["messages publish http://x.y --json --json", "repeated option --json", "publish --help"],
    ["messages publish --body", "--body: expected a value: text", "publish --help"],
    ["messages publish -u", "unknown option -u", "publish --help"],
    ["url-groups add mine -u", "unknown option -u", "url-groups add --help"],
    ["schedules list --log-level loud", "--log-level: expected one of all, trace,", "list --help"],
    ["--log-level loud schedules list", "--log-level: expected one of all, trace,", "list --help"],
    ["--completions tcsh", "--completions: expected one of bash, zsh, fish, sh", "`effect-qstash --help`"],
    ["--completions", "--completions: expected a value: bash,", "`effect-qstash --help`"],
    ["schedules create https://x.y", "missing option --cron.\nSee `", "schedules create --help`."],
    ["schedules create https://x.y --foo", "unknown option --foo", "schedules create --help"],
    ["schedules next @daily --count 0", "--count: expected a whole number from 1", "next --help"],
    [
      "schedules next @daily --count 1e3",
      '--count: expected a whole number from 1 to 10000, got "1e3"',
      "next --help"
    ],
    [
      "schedules next @daily --after soon",
      '--after: expected a date or an instant, such as 2026-03-28 or 2026-03-28T12:00:00Z, got "soon"',
      "next --help"
    ],
    [
      "logs --since soon",
      '--since: expected a span such as 90m or 7d, or an instant such as 2026-03-28T12:00:00Z, got "soon"',
      "logs --help"
    ],
    [
      "messages publish http://x.y --retries many",
      '--retries: expected a whole number of at least 0, got "many"',
      "publish --help"
    ],
    ["dlq list --status many", '--status: expected a whole number from 0 to 999, got "many"', "list --help"],
    ["schedules delete --yes=no 1", '--yes: expected true or false, got "no".', "schedules delete --help"],
    ["queues upsert q --paused=", '--paused: expected true or false, got "".', "queues upsert --help"],
    ["queues upsert q --paused false", "unexpected argument 'false'", "queues upsert --help"],
    ["schedules get --foo -- --bar", "unknown option --foo.", "schedules get --help"],
    ["keys rotate -- -foo", "unexpected argument '-foo'", "keys rotate --help"],
    ["messages publish --body -- -foo", "--body: expected a value: text.", "publish --help"],
    [
      "clock advance soon",
      '<span>: expected a span such as 90m, 7d or "2 weeks", got "soon".',
      "`effect-qstash clock advance --help`"
    ],
    ["clock advance 90", "<span>: expected a span such as 90m,", "clock advance --help"],
    ["clock advance -1h", "unknown option -1h.", "clock advance --help"],
    ["clock advance", "missing argument <span>", "clock advance --help"],
    ["clock to soon", "<instant>: expected a date or an instant, such as 2026-03-28", "clock to --help"],
    ["dev --port 65536", '--port: expected a whole number from 0 to 65535, got "65536"', "dev --help"]
  ]

  it.effect("may be very long", () =>
    Effect.gen(function* () {
      const ids = Array.from({ length: 100_000 }, (_, index) => `m${index}`)
      const { stderr } = yield* cli(["messages", "cancel", ...ids].join(" "))
      assertInclude(stderr, "QSTASH_TOKEN is not set")
    })
  )

  it.effect("ends with 2 for a very long argument that starts with a hyphen", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* cli(`schedules create ${"-".repeat(100_000)}`)
      strictEqual(code, 2)
      assertInclude(stderr, "unknown option --")
    })
  )

  for (const [line, what, next] of wrong) {
    it.effect(`ends with 2: ${line}`, () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* cli(line)
        strictEqual(code, 2)
        strictEqual(stdout, "")
        assertInclude(stderr, `error: ${what}`)
        assertInclude(stderr, next)
        strictEqual(stderr.includes("hidden"), false)
      })
    )
  }
})

describe("switches", () => {
  it.scopedLive("take no word behind them for their value", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      for (const word of ["1", "no", "yes", "false"]) {
        const scheduleId = ScheduleId.make(word)
        yield* schedules.create({ scheduleId, cron: "@daily", destination: "https://example.com/jobs" })
        const paused = yield* cli(`schedules pause --json ${word}`, { env })
        deepStrictEqual(json(paused), [{ scheduleId: word, outcome: "paused" }])
        const deleted = yield* cli(`schedules delete --yes ${word}`, { env })
        deepStrictEqual(deleted, { code: 0, stdout: `${word} is deleted.\n`, stderr: "" })
        yield* schedules.create({ scheduleId, cron: "@daily", destination: "https://example.com/jobs" })
        strictEqual((yield* cli(`schedules delete -y ${word}`, { env })).stdout, deleted.stdout)
      }
    })
  )

  it.scopedLive("may be given as true or false with =", () =>
    Effect.gen(function* () {
      const { env, schedules } = yield* serve
      yield* schedules.create({
        scheduleId: ScheduleId.make("a"),
        cron: "@daily",
        destination: "https://example.com/jobs"
      })
      const refused = yield* cli("schedules delete --yes=false a", { env })
      strictEqual(refused.code, 2)
      assertInclude(refused.stderr, "This needs a confirmation")
      const deleted = yield* cli("schedules delete a --json=true --yes=true", { env })
      deepStrictEqual(json(deleted), [{ scheduleId: "a", outcome: "deleted" }])
    })
  )
})

describe("--", () => {
  it.scopedLive("has what stands behind it name things, be it like an option", () =>
    Effect.gen(function* () {
      const { env, queues, schedules } = yield* serve
      for (const name of ["-foo", "--yes", "--help", "--version", "-", "--a=b"]) {
        const absent = yield* cli(`schedules resume -- ${name}`, { env })
        strictEqual(absent.code, 1)
        assertInclude(absent.stderr, `No schedule has the id "${name}"`)
      }
      for (const line of [
        "schedules get",
        "dlq get",
        "messages cancel",
        "url-groups get",
        "flow-control get"
      ]) {
        const absent = yield* cli(`${line} -- -foo`, { env })
        strictEqual(absent.code, 1)
        assertInclude(absent.stderr, '"-foo"')
      }
      strictEqual((yield* cli("queues upsert --paused -- -q", { env })).stderr, "")
      strictEqual((yield* queues.get(QueueName.make("-q"))).isPaused, true)
      const two = yield* cli("flow-control pin --rate 1 -- -k plain", { env })
      strictEqual(two.stdout, "-k is pinned.\nplain is pinned.\n")
      const added = yield* cli("url-groups add -- -group https://example.com/jobs", { env })
      assertInclude(added.stdout, "Added https://example.com/jobs to -group at ")
      const removed = yield* cli("url-groups remove -- -group https://example.com/jobs", { env })
      assertInclude(removed.stdout, "Removed https://example.com/jobs from -group at ")
      const line = "schedules create --cron @daily --id -s -- https://example.com/jobs"
      assertInclude((yield* cli(line, { env })).stdout, "Created -s at ")
      assertInclude((yield* cli("schedules create --cron @daily -- -url", { env })).stderr, "<destination>: ")
      assertInclude((yield* cli("schedules next -- -cron", { env })).stderr, "found 1: [-cron]")
      const deleted = yield* cli("schedules delete --yes -- -s", { env })
      deepStrictEqual(deleted, { code: 0, stdout: "-s is deleted.\n", stderr: "" })
      deepStrictEqual(yield* schedules.list, [])
    })
  )
})

describe("dev --allow-origin", () => {
  const wrong = [
    "nonsense",
    "*",
    "http://",
    "http://localhost:3000/",
    "http://localhost:3000/app",
    "https://Example.com",
    "https://example.com:443",
    "chrome-extension://abc/page"
  ]
  for (const origin of wrong) {
    it.live(`refuses what no browser sends: ${origin}`, () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* cli(`dev --port 0 --allow-origin ${origin}`)
        strictEqual(code, 2)
        strictEqual(stdout, "")
        assertInclude(
          stderr,
          `error: --allow-origin: expected an origin such as http://localhost:3000, got "${origin}".\n`
        )
      })
    )
  }

  for (const origin of ["http://localhost:3000", "http://[::1]:3000", "chrome-extension://abc", "null"]) {
    it.live(`takes ${origin}`, () =>
      Effect.gen(function* () {
        const line = `dev --port 0 --allow-origin ${origin} --allow-origin none`
        assertInclude((yield* cli(line)).stderr, 'got "none".\n')
      })
    )
  }
})

describe("completions", () => {
  const scriptFor = (shell: string) => Effect.map(cli(`--completions ${shell}`), ({ stdout }) => stdout)

  it.effect("are a script for each shell that knows every command", () =>
    Effect.gen(function* () {
      for (const shell of ["bash", "zsh", "fish", "sh"]) {
        const script = yield* scriptFor(shell)
        for (const name of [...topLevel, ...Array.from(groups.values()).flat()]) assertInclude(script, name)
      }
    })
  )

  /** Code that prints, on a line of its own, what a shell offers at the end of each line. */
  const code: Readonly<Record<string, (script: string, lines: ReadonlyArray<string>) => string>> = {
    bash: (script, lines) =>
      [
        `source ${script}`,
        ...lines.map((line) => {
          // Bash takes `--name=value` for three words.
          const words = `effect-qstash ${line.replace("=", " = ")}`.split(" ").map((word) => `'${word}'`)
          return `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; COMPREPLY=(); _effect_qstash; echo "\${COMPREPLY[@]}"`
        })
      ].join("\n"),
    zsh: (script, lines) =>
      [
        "compdef() {}; compset() {}; _message() {}; _files() { found+=(a-file) }",
        'compadd() { found+=("${@:#--}") }',
        '_describe() { local name="${@[-1]}"; found+=("${(@)${(@P)name}%%:*}") }',
        `source ${script}`,
        ...lines.map((line) => {
          const words = `effect-qstash ${line}`.split(" ").map((word) => `'${word}'`)
          return `words=(${words.join(" ")}); CURRENT=${words.length}; found=(); _effect_qstash; print -r -- $found`
        })
      ].join("\n"),
    fish: (script, lines) =>
      [
        `source ${script}`,
        ...lines.map(
          (line) =>
            `printf "%s\\n" (string join " " -- (complete -C "effect-qstash ${line}" | string replace -r "\\t.*" ""))`
        )
      ].join("\n")
  }

  for (const [shell, codeFor] of Object.entries(code)) {
    const isInstalled = spawnSync(shell, ["--version"]).status === 0
    it.scoped.skipIf(!isInstalled)(
      `complete commands, flags and values at every level in ${shell}${isInstalled ? "" : " [not installed]"}`,
      () =>
        Effect.gen(function* () {
          const script = join(yield* temporaryDirectory, "completions")
          writeFileSync(script, yield* scriptFor(shell))
          const all = Array.from(groups).flatMap(([group, names]) => names.map((name) => `${group} ${name}`))
          const lines = [
            "s",
            "--log-level debug flow",
            "--log-level w",
            "dev --",
            "serve --",
            "serve --log ",
            "logs --",
            "schedules pause --",
            "schedules get list ",
            "messages publish --method P",
            "messages publish --method=P",
            "messages list --queue ",
            "messages list --queue dlq ",
            "queues upsert --paused --",
            ...Array.from(groups.keys(), (group) => `${group} `),
            ...all.map((path) => `${path} --`)
          ]
          const output = execFileSync(shell, ["-c", codeFor(script, lines)], {
            env: { PATH: process.env["PATH"], HOME: "/nonexistent" }
          }).toString()
          const offers = new Map(output.split("\n").map((line, index) => [lines[index], line.split(" ")]))
          /** Those that fit what is written; zsh and fish leave some of that to what calls the script. */
          const offered = (line: string): ReadonlyArray<string> => {
            const word = line.split(/[ =]/).at(-1) ?? ""
            return (offers.get(line) ?? [])
              .map((offer) => offer.replace(/^--[a-z-]+=/, ""))
              .filter((offer) => offer !== "" && offer.startsWith(word))
          }
          deepStrictEqual(offered("s").toSorted(), ["schedules", "serve"])
          deepStrictEqual(offered("--log-level debug flow"), ["flow-control"])
          deepStrictEqual(offered("--log-level w"), ["warning"])
          for (const [group, names] of groups) {
            const found = offered(`${group} `)
            for (const name of names) strictEqual(found.includes(name), true, `${group} ${name}`)
            strictEqual(found.includes("dev"), false)
          }
          for (const path of all) strictEqual(offered(`${path} --`).includes("--json"), true, path)
          for (const flag of ["--all", "--yes", "--json"]) {
            strictEqual(offered("schedules pause --").includes(flag), true, flag)
          }
          strictEqual(offered("dev --").includes("--virtual-clock"), true)
          strictEqual(offered("serve --").includes("--tenants"), true)
          deepStrictEqual(offered("serve --log ").toSorted(), ["json", "text"])
          strictEqual(offered("logs --").includes("--follow"), true)
          const methods = ["PATCH", "POST", "PUT"]
          deepStrictEqual(offered("messages publish --method P").toSorted(), methods)
          deepStrictEqual(offered("messages publish --method=P").toSorted(), methods)
          // A switch takes no value.
          strictEqual(offered("queues upsert --paused --").includes("--parallelism"), true)
          // Nobody knows the value, and a value is not a command.
          deepStrictEqual(offered("messages list --queue "), [])
          for (const line of ["messages list --queue dlq ", "schedules get list "]) {
            strictEqual(offered(line).includes("retry") || offered(line).includes("list"), false, line)
          }
        }),
      30_000
    )
  }
})
