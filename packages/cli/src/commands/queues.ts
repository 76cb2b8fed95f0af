import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import type { QStashQueue } from "@effect-qstash/domain/QStashQueue"
import { QueueName, QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import * as Argument from "../Argument.ts"
import * as Flag from "../Flag.ts"
import { command } from "../Command.ts"
import { queueCard, queueTable } from "../render/queues.ts"
import { printable } from "../render/text.ts"
import { Target, withTarget } from "../Target.ts"
import * as flags from "./flags.ts"
import { printJson } from "./print.ts"
import { deleteSome, getOne, listAll, pauseSome, resumeSome } from "./records.ts"

const kind = {
  service: QStashQueues,
  noun: { one: "queue", many: "queues", key: "queueName" },
  argument: flags.existing("name", QueueNameFromAnswer, "The name of a queue."),
  order: Order.mapInput(Order.string, ({ name }: QStashQueue) => name),
  idOf: ({ name }: QStashQueue) => name,
  encode: QueueRecord.encode,
  table: queueTable,
  card: queueCard,
  none: ["There are no queues", "Create one", "queues upsert orders --parallelism 2"]
} as const

export const list = listAll(kind)
export const get = getOne(kind)
export const pause = pauseSome(kind)
export const resume = resumeSome(kind)
export const remove = deleteSome(kind)

export const upsert = command({
  flags: {
    parallelism: flags.count(
      "parallelism",
      1,
      "How many of its messages may be under way at once (default 1)."
    ),
    paused: Flag.optionalToggle(
      "paused",
      "Pause it, or with =false resume it (default as it was; a new queue is active)."
    ),
    json: flags.json
  },
  arguments: {
    name: Argument.required(
      "name",
      flags.decoded(QueueName),
      "The name of the queue: letters, digits, `.`, `_` and `-`."
    )
  },
  run: ({ json, name, parallelism, paused }) =>
    Effect.gen(function* () {
      const { origin } = yield* Target
      const queues = yield* QStashQueues
      yield* queues.upsert({
        queueName: name,
        parallelism,
        isPaused: paused
      })
      if (json) return yield* printJson({ queueName: name, outcome: "saved" })
      yield* Console.log(`Saved ${printable(name)} at ${origin}.`)
    }).pipe(withTarget)
})
