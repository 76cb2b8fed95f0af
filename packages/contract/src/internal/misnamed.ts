import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { assertEquals } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"

const cases: ReadonlyArray<readonly [text: string, reason: string]> = [
  ["", "must not be empty"],
  [" ", "must not be empty"],
  [".", '"." would be another route'],
  ["..", '".." would be another route'],
  ["\ud800", '"\\ud800" is not valid Unicode']
]

/** Expects calls to reject a name that does not fit in a path, before they are sent. */
export const refuseMisnamed = <Id, R>(
  field: string,
  brand: { make(text: string, options: { readonly disableValidation: true }): Id },
  calls: (id: Id) => ReadonlyArray<Effect.Effect<unknown, unknown, R>>
) =>
  Effect.forEach(
    cases,
    ([text, reason]) =>
      Effect.forEach(calls(brand.make(text, { disableValidation: true })), (call) =>
        Effect.map(Effect.flip(call), (error) => {
          assertEquals(error, new QStashInvalidRequest({ field, reason }))
        })
      ),
    { discard: true }
  )
