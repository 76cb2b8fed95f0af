import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { pageOfLetters } from "../pages.ts"
import type { Verbs } from "../Verbs.ts"

export const pageDeadLetters =
  ({ db }: Verbs): Store.Service<SqlError>["pageDeadLetters"] =>
  (request) =>
    Effect.map(pageOfLetters(db, request), ({ items, last }) => ({
      items: items.map(({ item }) => item),
      last
    }))
