import * as Command from "@effect/cli/Command"
import { get } from "./dlq/get.ts"
import { list } from "./dlq/list.ts"
import { remove } from "./dlq/remove.ts"
import { retry } from "./dlq/retry.ts"

export const dlq = Command.make("dlq").pipe(
  Command.withDescription("The dead letter queue: messages that have failed for good."),
  Command.withSubcommands([list, get, retry, remove])
)
