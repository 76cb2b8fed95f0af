import { QueueName } from "@effect-qstash/domain/QueueName"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import { checkingId, done, type Handlers, jsonOf, nameOf } from "../call.ts"
import { json } from "../http.ts"

export const queueNameOf = nameOf(QueueName, "queueName")

export const queues = (
  engine: Engine.Service
): Handlers<"UpsertQueue" | "ListQueues" | "GetQueue" | "DeleteQueue" | "PauseQueue" | "ResumeQueue"> => {
  const byName = checkingId(engine.queues, queueNameOf)
  return {
    UpsertQueue: (call) =>
      jsonOf(call).pipe(
        Effect.flatMap(QueueRecord.decodeUpsert),
        Effect.flatMap((queue) => engine.queues(call.tenant).upsert(queue)),
        Effect.as(done)
      ),
    ListQueues: ({ tenant }) =>
      Effect.map(engine.queues(tenant).list, (all) => json(all.map(QueueRecord.encode))),
    GetQueue: byName((all, name) => Effect.map(all.get(name), (queue) => json(QueueRecord.encode(queue)))),
    DeleteQueue: byName((all, name) => Effect.as(all.delete(name), done)),
    PauseQueue: byName((all, name) => Effect.as(all.pause(name), done)),
    ResumeQueue: byName((all, name) => Effect.as(all.resume(name), done))
  }
}
