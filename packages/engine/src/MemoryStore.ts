/**
 * @since 0.1.0
 */
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { dlqVerbs } from "./internal/memory/dlq.ts"
import { flowVerbs, makeFlows } from "./internal/memory/flowControl.ts"
import { leaseVerbs } from "./internal/memory/leases.ts"
import { Memory } from "./internal/memory/Memory.ts"
import { makeMessages, messageVerbs } from "./internal/memory/messages.ts"
import { queueVerbs } from "./internal/memory/queues.ts"
import { scheduleVerbs } from "./internal/memory/schedules.ts"
import { makeSlots } from "./internal/memory/slots.ts"
import { urlGroupVerbs } from "./internal/memory/urlGroups.ts"
import { matchesEvent } from "./Matches.ts"
import { Store } from "./Store.ts"

/**
 * Keeps everything in memory until the process ends. Each verb is one synchronous block, so no other fiber sees half
 * of it, and none fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Store.Service<never>> = Effect.map(IdGenerator, (ids) => {
  const memory = new Memory(ids)
  const flows = makeFlows(memory)
  const slots = makeSlots(memory, flows)
  const messages = makeMessages(memory, flows, slots)

  return {
    ...scheduleVerbs(memory, messages),
    ...messageVerbs(memory, flows, messages),
    ...leaseVerbs(memory, slots, messages),
    ...dlqVerbs(memory, messages),
    ...queueVerbs(memory, messages.queues, messages.requestCancel),
    ...urlGroupVerbs(memory),
    ...flowVerbs(memory, flows),

    pageLogs: ({ criteria, tenantId, ...page }) =>
      Effect.sync(
        () =>
          memory.tenants.get(tenantId)?.log.page(page, (event) => matchesEvent(criteria, event)) ?? {
            items: [],
            last: undefined
          }
      ),

    getSigningKeys: (tenantId) =>
      Effect.sync(() => Option.fromNullable(memory.tenants.get(tenantId)?.signingKeys)),

    rotateSigningKeys: ({ initial, next, tenantId }) =>
      Effect.sync(() => {
        const tenant = memory.tenantOf(tenantId)
        const keys = { current: (tenant.signingKeys ?? initial).next, next }
        tenant.signingKeys = keys
        return keys
      }),

    prune: (request) =>
      Effect.sync(() => {
        for (const { deadLetters, log } of memory.tenants.values()) {
          log.keep(request.logs, ({ time }) => time)
          deadLetters.keep(request.deadLetters)
        }
      })
  }
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Store> = Layer.effect(Store, make)
