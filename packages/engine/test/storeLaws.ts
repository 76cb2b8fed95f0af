import type { Store } from "@effect-qstash/engine/Store"
import { describe, it } from "@effect/vitest"
import { Effect, FastCheck, Layer } from "effect"
import * as deadLetters from "./store/deadLetters.ts"
import * as flowControl from "./store/flowControl.ts"
import { ids } from "./store/given.ts"
import type { Law } from "./store/law.ts"
import * as logs from "./store/logs.ts"
import * as messages from "./store/messages.ts"
import { command, Model } from "./store/Model.ts"
import * as queues from "./store/queues.ts"
import * as schedules from "./store/schedules.ts"
import * as slots from "./store/slots.ts"
import * as tenancy from "./store/tenancy.ts"

/**
 * What every Store keeps. The layer gives an empty Store each time that it is built; a Store for which that is slow may
 * ask for fewer runs of the comparison with the model.
 */
export const storeLaws = <E>(name: string, layer: Layer.Layer<Store, E>, runs = 200): void => {
  describe(`the laws of a Store (${name})`, () => {
    const counted = Layer.provide(layer, ids)
    const law: Law = (title, body) => it.effect(title, () => Effect.provide(body, counted))

    for (const chapter of [schedules, messages, queues, flowControl, slots, deadLetters, logs, tenancy]) {
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
