import * as Command from "@effect/cli/Command"
import { pause, remove, resume } from "./change.ts"
import { create } from "./create.ts"
import { get } from "./get.ts"
import { list } from "./list.ts"
import { next } from "./next.ts"

export const schedules = Command.make("schedules").pipe(
  Command.withDescription("Look at the schedules of the QStash that QSTASH_URL names, and change them."),
  Command.withSubcommands([list, get, create, pause, resume, remove, next])
)
