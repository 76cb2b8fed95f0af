import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { FlowControlState } from "@effect-qstash/domain/FlowControlState"
import { FlowControlKeyNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import * as FlowControlInput from "@effect-qstash/domain/input/FlowControlInput"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Tenant } from "../../TenantServices.ts"
import type { FlowControlChange } from "../../Rows.ts"
import { flowControlOf } from "../record.ts"
import { checkingId, checkingName, orFail, type ServiceContext } from "./context.ts"

export const makeFlowControl = ({
  change,
  limits,
  now,
  overLimit,
  parallelism: parallelismMax,
  store
}: ServiceContext) => {
  const flowControl = ({ tenantId }: Tenant): QStashFlowControl.Service => {
    const byKey = checkingId("flowControlKey")
    const alter = (name: FlowControlKey, what: FlowControlChange) =>
      Effect.flatMap(parseFlowControlKey(name), (key) =>
        change((instant) =>
          store.changeFlowControl({
            tenantId,
            key,
            change: what,
            now: instant,
            limit: limits.maxFlowControlKeys
          })
        )
      )
    /** For the changes that create the key if it does not exist. */
    const make = (key: FlowControlKey, what: FlowControlChange) =>
      Effect.flatMap(alter(key, what), (stored) =>
        stored === "full" ? overLimit("maxFlowControlKeys") : Effect.void
      )
    return {
      list: Effect.zipWith(store.listFlowControl(tenantId), now, (all, instant) =>
        all.map((stored) => flowControlOf(stored, instant))
      ),
      get: byKey((flowControlKey: FlowControlKey) =>
        Effect.gen(function* () {
          const instant = yield* now
          return yield* orFail(
            yield* store.getFlowControl(tenantId, flowControlKey),
            (stored) => flowControlOf(stored, instant),
            () => new FlowControlKeyNotFound({ flowControlKey })
          )
        })
      ),
      pause: byKey((key: FlowControlKey) => make(key, { _tag: "Pause" })),
      resume: byKey((key: FlowControlKey) => make(key, { _tag: "Resume" })),
      pin: byKey((key: FlowControlKey, pinned: FlowControlState.Pin) =>
        Effect.flatMap(FlowControlInput.checkPin(pinned), ({ parallelism, period, rate }) =>
          make(key, {
            _tag: "Pin",
            parallelism,
            rate,
            period: period === undefined ? undefined : Duration.toMillis(period)
          })
        )
      ),
      unpin: byKey((key: FlowControlKey, unpinned: FlowControlState.Unpin) =>
        Effect.flatMap(FlowControlInput.checkUnpin(unpinned), ({ parallelism, rate }) =>
          Effect.asVoid(alter(key, { _tag: "Unpin", parallelism, rate }))
        )
      ),
      resetRate: byKey((key: FlowControlKey) => Effect.asVoid(alter(key, { _tag: "ResetRate" }))),
      globalParallelism: Effect.map(store.countLeased(tenantId), (parallelismCount) => ({
        parallelismMax,
        parallelismCount
      }))
    }
  }

  return { flowControl }
}

const parseFlowControlKey = checkingName(FlowControlKey, "flowControlKey")
