import { Courier } from "@effect-qstash/engine/Courier"
import type * as Signer from "@effect-qstash/engine/Signer"
import { Store } from "@effect-qstash/engine/Store"
import type * as UndiciCourier from "@effect-qstash/server/UndiciCourier"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { changesOf } from "../Faults.ts"

/** What a planted fault makes of the export that implements a port, by the file of that export. */
export const faulty = {
  "engine/src/MemoryStore.ts": (layer: Layer.Layer<Store>, id: string): Layer.Layer<Store> =>
    Layer.map(layer, (context) => {
      const correct = Context.get(context, Store)
      return Context.add(context, Store, { ...correct, ...changesOf(id).Store?.(correct) })
    }),
  "server/src/UndiciCourier.ts":
    (layer: typeof UndiciCourier.layer, id: string): typeof UndiciCourier.layer =>
    (options) =>
      Layer.map(layer(options), (context) => {
        const correct = Context.get(context, Courier)
        return Context.add(context, Courier, { ...correct, ...changesOf(id).Courier?.(correct) })
      }),
  "engine/src/Signer.ts":
    (make: typeof Signer.make, id: string): typeof Signer.make =>
    (signingKeys) => {
      const correct = make(signingKeys)
      return { ...correct, ...changesOf(id).Signer?.(correct) }
    }
}
