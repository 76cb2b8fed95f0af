import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { DlqFilter, DlqSelector } from "@effect-qstash/domain/MessageFilter"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import * as Args from "@effect/cli/Args"
import type * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Confirmation from "../../Confirmation.ts"
import { Target } from "../../Target.ts"
import * as flags from "../flags.ts"
import { capitalised, counted } from "../noun.ts"
import * as Selection from "../selection.ts"
import { filterOf, filters, idArgument, letter } from "./letter.ts"

/** How somebody says which dead letters are meant. */
export const config = {
  ...filters,
  all: Selection.all("Every dead letter."),
  yes: flags.yes,
  json: flags.json,
  ids: Args.repeated(idArgument)
}

type Options = Command.Command.ParseConfig<typeof config>

const isSelective = (filter: DlqFilter): filter is DlqFilter & DlqSelector => Object.keys(filter).length > 0

/**
 * The dead letters that are meant, once somebody has agreed to it. Filters are turned into ids before that, so that
 * nothing is touched but what was shown, even if more messages fail in the meantime. It answers as well whether they
 * were named one by one.
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
