import type { MessageFilter, MessageSelector } from "@effect-qstash/domain/MessageFilter"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Argument from "../../Argument.ts"
import * as Flag from "../../Flag.ts"
import { command } from "../../Command.ts"
import * as Confirmation from "../../Confirmation.ts"
import { Target, withTarget } from "../../Target.ts"
import { applyEach } from "../each.ts"
import { filterOf, filters, sinceOption, untilOption } from "../filters.ts"
import * as flags from "../flags.ts"
import { counted } from "../noun.ts"
import { printJson } from "../print.ts"
import * as Selection from "../selection.ts"
import { idArgument, message } from "./message.ts"

const isSelective = (filter: MessageFilter): filter is MessageFilter & MessageSelector =>
  Object.keys(filter).length > 0

export const cancel = command({
  flags: {
    ...filters,
    since: sinceOption("was created"),
    until: untilOption("was created"),
    all: Flag.toggle("all", "Every message that is not done yet."),
    yes: flags.yes,
    json: flags.json
  },
  arguments: { ids: Argument.many(idArgument) },
  run: (options) =>
    Effect.gen(function* () {
      const filter: MessageFilter = yield* filterOf(options)
      const selection = yield* Selection.selectionOf(message, "cancel", { ...options, filter }, isSelective)
      const messages = yield* QStashMessages
      if (selection._tag === "Ids") {
        return yield* applyEach(
          { noun: message, done: "cancelled", apply: messages.cancel },
          selection.ids,
          options.json
        )
      }
      const { origin } = yield* Target
      if (!options.yes) {
        yield* Confirmation.canBeAsked(options)
        yield* selection._tag === "All"
          ? Confirmation.ask(`Cancel all messages that are not done yet at ${origin}?`, [])
          : Confirmation.ask(`Cancel the messages that match at ${origin}?`, Selection.inWords(filter))
      }
      const cancelled = yield* messages.cancelMany(
        selection._tag === "All" ? { all: true } : selection.filter
      )
      if (options.json) return yield* printJson({ cancelled })
      yield* Console.log(
        cancelled === 0
          ? `There is no message to cancel at ${origin}.`
          : `${counted(message, cancelled)} ${cancelled === 1 ? "is" : "are"} cancelled.`
      )
    }).pipe(withTarget)
})
