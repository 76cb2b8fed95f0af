import * as Command from "@effect/cli/Command"
import { pause, remove, resume } from "./schedules/change.ts"
import { create } from "./schedules/create.ts"
import { get } from "./schedules/get.ts"
import { list } from "./schedules/list.ts"
import { next } from "./schedules/next.ts"

export const schedules = Command.make("schedules").pipe(
  Command.withDescription("Schedules: create them, see when they fire, pause and delete them."),
  Command.withSubcommands([list, get, create, pause, resume, remove, next])
)
