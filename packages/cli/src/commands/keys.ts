import { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import * as SigningKeysRecord from "@effect-qstash/domain/wire/SigningKeysRecord"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { command } from "../Command.ts"
import * as Confirmation from "../Confirmation.ts"
import { failed, type Failure } from "../Failure.ts"
import { printableLines } from "../render/text.ts"
import { explainUnsure, Target, withTarget } from "../Target.ts"
import * as flags from "./flags.ts"
import { printJson, printLines } from "./print.ts"

/** A word of the shell with exactly this value, whatever characters it has. */
const shellWord = (text: string): string =>
  /^[\w.:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** As a receiver reads them from its environment, and as a shell can evaluate them. */
const printVariables = ({ current, next }: SigningKeys): Effect.Effect<void, Failure> => {
  const keys = [Redacted.value(current), Redacted.value(next)]
  if (keys.some((key) => printableLines(key) !== key)) {
    return failed(
      "A signing key has characters that control a terminal or do not show.",
      "`effect-qstash keys get --json` prints both keys with these characters escaped."
    )
  }
  const [first = "", second = ""] = keys.map(shellWord)
  return printLines([`QSTASH_CURRENT_SIGNING_KEY=${first}`, `QSTASH_NEXT_SIGNING_KEY=${second}`])
}

export const get = command({
  flags: { json: flags.json },
  run: ({ json }) =>
    Effect.gen(function* () {
      const found = yield* Effect.flatMap(QStashSigningKeys, (signingKeys) => signingKeys.get)
      yield* json ? printJson(SigningKeysRecord.encode(found)) : printVariables(found)
    }).pipe(withTarget)
})

export const rotate = command({
  flags: { yes: flags.yes, json: flags.json },
  run: ({ json, yes }) =>
    Effect.gen(function* () {
      const target = yield* Target
      if (!yes) {
        yield* Confirmation.canBeAsked({ json, yes })
        yield* Confirmation.ask(`Rotate the signing keys at ${target.origin}?`, [
          "The current key is gone for good, and the next one takes its place.",
          "Receivers that know both keys go on; one that knows only the current key refuses every delivery."
        ])
      }
      const signingKeys = yield* QStashSigningKeys
      const rotated = yield* Effect.catchTag(signingKeys.rotate, "QStashUnavailable", (error) =>
        Effect.fail(
          explainUnsure(
            error,
            target,
            "Whether the keys were rotated is not known: look with `effect-qstash keys get` before you do it again."
          )
        )
      )
      if (json) return yield* printJson(SigningKeysRecord.encode(rotated))
      yield* printVariables(rotated)
      yield* Console.error(
        "Give both to every receiver now: after another rotation, one without them would refuse every delivery."
      )
    }).pipe(withTarget)
})
