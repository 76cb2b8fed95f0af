import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import * as Effect from "effect/Effect"
import { command } from "../../Command.ts"
import { messageCard } from "../../render/messages.ts"
import { withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"
import { idArgument } from "./message.ts"

export const get = command({
  flags: { json: flags.json },
  arguments: { id: idArgument },
  run: ({ id, json }) =>
    Effect.gen(function* () {
      const message = yield* Effect.flatMap(QStashMessages, (messages) => messages.get(id))
      yield* json ? printJson(MessageRecord.encode(message)) : printLines(messageCard(message, yield* reader))
    }).pipe(withTarget)
})
