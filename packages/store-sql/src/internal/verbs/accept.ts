import { targetsOf } from "@effect-qstash/engine/Endpoints"
import { exceededLimit } from "@effect-qstash/engine/ExceededLimit"
import type { AcceptedMessage } from "@effect-qstash/engine/Rows"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { makeBatches } from "../Batches.ts"
import { forgetIdleFlows } from "../flows.ts"
import { type Holdings, holdingsOf } from "../holdings.ts"
import type { Verbs } from "../Verbs.ts"
import type { Tenant, Work } from "../Work.ts"

type Request = Parameters<Store.Service["accept"]>[0]
type Answer = Effect.Effect.Success<ReturnType<Store.Service["accept"]>>

/** Requests that arrive together share a transaction. */
export const accept = ({ db, isolate, tenantIdOf }: Verbs): Store.Service<SqlError>["accept"] => {
  const acceptAll = (requests: ReadonlyArray<Request>) =>
    Effect.gen(function* () {
      const ids = yield* Effect.forEach(requests, ({ tenantId }) => tenantIdOf(tenantId))
      return yield* isolate(0, (work) =>
        Effect.gen(function* () {
          yield* work.lock(ids)
          const asked = requests.map((request, index) => ({ request, tenant: work.tenant(ids[index] ?? 0) }))
          const holdings = yield* holdingsOf(db, asked)
          const answers = asked.map(({ request, tenant }) => acceptOne(work, tenant, request, holdings))
          yield* holdings.remember
          return answers
        })
      )
    })

  /** If it goes beyond the limit of keys, it forgets idle ones and tries once more. */
  const forgetAndAccept = (request: Request) =>
    Effect.gen(function* () {
      const id = yield* tenantIdOf(request.tenantId)
      return yield* isolate(request.now, (work) =>
        Effect.gen(function* () {
          yield* work.lock([id])
          yield* forgetIdleFlows(db, id, request.now)
          const tenant = work.tenant(id)
          const holdings = yield* holdingsOf(db, [{ request, tenant }])
          const answer = acceptOne(work, tenant, request, holdings)
          yield* holdings.remember
          return answer
        })
      )
    })

  const acceptTogether = makeBatches(acceptAll)
  return (request) =>
    Effect.flatMap(acceptTogether(request), (answer) =>
      answer._tag === "OverLimit" && answer.limit === "maxFlowControlKeys"
        ? forgetAndAccept(request)
        : Effect.succeed(answer)
    )
}

/** Accepts all drafts of a request or none. Nothing is written yet. */
const acceptOne = (work: Work, tenant: Tenant, request: Request, holdings: Holdings): Answer => {
  const { callerIp, drafts, limits, now, window } = request
  for (const { destination } of drafts) {
    if (typeof destination !== "string" && holdings.endpointsOf(tenant, destination) === undefined) {
      return { _tag: "UrlGroupNotFound", urlGroup: destination.urlGroup }
    }
  }
  const hops = holdings.hopsOf(request)
  const limit = exceededLimit(holdings.of(tenant, now), drafts, hops, limits)
  if (limit !== undefined) return { _tag: "OverLimit", limit }
  work.now = now
  const first = work.events.length
  const messages = drafts.map((draft): ReadonlyArray<AcceptedMessage> => {
    const { deduplicationKey: key, destination, notBefore, settings } = draft
    const known = key === undefined ? undefined : holdings.recognise(tenant, key, now)
    if (known !== undefined) return known.map((one) => ({ ...one, isDeduplicated: true }))
    const endpoints = typeof destination === "string" ? undefined : holdings.endpointsOf(tenant, destination)
    const made = (targetsOf(destination, endpoints) ?? []).map((target) => {
      const { messageId, url } = work.make(tenant, { settings, ...target, callerIp, notBefore, hops })
      return { messageId, url, isDeduplicated: false }
    })
    if (key !== undefined) holdings.add(tenant, key, made, now + window)
    return made
  })
  for (const { settings } of drafts) holdings.addNames(tenant, settings)
  return { _tag: "Accepted", messages, events: work.events.slice(first) }
}
