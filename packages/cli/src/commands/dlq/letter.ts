import { DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import type { DlqFilter } from "@effect-qstash/domain/MessageFilter"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import * as Effect from "effect/Effect"
import * as Flag from "../../Flag.ts"
import {
  filterOf as commonFilterOf,
  filterOption,
  filters as common,
  sinceOption,
  untilOption
} from "../filters.ts"
import type * as Command from "../../Command.ts"
import * as flags from "../flags.ts"
import type { Noun } from "../noun.ts"

export const letter: Noun = { one: "dead letter", many: "dead letters", key: "dlqId" }

export const idArgument = flags.existing(
  "id",
  DlqIdFromAnswer,
  "The id of a dead letter, which is not that of its message."
)

/** No response came. */
const none = 0

export const filters = {
  message: Flag.optional(
    "message",
    "id",
    flags.decoded(MessageIdFromAnswer),
    "Only the dead letter of this message."
  ),
  status: filterOption(
    "status",
    "number",
    flags.parseWholeNumber(none, 999),
    (responseStatus): Pick<DlqFilter, "responseStatus"> => ({ responseStatus }),
    "Only if the last response had this status; 0 is no response."
  ),
  ...common,
  since: sinceOption("failed"),
  until: untilOption("failed")
}

export const filterOf = (options: Command.Input<typeof filters>) =>
  Effect.map(commonFilterOf(options), (filter): DlqFilter => ({
    ...(options.message === undefined ? {} : { messageId: options.message }),
    ...options.status,
    ...filter
  }))
