import { FlowControlKey } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Effect } from "effect"
import { cells, cli, json, jsonObject, jsonObjects, serveVirtual } from "./support.ts"

const mails = FlowControlKey.make("mails")

const serveOne = Effect.gen(function* () {
  const server = yield* serveVirtual
  yield* server.messages.publish({
    destination: "https://example.com",
    flowControl: { key: mails, parallelism: 2, rate: 5, period: "1 minute" }
  })
  return server
})

describe("flow-control list and get", () => {
  it.scopedLive("show the keys that are in use, and their limits", () =>
    Effect.gen(function* () {
      const { env } = yield* serveOne
      const [titles, row] = cells(yield* cli("flow-control list", { env }))
      deepStrictEqual(titles, ["KEY", "STATE", "WAITING", "LIMITS"])
      deepStrictEqual(
        [row?.[0], row?.[1], row?.[3]],
        ["mails", "active", "parallelism 0 of 2; rate 0 of 5 in 1m"]
      )
      const fields = new Map(
        cells(yield* cli("flow-control get mails", { env })).map(([name = "", value = ""]) => [name, value])
      )
      strictEqual(fields.get("mails"), "active")
      strictEqual(fields.get("parallelism"), "0 of 2")
      strictEqual(fields.get("rate"), "0 of 5 in 1m")
    })
  )

  it.scopedLive("print the records as QStash answers them with --json", () =>
    Effect.gen(function* () {
      const { env } = yield* serveOne
      const [record] = jsonObjects(json(yield* cli("flow-control list --json", { env })))
      deepStrictEqual(
        [record?.["flowControlKey"], record?.["rateMax"], record?.["ratePeriod"]],
        ["mails", 5, 60]
      )
      strictEqual(jsonObject(json(yield* cli("flow-control get mails --json", { env })))["parallelismMax"], 2)
    })
  )

  it.scopedLive("say where to look where there is none", () =>
    Effect.gen(function* () {
      const { env } = yield* serveVirtual
      assertInclude((yield* cli("flow-control list", { env })).stdout, "--flow-control-key")
      deepStrictEqual(json(yield* cli("flow-control list --json", { env })), [])
      const { code, stderr } = yield* cli("flow-control get absent", { env })
      strictEqual(code, 1)
      assertInclude(stderr, 'No message has used the flow-control key "absent"')
      assertInclude(stderr, "`effect-qstash flow-control list`")
    })
  )
})

describe("flow-control pause and resume", () => {
  it.scopedLive("do it to those that are named, or to all that it concerns", () =>
    Effect.gen(function* () {
      const { env, flowControl } = yield* serveOne
      const paused = yield* cli("flow-control pause mails 'free text'", { env })
      deepStrictEqual(paused, { code: 0, stdout: "mails is paused.\nfree text is paused.\n", stderr: "" })
      strictEqual((yield* flowControl.get(mails)).isPaused, true)
      strictEqual((yield* cli("flow-control resume --all", { env })).code, 2)
      const resumed = yield* cli("flow-control resume --all --yes --json", { env })
      deepStrictEqual(json(resumed), [
        { flowControlKey: "free text", outcome: "resumed" },
        { flowControlKey: "mails", outcome: "resumed" }
      ])
      strictEqual((yield* flowControl.get(mails)).isPaused, false)
    })
  )
})

describe("flow-control pin, unpin and reset-rate", () => {
  it.scopedLive("change the limits of a key", () =>
    Effect.gen(function* () {
      const { env, flowControl } = yield* serveOne
      const pinned = yield* cli("flow-control pin mails --parallelism 7 --rate 8 --period 1h", { env })
      deepStrictEqual(pinned, { code: 0, stdout: "mails is pinned.\n", stderr: "" })
      const state = yield* flowControl.get(mails)
      deepStrictEqual(
        [state.parallelismMax, state.rateMax, state.ratePeriod && Duration.toSeconds(state.ratePeriod)],
        [7, 8, 3600]
      )
      deepStrictEqual([state.isPinnedParallelism, state.isPinnedRate], [true, true])
      assertInclude((yield* cli("flow-control list", { env })).stdout, "rate 0 of 8 in 1h, pinned")
      deepStrictEqual(json(yield* cli("flow-control unpin mails --rate --json", { env })), [
        { flowControlKey: "mails", outcome: "unpinned" }
      ])
      const after = yield* flowControl.get(mails)
      deepStrictEqual([after.isPinnedParallelism, after.isPinnedRate], [true, false])
      const reset = yield* cli("flow-control reset-rate mails", { env })
      deepStrictEqual(reset, { code: 0, stdout: "mails is reset.\n", stderr: "" })
    })
  )

  const wrong: ReadonlyArray<readonly [line: string, text: string]> = [
    ["pin mails", "Give --parallelism, --rate, or both."],
    ["pin mails --parallelism 1 --period 1m", "--period was given without --rate"],
    ["pin mails --rate 0", "--rate: expected a whole number of at least 1"],
    ["pin --rate 1", "<key>"],
    ["unpin mails", "Give --parallelism, --rate, or both."],
    ["reset-rate", "<key>"],
    ["reset-rate ' '", "<key>: Expected a flow-control key"]
  ]
  it.effect("end with 2 for what is wrong, and send nothing", () =>
    Effect.gen(function* () {
      for (const [line, text] of wrong) {
        const { code, stderr } = yield* cli(`flow-control ${line}`, {
          env: { QSTASH_URL: "http://127.0.0.1:9" }
        })
        strictEqual(code, 2, line)
        assertInclude(stderr, text)
      }
    })
  )
})
