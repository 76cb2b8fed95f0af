import { MessageId } from "@effect-qstash/domain/MessageId"
import type { Published } from "@effect-qstash/domain/Published"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import * as MessageRequest from "@effect-qstash/domain/wire/MessageRequest"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import { checkingId, type Call, type Handlers, idOf, parseJson, partsOf } from "../call.ts"
import { json, overQuota } from "../http.ts"
import { queueNameOf } from "./queues.ts"
import { selectionOf } from "../selection.ts"

export const messages = (
  engine: Engine.Service
): Handlers<"Publish" | "Enqueue" | "Batch" | "GetMessage" | "CancelMessage" | "CancelMessages"> => {
  const byId = checkingId(engine.messages, idOf(MessageId, "message"))

  const send = (call: Call, complete: (message: PublishMessage) => PublishMessage) =>
    Effect.gen(function* () {
      const message = complete(yield* MessageRequest.decode(yield* partsOf(call)))
      const [published = []] = yield* engine.accept(call.tenant, [message])
      const isKnown = published.every(({ isDeduplicated }) => isDeduplicated)
      return json(answerTo(message, published), isKnown ? 202 : 200)
    })

  return {
    Publish: (call) => send(call, (message) => message),
    Enqueue: (call) =>
      Effect.flatMap(queueNameOf(call.id), (queueName) =>
        send(call, (message) => ({ ...message, queueName }))
      ),
    Batch: (call) =>
      Effect.gen(function* () {
        const { limits, request, tenant } = call
        const body = yield* request.body(limits.batch, "maxBatchSize")
        const all = yield* MessageRequest.decodeBatch(yield* parseJson(body))
        if (all.some((message) => (message.body?.length ?? 0) > limits.message)) {
          return yield* overQuota("maxMessageSize", limits.message)
        }
        const published = yield* engine.accept(tenant, all)
        return json(all.map((message, index) => answerTo(message, published[index] ?? [])))
      }),
    GetMessage: byId((all, id) => Effect.map(all.get(id), (message) => json(MessageRecord.encode(message)))),
    CancelMessage: byId((all, id) => Effect.as(all.cancel(id), json({ cancelled: 1 }))),
    CancelMessages: (call) =>
      selectionOf(call, "message", { most: 500 }).pipe(
        Effect.flatMap(({ count, criteria }) => engine.cancelMany(call.tenant, criteria, count)),
        Effect.map((cancelled) => json({ cancelled }))
      )
  }
}

/** An object for a URL, a list for a group. */
const answerTo = ({ destination }: PublishMessage, published: ReadonlyArray<Published>): unknown => {
  const [first] = published
  return PublishResponse.encode(typeof destination === "string" && first !== undefined ? first : published)
}
