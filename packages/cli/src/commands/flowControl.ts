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
import { withTarget } from "../Target.ts"
import { applyEach } from "./each.ts"
import * as flags from "./flags.ts"
import { getOne, listAll, pauseSome, resumeSome } from "./records.ts"

const keysArgument = Argument.many(
  Argument.required("key", flags.decoded(FlowControlKey), "A flow-control key; several may be given."),
  { atLeastOne: true }
)

const kind = {
  service: QStashFlowControl,
  noun: { one: "key", many: "keys", key: "flowControlKey" },
  argument: flags.existing("key", FlowControlKeyFromAnswer, "A flow-control key."),
  order: Order.mapInput(Order.string, (state: FlowControlState) => state.flowControlKey),
  idOf: (state: FlowControlState) => state.flowControlKey,
  encode: FlowControlRecord.encode,
  table: flowControlTable,
  card: flowControlCard,
  none: [
    "No flow-control key is in use",
    "Publish a message with one",
    "messages publish https://example.com/jobs/hello --flow-control-key mails --flow-control-rate 10"
  ]
} as const

export const list = listAll(kind)
export const get = getOne(kind)
export const pause = pauseSome(kind)
export const resume = resumeSome(kind)

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
        { noun: kind.noun, done: "pinned", apply: (one) => flowControl.pin(one, pinned) },
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
        { noun: kind.noun, done: "unpinned", apply: (one) => flowControl.unpin(one, unpinned) },
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
        { noun: kind.noun, done: "reset", apply: flowControl.resetRate },
        Array.from(new Set(keys)),
        json
      )
    }).pipe(withTarget)
})
