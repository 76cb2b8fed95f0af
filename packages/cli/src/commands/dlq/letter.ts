import { DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import type { DlqFilter } from "@effect-qstash/domain/MessageFilter"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import * as Args from "@effect/cli/Args"
import type * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { dates, filterOption, filters as common, sinceOption, untilOption } from "../filters.ts"
import * as flags from "../flags.ts"
import type { Noun } from "../noun.ts"

export const letter: Noun = { one: "dead letter", many: "dead letters", key: "dlqId" }

export const idArgument = flags
  .existing("id", DlqIdFromAnswer)
  .pipe(Args.withDescription("The id of a dead letter, which is not that of its message."))

/** No response came. */
const none = 0

export const filters = {
  message: flags
    .decoded("message", MessageIdFromAnswer)
    .pipe(
      Options.withPseudoName("id"),
      Options.optional,
      Options.withDescription("Only the dead letter of this message.")
    ),
  status: filterOption(
    "status",
    "number",
    flags.wholeNumberFrom(none, 999),
    (responseStatus): Pick<DlqFilter, "responseStatus"> => ({ responseStatus }),
    "Only if the last response had this status; 0 is no response."
  ),
  ...common,
  since: sinceOption("failed"),
  until: untilOption("failed")
}

export const filterOf = (options: Command.Command.ParseConfig<typeof filters>) =>
  Effect.map(dates(options), (bounds): DlqFilter => ({
    ...Option.match(options.message, { onNone: () => ({}), onSome: (messageId) => ({ messageId }) }),
    ...options.status,
    ...options.queue,
    ...options.schedule,
    ...options.urlGroup,
    ...options.label,
    ...options.flowControlKey,
    ...options.url,
    ...bounds
  }))
