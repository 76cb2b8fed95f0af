import * as Command from "@effect/cli/Command"
import { cancel } from "./messages/cancel.ts"
import { get } from "./messages/get.ts"
import { list } from "./messages/list.ts"
import { publish } from "./messages/publish.ts"

export const messages = Command.make("messages").pipe(
  Command.withDescription("Messages: publish them, see where they are, and cancel them."),
  Command.withSubcommands([publish, list, get, cancel])
)
