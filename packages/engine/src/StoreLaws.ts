/**
 * What every Store must keep, as tests. Needs `@effect/vitest` and `vitest`, so no other module imports this one.
 *
 * @since 0.1.0
 */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import { command } from "./internal/storeLaws/commands.ts"
import * as deadLetters from "./internal/storeLaws/deadLetters.ts"
import * as flowControl from "./internal/storeLaws/flowControl.ts"
import * as flowControlSlots from "./internal/storeLaws/flowControlSlots.ts"
import { ids } from "./internal/storeLaws/given.ts"
import * as leases from "./internal/storeLaws/leases.ts"
import type { Law } from "./internal/storeLaws/law.ts"
import * as logs from "./internal/storeLaws/logs.ts"
import * as messages from "./internal/storeLaws/messages.ts"
import { Model } from "./internal/storeLaws/Model.ts"
import * as queues from "./internal/storeLaws/queues.ts"
import * as queuePlaces from "./internal/storeLaws/queuePlaces.ts"
import * as schedules from "./internal/storeLaws/schedules.ts"
import * as slots from "./internal/storeLaws/slots.ts"
import * as tenancy from "./internal/storeLaws/tenancy.ts"
import type { Store } from "./Store.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How often the Store is compared with the model, each time under up to 80 random commands. Fewer for a slow Store.
   *
   * @default 200
   */
  readonly runs?: number | undefined
}

const chapters = [
  schedules,
  messages,
  leases,
  queues,
  queuePlaces,
  flowControl,
  flowControlSlots,
  slots,
  deadLetters,
  logs,
  tenancy
]

/**
 * Defines a test for each law, and one that compares the Store with a model under random commands. The layer gives an
 * empty Store each time it is built, and mints ids from the `IdGenerator` of its environment.
 *
 * @since 0.1.0
 * @category laws
 */
export const laws = <E>(name: string, layer: Layer.Layer<Store, E>, { runs = 200 }: Options = {}): void => {
  describe(`the laws of a Store (${name})`, () => {
    const counted = Layer.provide(layer, ids)
    const law: Law = (title, body) => it.effect(title, () => Effect.provide(body, counted))

    for (const chapter of chapters) {
      chapter.laws(law)
    }

    it.effect.prop(
      "it behaves as a list that is searched from end to end, whatever is done in whatever order",
      [FastCheck.array(command, { maxLength: 80, size: "max" })],
      ([commands]) =>
        Effect.gen(function* () {
          const model = new Model()
          for (const next of commands) yield* model.check(next)
          yield* model.checkHistory
        }).pipe(Effect.provide(counted)),
      { fastCheck: { numRuns: runs }, timeout: 120_000 }
    )
  })
}
