import { UrlGroupName } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { cells, cli, json, jsonObject, jsonObjects, serveVirtual } from "./support.ts"

const alerts = UrlGroupName.make("alerts")

const serveOne = Effect.gen(function* () {
  const server = yield* serveVirtual
  yield* server.urlGroups.upsertEndpoints(alerts, [
    { url: "https://user:hidden@example.com/a?key=hidden", name: "First endpoint" },
    { url: "https://example.com/b" }
  ])
  return server
})

describe("url-groups list and get", () => {
  it.scopedLive("show the groups and their endpoints, without what may be secret", () =>
    Effect.gen(function* () {
      const { env, urlGroups } = yield* serveOne
      yield* urlGroups.upsertEndpoints(UrlGroupName.make("a"), [{ url: "https://example.com" }])
      const listed = yield* cli("url-groups list", { env })
      strictEqual(listed.code, 0)
      const [titles, first, second] = cells(listed)
      deepStrictEqual(titles, ["NAME", "ENDPOINTS", "CHANGED (Europe/London)", "URLS"])
      deepStrictEqual(first?.slice(0, 2), ["a", "1"])
      deepStrictEqual(second?.slice(0, 2), ["alerts", "2"])
      strictEqual(second?.[3], "https://example.com/a?…, https://example.com/b")
      const got = yield* cli("url-groups get alerts", { env })
      deepStrictEqual(cells(got).slice(0, 3), [
        ["alerts"],
        ["endpoints", "https://example.com/a?… (First endpoint)"],
        ["https://example.com/b"]
      ])
      strictEqual((listed.stdout + got.stdout).includes("hidden"), false)
    })
  )

  it.scopedLive("print the records as QStash answers them with --json", () =>
    Effect.gen(function* () {
      const { env } = yield* serveOne
      const endpoints = [
        { name: "First endpoint", url: "https://user:hidden@example.com/a?key=hidden" },
        { url: "https://example.com/b" }
      ]
      const [record] = jsonObjects(json(yield* cli("url-groups list --json", { env })))
      deepStrictEqual(record?.["endpoints"], endpoints)
      deepStrictEqual(
        jsonObject(json(yield* cli("url-groups get alerts --json", { env })))["endpoints"],
        endpoints
      )
    })
  )

  it.scopedLive("say where to look where there is none", () =>
    Effect.gen(function* () {
      const { env } = yield* serveVirtual
      assertInclude((yield* cli("url-groups list", { env })).stdout, "effect-qstash url-groups add")
      deepStrictEqual(json(yield* cli("url-groups list --json", { env })), [])
      const { code, stderr } = yield* cli("url-groups get absent", { env })
      strictEqual(code, 1)
      assertInclude(stderr, 'No URL group has the name "absent"')
      assertInclude(stderr, "`effect-qstash url-groups list`")
    })
  )
})

describe("url-groups add and remove", () => {
  it.scopedLive("change the endpoints of a group", () =>
    Effect.gen(function* () {
      const { env, url, urlGroups } = yield* serveVirtual
      const added = yield* cli("url-groups add alerts https://example.com/a?key=hidden --name a", { env })
      deepStrictEqual(added, {
        code: 0,
        stdout: `Added https://example.com/a?… to alerts at ${url}.\n`,
        stderr: ""
      })
      const second = yield* cli("url-groups add alerts https://example.com/b --json", { env })
      deepStrictEqual(json(second), { urlGroup: "alerts", outcome: "added" })
      deepStrictEqual((yield* urlGroups.get(alerts)).endpoints, [
        { url: "https://example.com/a?key=hidden", name: "a" },
        { url: "https://example.com/b" }
      ])
      const removed = yield* cli("url-groups remove alerts --name a", { env })
      strictEqual(removed.stdout, `Removed a from alerts at ${url}.\n`)
      const last = yield* cli("url-groups remove alerts https://example.com/b --json", { env })
      deepStrictEqual(json(last), { urlGroup: "alerts", outcome: "removed" })
      deepStrictEqual(yield* urlGroups.list, [])
    })
  )

  it.scopedLive("end with 1 for an endpoint that there is not", () =>
    Effect.gen(function* () {
      const { env } = yield* serveOne
      for (const line of ["alerts https://example.com/absent", "absent --name a"]) {
        const { code, stderr } = yield* cli(`url-groups remove ${line}`, { env })
        strictEqual(code, 1)
        assertInclude(stderr, "with this endpoint at")
        assertInclude(stderr, "effect-qstash url-groups list")
      }
    })
  )

  const wrong: ReadonlyArray<readonly [line: string, text: string]> = [
    ["add 'a b' https://example.com", "<group>: Expected a URL group name"],
    ["add alerts hidden", "<url>: expected a URL"],
    ["add alerts https://example.com --name ''", "--name: expected non-empty text"],
    ["remove alerts", "No endpoint was named"],
    ["remove alerts https://example.com --name a", "Both a URL and --name were given"],
    ["remove alerts hidden", "<url>: expected a URL"]
  ]
  it.effect("end with 2 for what is wrong, and send nothing", () =>
    Effect.gen(function* () {
      for (const [line, text] of wrong) {
        const { code, stderr } = yield* cli(`url-groups ${line}`, {
          env: { QSTASH_URL: "http://127.0.0.1:9" }
        })
        strictEqual(code, 2, line)
        assertInclude(stderr, text)
        strictEqual(stderr.includes("hidden"), false)
      }
    })
  )
})

describe("url-groups delete", () => {
  it.scopedLive("asks first", () =>
    Effect.gen(function* () {
      const { env, url, urlGroups } = yield* serveOne
      strictEqual((yield* cli("url-groups delete alerts", { env })).code, 2)
      const no = yield* cli("url-groups delete --all", { env, columns: 80, types: "n" })
      assertInclude(no.stdout, "  alerts\n")
      assertInclude(no.stdout, `Delete 1 URL group at ${url}?`)
      strictEqual((yield* urlGroups.list).length, 1)
      deepStrictEqual(json(yield* cli("url-groups delete alerts --yes --json", { env })), [
        { urlGroup: "alerts", outcome: "deleted" }
      ])
      deepStrictEqual(yield* urlGroups.list, [])
    })
  )
})
