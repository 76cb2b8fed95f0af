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
import { change } from "./each.ts"
import * as flags from "./flags.ts"
import type { Noun } from "./noun.ts"
import { printJson, printLines } from "./print.ts"
import { reader } from "./reader.ts"

const queue: Noun = { one: "queue", many: "queues", key: "queueName" }

const nameArgument = flags.existing("name", QueueNameFromAnswer, "The name of a queue.")

const byName = Order.mapInput(Order.string, ({ name }: QStashQueue) => name)

const every = (concerns: (queue: QStashQueue) => boolean) =>
  Effect.flatMap(QStashQueues, (queues) =>
    Effect.map(queues.list, (found) =>
      found
        .filter(concerns)
        .toSorted(byName)
        .map((one) => one.name)
    )
  )

export const list = command({
  flags: { json: flags.json },
  run: ({ json }) =>
    Effect.gen(function* () {
      const { origin } = yield* Target
      const found = yield* Effect.flatMap(QStashQueues, (queues) => queues.list)
      const queues = found.toSorted(byName)
      if (json) return yield* printJson(queues.map(QueueRecord.encode))
      if (queues.length > 0) return yield* printLines(queueTable(queues, yield* reader))
      yield* printLines([
        `There are no queues at ${origin}. Create one:`,
        "",
        "  effect-qstash queues upsert orders --parallelism 2"
      ])
    }).pipe(withTarget)
})

export const get = command({
  flags: { json: flags.json },
  arguments: { name: nameArgument },
  run: ({ json, name }) =>
    Effect.gen(function* () {
      const found = yield* Effect.flatMap(QStashQueues, (queues) => queues.get(name))
      yield* json ? printJson(QueueRecord.encode(found)) : printLines(queueCard(found, yield* reader))
    }).pipe(withTarget)
})

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

export const pause = change({
  name: "pause",
  noun: queue,
  done: "paused",
  argument: nameArgument,
  every: every(({ isPaused }) => !isPaused),
  apply: (queueName) => Effect.flatMap(QStashQueues, (queues) => queues.pause(queueName)),
  asksAlways: false
})

export const resume = change({
  name: "resume",
  noun: queue,
  done: "resumed",
  argument: nameArgument,
  every: every(({ isPaused }) => isPaused),
  apply: (queueName) => Effect.flatMap(QStashQueues, (queues) => queues.resume(queueName)),
  asksAlways: false
})

export const remove = change({
  name: "delete",
  noun: queue,
  done: "deleted",
  argument: nameArgument,
  every: every(() => true),
  apply: (queueName) => Effect.flatMap(QStashQueues, (queues) => queues.delete(queueName)),
  asksAlways: true
})
