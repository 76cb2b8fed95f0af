import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import { messageCard } from "../../render/messages.ts"
import { withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"
import { idArgument } from "./message.ts"

export const get = Command.make("get", { json: flags.json, id: idArgument }, ({ id, json }) =>
  Effect.gen(function* () {
    const message = yield* Effect.flatMap(QStashMessages, (messages) => messages.get(id))
    yield* json ? printJson(MessageRecord.encode(message)) : printLines(messageCard(message, yield* reader))
  }).pipe(withTarget)
).pipe(
  Command.withDescription(
    "Show a message that is not done yet, without the values of its headers, its body and URL queries; --json shows them."
  )
)
