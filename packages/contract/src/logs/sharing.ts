import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { freshName } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { entriesOf, pending } from "../internal/sending.ts"

export const sharing = chapter("two accounts", ({ given }) => {
  given(["neighbour"], "an account cannot see another account's log", ({ neighbour }) =>
    Effect.gen(function* () {
      const theirs = Context.get(neighbour.services, QStashLogs)
      const label = yield* freshName
      const { messageId } = yield* pending({ labels: [label] })
      deepStrictEqual(yield* theirs.list({ messageId }), { items: [] })
      deepStrictEqual(yield* theirs.list({ label }), { items: [] })
      const all = yield* theirs.list({ count: 1000 })
      strictEqual(
        all.items.some((entry) => entry.messageId === messageId),
        false
      )
      strictEqual((yield* entriesOf(messageId)).length, 1)
    })
  )
})
