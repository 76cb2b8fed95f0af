import { DlqId } from "@effect-qstash/domain/DlqId"
import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as PageInput from "@effect-qstash/domain/input/PageInput"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import { checkingId, type Call, done, type Handlers, idOf, notFound } from "../call.ts"
import { cut, quote } from "../cut.ts"
import { json } from "../http.ts"
import { pageOf, selectionOf } from "../selection.ts"
import { trimBodies } from "../trimBody.ts"

/** How many dead letters one call is checkingId, at the most and where it does not say. */
const most = PageInput.maxDeadLetters

export const dlq = (
  engine: Engine.Service
): Handlers<
  | "ListDeadLetters"
  | "DeleteDeadLetters"
  | "GetDeadLetter"
  | "DeleteDeadLetter"
  | "RetryDeadLetters"
  | "RetryDeadLetter"
> => {
  const byId = checkingId(engine.dlq, idOf(DlqId, "dlq message"))
  return {
    ListDeadLetters: (call) =>
      pageOf(call, "dlq", { most, takes: ["cursor", "order", "trimBody"] }).pipe(
        Effect.flatMap(({ count = most, criteria, cursor, order = "earliestFirst", trimBody }) =>
          Effect.map(engine.dlqPage(call.tenant, { criteria, cursor, count, order }), (page) => ({
            ...page,
            items: page.items.map((letter) => trimBodies(letter, trimBody))
          }))
        ),
        Effect.map((page) => json(DlqRecord.encodePage(page)))
      ),
    DeleteDeadLetters: (call) =>
      selectionOf(call, "dlq", { most, takes: ["cursor"] }).pipe(
        Effect.flatMap(({ count = most, criteria, cursor }) =>
          engine.dlqDelete(call.tenant, { criteria, cursor, count })
        ),
        Effect.map(({ cursor, deleted }) => json({ deleted, ...(cursor === undefined ? {} : { cursor }) }))
      ),
    GetDeadLetter: byId((all, id) => Effect.map(all.get(id), (letter) => json(DlqRecord.encode(letter)))),
    DeleteDeadLetter: byId((all, id) => Effect.as(all.delete(id), done)),
    RetryDeadLetters: (call) =>
      Effect.gen(function* () {
        const retries = yield* retriesOf(call)
        const {
          count = most,
          criteria,
          cursor
        } = yield* selectionOf(call, "dlq", { most, takes: ["cursor"] })
        const page = yield* engine.dlqRetry(call.tenant, { criteria, cursor, count, retries })
        if (criteria.dlqIds !== undefined && cursor === undefined && page.items.length === 0) {
          return yield* notFound("dlq message", criteria.dlqIds.join(", "))
        }
        return json(PublishResponse.encodeRetried(page), 201)
      }),
    RetryDeadLetter: byId((all, id, call) =>
      Effect.gen(function* () {
        const published = yield* all.retry(id, { retries: yield* retriesOf(call) })
        return json(PublishResponse.encode(published), 201)
      })
    )
  }
}

/**
 * What is changed for another try. QStash lets any setting be changed, here it is the number of retries alone; others
 * are refused, so that nobody takes them for done.
 */
const retriesOf = ({ request }: Call): Effect.Effect<number | undefined, QStashInvalidRequest> =>
  Effect.gen(function* () {
    for (const name of Object.keys(request.headers)) {
      if (/^upstash-(?!retries$|telemetry-)/.test(name)) {
        return yield* new QStashInvalidRequest({
          field: cut(name),
          reason: "a retry can change nothing but Upstash-Retries on this server"
        })
      }
    }
    const text = request.headers["upstash-retries"]?.join(", ").trim() ?? ""
    if (text === "") return undefined
    const retries = Number(text)
    return /^\d+$/.test(text) && Number.isSafeInteger(retries)
      ? retries
      : yield* new QStashInvalidRequest({
          field: "Upstash-Retries",
          reason: `expected a whole number of at least 0, got ${quote(text)}`
        })
  })
