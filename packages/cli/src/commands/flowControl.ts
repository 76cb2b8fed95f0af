import { FlowControlKey, FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import type { FlowControlState } from "@effect-qstash/domain/FlowControlState"
import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import { wrongUsage } from "../Failure.ts"
import { flowControlCard, flowControlTable } from "../render/flowControl.ts"
import { Target, withTarget } from "../Target.ts"
import { applyEach, change } from "./each.ts"
import * as flags from "./flags.ts"
import type { Noun } from "./noun.ts"
import { printJson, printLines } from "./print.ts"
import { reader } from "./reader.ts"

const flowControlKey: Noun = { one: "key", many: "keys", key: "flowControlKey" }

const keyArgument = flags
  .existing("key", FlowControlKeyFromAnswer)
  .pipe(Args.withDescription("A flow-control key."))

const keysArgument = flags
  .fresh("key", FlowControlKey)
  .pipe(Args.withDescription("A flow-control key; several may be given."), Args.atLeast(1))

const byKey = Order.mapInput(Order.string, (state: FlowControlState) => state.flowControlKey)

const sorted = Effect.flatMap(QStashFlowControl, (flowControl) =>
  Effect.map(flowControl.list, (found) => found.toSorted(byKey))
)

const every = (concerns: (state: FlowControlState) => boolean) =>
  Effect.map(sorted, (states) => states.filter(concerns).map((state) => state.flowControlKey))

const list = Command.make("list", { json: flags.json }, ({ json }) =>
  Effect.gen(function* () {
    const { origin } = yield* Target
    const states = yield* sorted
    if (json) return yield* printJson(states.map(FlowControlRecord.encode))
    if (states.length > 0) return yield* printLines(flowControlTable(states, yield* reader))
    yield* printLines([
      `No flow-control key is in use at ${origin}. Publish a message with one:`,
      "",
      "  effect-qstash messages publish https://example.com/jobs/hello --flow-control-key mails --flow-control-rate 10"
    ])
  }).pipe(withTarget)
).pipe(
  Command.withDescription("List the flow-control keys that are in use, and how far their limits are used.")
)

const get = Command.make("get", { json: flags.json, key: keyArgument }, ({ json, key }) =>
  Effect.gen(function* () {
    const state = yield* Effect.flatMap(QStashFlowControl, (flowControl) => flowControl.get(key))
    yield* json
      ? printJson(FlowControlRecord.encode(state))
      : printLines(flowControlCard(state, yield* reader))
  }).pipe(withTarget)
).pipe(Command.withDescription("Show one flow-control key, and how far its limits are used."))

const pause = change({
  name: "pause",
  description: "Start no delivery of these keys until they are resumed.",
  noun: flowControlKey,
  done: "paused",
  argument: keyArgument,
  every: every(({ isPaused }) => !isPaused),
  apply: (one) => Effect.flatMap(QStashFlowControl, (flowControl) => flowControl.pause(one)),
  asksAlways: false
})

const resume = change({
  name: "resume",
  description: "Let the deliveries of paused keys start again.",
  noun: flowControlKey,
  done: "resumed",
  argument: keyArgument,
  every: every(({ isPaused }) => isPaused),
  apply: (one) => Effect.flatMap(QStashFlowControl, (flowControl) => flowControl.resume(one)),
  asksAlways: false
})

const pin = Command.make(
  "pin",
  {
    parallelism: flags.optionalCount("parallelism", 1, "How many deliveries may be under way at once."),
    rate: flags.optionalCount("rate", 1, "How many deliveries may start within a period."),
    period: flags.optionalSpan("period", "The period of the rate (default 1s)."),
    json: flags.json,
    keys: keysArgument
  },
  ({ json, keys, ...limits }) =>
    Effect.gen(function* () {
      const parallelism = Option.getOrUndefined(limits.parallelism)
      const rate = Option.getOrUndefined(limits.rate)
      const period = Option.getOrUndefined(limits.period)
      if (rate === undefined && period !== undefined) {
        return yield* wrongUsage("--period was given without --rate.")
      }
      const pinned =
        parallelism !== undefined
          ? { parallelism, rate, period }
          : rate !== undefined
            ? { rate, period }
            : undefined
      if (pinned === undefined) {
        return yield* wrongUsage("No limit was given.", "Give --parallelism, --rate, or both.")
      }
      const flowControl = yield* QStashFlowControl
      yield* applyEach(
        { noun: flowControlKey, done: "pinned", apply: (one) => flowControl.pin(one, pinned) },
        Array.from(new Set(keys)),
        json
      )
    }).pipe(withTarget)
).pipe(
  Command.withDescription(
    "Fix limits of keys: what later messages say of them does not count until they are unpinned."
  )
)

const unpin = Command.make(
  "unpin",
  {
    parallelism: Options.boolean("parallelism").pipe(
      Options.withDescription("Let messages set how many deliveries may be under way.")
    ),
    rate: Options.boolean("rate").pipe(Options.withDescription("Let messages set the rate and its period.")),
    json: flags.json,
    keys: keysArgument
  },
  ({ json, keys, parallelism, rate }) =>
    Effect.gen(function* () {
      const unpinned = parallelism
        ? { parallelism, rate }
        : rate
          ? { rate }
          : yield* wrongUsage("No limit was named.", "Give --parallelism, --rate, or both.")
      const flowControl = yield* QStashFlowControl
      yield* applyEach(
        { noun: flowControlKey, done: "unpinned", apply: (one) => flowControl.unpin(one, unpinned) },
        Array.from(new Set(keys)),
        json
      )
    }).pipe(withTarget)
).pipe(
  Command.withDescription(
    "Let later messages set limits of keys again. Until one does, those that were pinned stay in force."
  )
)

const resetRate = Command.make("reset-rate", { json: flags.json, keys: keysArgument }, ({ json, keys }) =>
  Effect.gen(function* () {
    const flowControl = yield* QStashFlowControl
    yield* applyEach(
      { noun: flowControlKey, done: "reset", apply: flowControl.resetRate },
      Array.from(new Set(keys)),
      json
    )
  }).pipe(withTarget)
).pipe(
  Command.withDescription(
    "End the current period of the rate of keys, so that as many deliveries may start again."
  )
)

export const flowControl = Command.make("flow-control").pipe(
  Command.withDescription("Flow-control keys: limits that the messages with the same key share."),
  Command.withSubcommands([list, get, pause, resume, pin, unpin, resetRate])
)
