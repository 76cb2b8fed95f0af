import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import type { DlqMessage } from "@effect-qstash/domain/QStashMessage"
import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Flag from "../../Flag.ts"
import { command } from "../../Command.ts"
import { failed, wrongUsage } from "../../Failure.ts"
import { deadLetterCard } from "../../render/messages.ts"
import { withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { printBody, printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"
import { idArgument } from "./letter.ts"

export const get = command({
  flags: {
    body: Flag.toggle(
      "body",
      "Print the body of the last response and nothing else: byte for byte, but escaped on a terminal."
    ),
    json: flags.json
  },
  arguments: { id: idArgument },
  run: ({ body, id, json }) =>
    Effect.gen(function* () {
      if (body && json) {
        return yield* wrongUsage(
          "--body cannot be combined with --json.",
          "With --json the record has the body in its field responseBody or responseBodyBase64."
        )
      }
      const letter = yield* Effect.flatMap(QStashDlq, (dlq) => dlq.get(id))
      if (body) return yield* printResponseBody(letter)
      yield* json ? printJson(DlqRecord.encode(letter)) : printLines(deadLetterCard(letter, yield* reader))
    }).pipe(withTarget)
})

const printResponseBody = ({ responseBody }: DlqMessage) => {
  if (responseBody instanceof RedactedValue) return failed("QStash has redacted this body.")
  return responseBody === undefined
    ? Console.error("There is no response body.")
    : printBody(typeof responseBody === "string" ? new TextEncoder().encode(responseBody) : responseBody)
}
