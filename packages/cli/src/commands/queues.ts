import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import type { QStashQueue } from "@effect-qstash/domain/QStashQueue"
import { QueueName, QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import { queueCard, queueTable } from "../render/queues.ts"
import { printable } from "../render/text.ts"
import { Target, withTarget } from "../Target.ts"
import { change } from "./each.ts"
import * as flags from "./flags.ts"
import type { Noun } from "./noun.ts"
import { printJson, printLines } from "./print.ts"
import { reader } from "./reader.ts"

const queue: Noun = { one: "queue", many: "queues", key: "queueName" }

const nameArgument = flags
  .existing("name", QueueNameFromAnswer)
  .pipe(Args.withDescription("The name of a queue."))

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

const list = Command.make("list", { json: flags.json }, ({ json }) =>
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
).pipe(Command.withDescription("List the queues, by name."))

const get = Command.make("get", { json: flags.json, name: nameArgument }, ({ json, name }) =>
  Effect.gen(function* () {
    const found = yield* Effect.flatMap(QStashQueues, (queues) => queues.get(name))
    yield* json ? printJson(QueueRecord.encode(found)) : printLines(queueCard(found, yield* reader))
  }).pipe(withTarget)
).pipe(Command.withDescription("Show one queue."))

const upsert = Command.make(
  "upsert",
  {
    parallelism: flags.optionalCount(
      "parallelism",
      1,
      "How many of its messages may be under way at once (default 1)."
    ),
    paused: flags.optionalSwitch(
      "paused",
      "Pause it, or with =false resume it (default as it was; a new queue is active)."
    ),
    json: flags.json,
    name: flags
      .fresh("name", QueueName)
      .pipe(Args.withDescription("The name of the queue: letters, digits, `.`, `_` and `-`."))
  },
  ({ json, name, parallelism, paused }) =>
    Effect.gen(function* () {
      const { origin } = yield* Target
      const queues = yield* QStashQueues
      yield* queues.upsert({
        queueName: name,
        parallelism: Option.getOrUndefined(parallelism),
        isPaused: Option.getOrUndefined(paused)
      })
      if (json) return yield* printJson({ queueName: name, outcome: "saved" })
      yield* Console.log(`Saved ${printable(name)} at ${origin}.`)
    }).pipe(withTarget)
).pipe(Command.withDescription("Create a queue, or change the one with this name."))

const pause = change({
  name: "pause",
  description: "Stop queues from delivering until they are resumed. They still take messages.",
  noun: queue,
  done: "paused",
  argument: nameArgument,
  every: every(({ isPaused }) => !isPaused),
  apply: (queueName) => Effect.flatMap(QStashQueues, (queues) => queues.pause(queueName)),
  asksAlways: false
})

const resume = change({
  name: "resume",
  description: "Let paused queues deliver again.",
  noun: queue,
  done: "resumed",
  argument: nameArgument,
  every: every(({ isPaused }) => isPaused),
  apply: (queueName) => Effect.flatMap(QStashQueues, (queues) => queues.resume(queueName)),
  asksAlways: false
})

const remove = change({
  name: "delete",
  description: "Delete queues with the messages that wait in them.",
  noun: queue,
  done: "deleted",
  argument: nameArgument,
  every: every(() => true),
  apply: (queueName) => Effect.flatMap(QStashQueues, (queues) => queues.delete(queueName)),
  asksAlways: true
})

export const queues = Command.make("queues").pipe(
  Command.withDescription("Queues, through which messages go in order."),
  Command.withSubcommands([list, get, upsert, pause, resume, remove])
)
