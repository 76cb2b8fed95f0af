import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { FlowControlKeyNotFound, type QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import type { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import * as FlowControlInput from "@effect-qstash/domain/input/FlowControlInput"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type Parameters, type QStashHttp, withSpan } from "../http.ts"
import { listOf } from "../listOf.ts"
import { withPathId } from "../withPathId.ts"
import { quotaError, type Refusal } from "../refusal.ts"

const path = "/v2/flowControl"

const span = (method: keyof QStashFlowControl.Service, key?: FlowControlKey) =>
  withSpan(`QStashFlowControl.${method}`, key === undefined ? {} : { "qstash.flow_control_key": key })

const withKey = withPathId(
  path,
  "flowControlKey",
  (flowControlKey: FlowControlKey) => new FlowControlKeyNotFound({ flowControlKey })
)

export const makeFlowControl = (http: QStashHttp): QStashFlowControl.Service => {
  const change = <E>(
    ownError: (refused: Refusal) => E | undefined,
    method: "pause" | "resume" | "pin" | "unpin" | "resetRate",
    key: FlowControlKey,
    given: Either.Either<Parameters, QStashInvalidRequest> = Either.right([])
  ) =>
    withKey(key, ({ target }) =>
      Effect.flatMap(given, (query) =>
        http.done({ method: "POST", target: `${target}/${method}`, query, ownError })
      )
    )
  const none = () => undefined

  return {
    list: http
      .json({ method: "GET", target: path }, listOf("flow-control key", FlowControlRecord.decode))
      .pipe(span("list")),
    get: (key) =>
      withKey(key, (call) => http.json({ method: "GET", ...call }, FlowControlRecord.decode)).pipe(
        span("get", key)
      ),
    pause: (key) => change(quotaError, "pause", key).pipe(span("pause", key)),
    resume: (key) => change(quotaError, "resume", key).pipe(span("resume", key)),
    pin: (key, limits) =>
      change(
        quotaError,
        "pin",
        key,
        Either.map(FlowControlInput.checkPin(limits), FlowControlRecord.pinToParameters)
      ).pipe(span("pin", key)),
    unpin: (key, limits) =>
      change<never>(
        none,
        "unpin",
        key,
        Either.map(FlowControlInput.checkUnpin(limits), FlowControlRecord.unpinToParameters)
      ).pipe(span("unpin", key)),
    resetRate: (key) => change<never>(none, "resetRate", key).pipe(span("resetRate", key)),
    globalParallelism: http
      .json({ method: "GET", target: "/v2/globalParallelism" }, FlowControlRecord.decodeGlobal)
      .pipe(span("globalParallelism"))
  }
}
