import type { KnownLogState } from "@effect-qstash/domain/LogEntry"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import * as Flag from "../../Flag.ts"
import * as flags from "../flags.ts"
import type { Noun } from "../noun.ts"

export const message: Noun = { one: "message", many: "messages", key: "messageId" }

export const idArgument = flags.existing("id", MessageIdFromAnswer, "The id of a message.")

const states: ReadonlyArray<KnownLogState | "IN_PROGRESS"> = [
  "CREATED",
  "ACTIVE",
  "RETRY",
  "ERROR",
  "IN_PROGRESS",
  "DELIVERED",
  "FAILED",
  "CANCEL_REQUESTED",
  "CANCELED"
]

export const stateOption = (description: string) =>
  Flag.choice(
    "state",
    states,
    `${description}, such as DELIVERED or FAILED; IN_PROGRESS stands for ACTIVE, RETRY and ERROR.`
  )
