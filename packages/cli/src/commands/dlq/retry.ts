import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import * as Arr from "effect/Array"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { command } from "../../Command.ts"
import { Target, withTarget } from "../../Target.ts"
import { applyEach } from "../each.ts"
import * as flags from "../flags.ts"
import { counted } from "../noun.ts"
import { printJson } from "../print.ts"
import { chosen, parameters } from "./chosen.ts"
import { letter } from "./letter.ts"

export const retry = command({
  flags: {
    ...parameters.flags,
    retries: flags.count("retries", 0, "How often a failed delivery is tried again (default as it was).")
  },
  arguments: parameters.arguments,
  run: (options) =>
    Effect.gen(function* () {
      const { areNamed, ids } = yield* chosen("retry", options, { asksAlways: false })
      const { json } = options
      const dlq = yield* QStashDlq
      const changes = { retries: options.retries }
      if (areNamed) {
        return yield* applyEach(
          {
            noun: letter,
            done: "retried",
            apply: (dlqId) => Effect.map(dlq.retry(dlqId, changes), ({ messageId }) => messageId)
          },
          ids,
          json
        )
      }
      const published = Arr.isNonEmptyReadonlyArray(ids) ? yield* dlq.retryMany({ dlqIds: ids }, changes) : []
      if (json) return yield* printJson(PublishResponse.encodeRetried({ items: published }))
      const { origin } = yield* Target
      yield* Console.log(
        ids.length === 0
          ? `There is no dead letter to retry at ${origin}.`
          : `${counted(letter, published.length)} ${published.length === 1 ? "is" : "are"} retried.`
      )
    }).pipe(withTarget)
})
