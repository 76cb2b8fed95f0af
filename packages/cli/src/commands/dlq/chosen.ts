import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { DlqFilter, DlqSelector } from "@effect-qstash/domain/MessageFilter"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Argument from "../../Argument.ts"
import * as Flag from "../../Flag.ts"
import type * as Command from "../../Command.ts"
import * as Confirmation from "../../Confirmation.ts"
import { Target } from "../../Target.ts"
import * as flags from "../flags.ts"
import { capitalised, counted } from "../noun.ts"
import * as Selection from "../selection.ts"
import { filterOf, filters, idArgument, letter } from "./letter.ts"

/** The flags and arguments that select dead letters. */
export const parameters = {
  flags: {
    ...filters,
    all: Flag.toggle("all", "Every dead letter."),
    yes: flags.yes,
    json: flags.json
  },
  arguments: { ids: Argument.many(idArgument) }
}

type Options = Command.Input<typeof parameters.flags & typeof parameters.arguments>

const isSelective = (filter: DlqFilter): filter is DlqFilter & DlqSelector => Object.keys(filter).length > 0

/**
 * Selects dead letters, and asks for confirmation if necessary. It looks up the ids behind a filter before it asks, so
 * that nothing but what was shown is changed, even if more messages fail meanwhile. It also returns whether they were
 * named one by one.
 */
export const chosen = (verb: string, options: Options, { asksAlways }: { readonly asksAlways: boolean }) =>
  Effect.gen(function* () {
    const selection = yield* Selection.selectionOf(
      letter,
      verb,
      { ...options, filter: yield* filterOf(options) },
      isSelective
    )
    const areNamed = selection._tag === "Ids"
    const asks = (asksAlways || !areNamed) && !options.yes
    if (asks) yield* Confirmation.canBeAsked(options)

    const { origin } = yield* Target
    const dlq = yield* QStashDlq
    const ids = areNamed
      ? selection.ids
      : yield* dlq.stream(selection._tag === "All" ? {} : selection.filter).pipe(
          Stream.map(({ dlqId }) => dlqId),
          Stream.runCollect,
          Effect.map((found): ReadonlyArray<DlqId> => Array.from(found))
        )
    if (asks && ids.length > 0) {
      yield* Confirmation.ask(`${capitalised(verb)} ${counted(letter, ids.length)} at ${origin}?`, ids)
    }
    return { ids, areNamed }
  })
