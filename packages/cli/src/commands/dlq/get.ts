import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import { deadLetterCard } from "../../render/messages.ts"
import { withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"
import { idArgument } from "./letter.ts"

export const get = Command.make("get", { json: flags.json, id: idArgument }, ({ id, json }) =>
  Effect.gen(function* () {
    const letter = yield* Effect.flatMap(QStashDlq, (dlq) => dlq.get(id))
    yield* json ? printJson(DlqRecord.encode(letter)) : printLines(deadLetterCard(letter, yield* reader))
  }).pipe(withTarget)
).pipe(
  Command.withDescription(
    "Show one dead letter and how it was answered, without header values, bodies and URL queries; --json shows them."
  )
)
