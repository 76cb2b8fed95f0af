import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { pageOfEvents } from "../pages.ts"
import type { Verbs } from "../Verbs.ts"

export const pageLogs =
  ({ db }: Verbs): Store.Service<SqlError>["pageLogs"] =>
  (request) =>
    Effect.map(pageOfEvents(db, request), ({ items, last }) => ({
      items: items.map(({ item }) => item),
      last
    }))
