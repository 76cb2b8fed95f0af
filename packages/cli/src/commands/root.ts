import * as Command from "@effect/cli/Command"
import type * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import { clock } from "./clock.ts"
import { dev } from "./dev.ts"
import { dlq } from "./dlq.ts"
import { flowControl } from "./flowControl.ts"
import { keys } from "./keys.ts"
import { logs } from "./logs.ts"
import { messages } from "./messages.ts"
import { queues } from "./queues.ts"
import { schedules } from "./schedules.ts"
import { urlGroups } from "./urlGroups.ts"

/** Every command, in the order in which help lists them. */
export const root = Command.make("effect-qstash").pipe(
  Command.withSubcommands([dev, clock, messages, schedules, queues, urlGroups, dlq, logs, flowControl, keys])
)

/** The same with the commands below them, of which the parser tells only the next level. */
export const topLevel: ReadonlyArray<CommandDescriptor.Command<unknown>> = [
  dev.descriptor,
  clock.descriptor,
  messages.descriptor,
  schedules.descriptor,
  queues.descriptor,
  urlGroups.descriptor,
  dlq.descriptor,
  logs.descriptor,
  flowControl.descriptor,
  keys.descriptor
]
