import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import * as Arr from "effect/Array"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { command } from "../../Command.ts"
import { Target, withTarget } from "../../Target.ts"
import { applyEach } from "../each.ts"
import { counted } from "../noun.ts"
import { printJson } from "../print.ts"
import { chosen, parameters } from "./chosen.ts"
import { letter } from "./letter.ts"

export const remove = command({
  ...parameters,
  run: (options) =>
    Effect.gen(function* () {
      const { areNamed, ids } = yield* chosen("delete", options, { asksAlways: true })
      const { json } = options
      const dlq = yield* QStashDlq
      if (areNamed) {
        return yield* applyEach({ noun: letter, done: "deleted", apply: dlq.delete }, ids, json)
      }
      const deleted = Arr.isNonEmptyReadonlyArray(ids) ? yield* dlq.deleteMany({ dlqIds: ids }) : 0
      if (json) return yield* printJson({ deleted })
      const { origin } = yield* Target
      yield* Console.log(
        ids.length === 0
          ? `There is no dead letter to delete at ${origin}.`
          : `${counted(letter, deleted)} ${deleted === 1 ? "is" : "are"} deleted.`
      )
    }).pipe(withTarget)
})
