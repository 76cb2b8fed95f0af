import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import { checkingId, done, type Handlers, nameOf, queryOf } from "../call.ts"
import { json } from "../http.ts"

export const flowControl = (
  engine: Engine.Service
): Handlers<
  | "ListFlowControl"
  | "GetFlowControl"
  | "PauseFlowControl"
  | "ResumeFlowControl"
  | "PinFlowControl"
  | "UnpinFlowControl"
  | "ResetFlowControlRate"
  | "ResetFlowControl"
  | "GetGlobalParallelism"
> => {
  const byKey = checkingId(engine.flowControl, nameOf(FlowControlKey, "flowControlKey"))
  const resetRate = byKey((all, key) => Effect.as(all.resetRate(key), done))
  return {
    ListFlowControl: (call) => {
      const sought = queryOf(call).flatMap(([name, value]) => (name === "search" ? [value] : []))
      return Effect.map(engine.flowControl(call.tenant).list, (all) =>
        json(
          all
            .filter(({ flowControlKey }) => sought.every((text) => flowControlKey.includes(text)))
            .map(FlowControlRecord.encode)
        )
      )
    },
    GetFlowControl: byKey((all, key) =>
      Effect.map(all.get(key), (state) => json(FlowControlRecord.encode(state)))
    ),
    PauseFlowControl: byKey((all, key) => Effect.as(all.pause(key), done)),
    ResumeFlowControl: byKey((all, key) => Effect.as(all.resume(key), done)),
    PinFlowControl: byKey((all, key, call) =>
      FlowControlRecord.pinFromParameters(queryOf(call)).pipe(
        Effect.flatMap((limits) => all.pin(key, limits)),
        Effect.as(done)
      )
    ),
    UnpinFlowControl: byKey((all, key, call) =>
      FlowControlRecord.unpinFromParameters(queryOf(call)).pipe(
        // Both flags are false by default, so a call without them unpins nothing.
        Effect.flatMap((limits) => (limits === undefined ? Effect.void : all.unpin(key, limits))),
        Effect.as(done)
      )
    ),
    ResetFlowControlRate: resetRate,
    ResetFlowControl: resetRate,
    GetGlobalParallelism: ({ tenant }) =>
      Effect.map(engine.flowControl(tenant).globalParallelism, (limit) =>
        json(FlowControlRecord.encodeGlobal(limit))
      )
  }
}
