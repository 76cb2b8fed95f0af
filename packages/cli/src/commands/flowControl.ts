import { FlowControlKey, FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import type { FlowControlState } from "@effect-qstash/domain/FlowControlState"
import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import * as Flag from "../Flag.ts"
import * as Argument from "../Argument.ts"
import { command } from "../Command.ts"
import { wrongUsage } from "../Failure.ts"
import { flowControlCard, flowControlTable } from "../render/flowControl.ts"
import { Target, withTarget } from "../Target.ts"
import { applyEach, change } from "./each.ts"
import * as flags from "./flags.ts"
import type { Noun } from "./noun.ts"
import { printJson, printLines } from "./print.ts"
import { reader } from "./reader.ts"

const flowControlKey: Noun = { one: "key", many: "keys", key: "flowControlKey" }

const keyArgument = flags.existing("key", FlowControlKeyFromAnswer, "A flow-control key.")

const keysArgument = Argument.many(
  Argument.required("key", flags.decoded(FlowControlKey), "A flow-control key; several may be given."),
  { atLeastOne: true }
)

const byKey = Order.mapInput(Order.string, (state: FlowControlState) => state.flowControlKey)

const sorted = Effect.flatMap(QStashFlowControl, (flowControl) =>
  Effect.map(flowControl.list, (found) => found.toSorted(byKey))
)

const every = (concerns: (state: FlowControlState) => boolean) =>
  Effect.map(sorted, (states) => states.filter(concerns).map((state) => state.flowControlKey))

export const list = command({
  flags: { json: flags.json },
  run: ({ json }) =>
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
})

export const get = command({
  flags: { json: flags.json },
  arguments: { key: keyArgument },
  run: ({ json, key }) =>
    Effect.gen(function* () {
      const state = yield* Effect.flatMap(QStashFlowControl, (flowControl) => flowControl.get(key))
      yield* json
        ? printJson(FlowControlRecord.encode(state))
        : printLines(flowControlCard(state, yield* reader))
    }).pipe(withTarget)
})

export const pause = change({
  name: "pause",
  noun: flowControlKey,
  done: "paused",
  argument: keyArgument,
  every: every(({ isPaused }) => !isPaused),
  apply: (one) => Effect.flatMap(QStashFlowControl, (flowControl) => flowControl.pause(one)),
  asksAlways: false
})

export const resume = change({
  name: "resume",
  noun: flowControlKey,
  done: "resumed",
  argument: keyArgument,
  every: every(({ isPaused }) => isPaused),
  apply: (one) => Effect.flatMap(QStashFlowControl, (flowControl) => flowControl.resume(one)),
  asksAlways: false
})

export const pin = command({
  flags: {
    parallelism: flags.count("parallelism", 1, "How many deliveries may be under way at once."),
    rate: flags.count("rate", 1, "How many deliveries may start within a period."),
    period: flags.span("period", "The period of the rate (default 1s)."),
    json: flags.json
  },
  arguments: { keys: keysArgument },
  run: ({ json, keys, parallelism, period, rate }) =>
    Effect.gen(function* () {
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
})

export const unpin = command({
  flags: {
    parallelism: Flag.toggle("parallelism", "Let messages set how many deliveries may be under way."),
    rate: Flag.toggle("rate", "Let messages set the rate and its period."),
    json: flags.json
  },
  arguments: { keys: keysArgument },
  run: ({ json, keys, parallelism, rate }) =>
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
})

export const resetRate = command({
  flags: { json: flags.json },
  arguments: { keys: keysArgument },
  run: ({ json, keys }) =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      yield* applyEach(
        { noun: flowControlKey, done: "reset", apply: flowControl.resetRate },
        Array.from(new Set(keys)),
        json
      )
    }).pipe(withTarget)
})
