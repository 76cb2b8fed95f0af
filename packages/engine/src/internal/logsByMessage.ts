import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { DeliveryEvent } from "../DeliveryEvent.ts"
import { eventBytes } from "../Sizes.ts"
import type { PageRequest } from "../Rows.ts"
import type { Store } from "../Store.ts"

/** Entries of the log, one list for each message, and where the next page begins. */
interface Groups {
  readonly groups: ReadonlyArray<ReadonlyArray<DeliveryEvent>>
  /** How far the first page saw, and the number of the last entry on or before this one. */
  readonly next: readonly [upTo: number | undefined, number: number] | undefined
}

/** How many entries are read at a time. They are references here: their bodies are not copied. */
const chunk = { count: 1000, maxBytes: Infinity }

/**
 * A page of the log by message. A message belongs to the page on which its first matching entry is, and has all of its
 * matching entries there, also those that come after entries of the next page. The page ends before the message that
 * would make it larger than `maxBytes`; of a message that is larger by itself it has only the first entries. Bodies
 * count as cut to `trimBody` bytes.
 *
 * Latest first, a message would move to an earlier page with each new entry, and its reader would miss it. So the first
 * page notes the newest number, and all pages leave out what came after it.
 */
export const logsByMessage = <E>(
  store: Pick<Store.Service<E>, "pageLogs">,
  {
    after,
    count,
    criteria,
    maxBytes,
    order,
    tenantId,
    trimBody = Infinity,
    upTo: given
  }: PageRequest & { readonly trimBody?: number | undefined; readonly upTo?: number | undefined }
): Effect.Effect<Groups, E> =>
  Effect.gen(function* () {
    let upTo = order === "latestFirst" ? given : undefined
    if (after === undefined && order === "latestFirst") {
      const { items, last } = yield* store.pageLogs({ ...chunk, tenantId, criteria, after, order, count: 1 })
      // There is no other entry.
      if (last === undefined) return { groups: items.map((event) => [event]), next: undefined }
      upTo = last
    }
    const range = { ...chunk, tenantId, upTo }

    const walk = (
      from: Pick<PageRequest, "after" | "criteria" | "order">,
      visit: (event: DeliveryEvent) => void
    ) =>
      Effect.gen(function* () {
        let at = from.after
        do {
          const { items, last } = yield* store.pageLogs({ ...from, ...range, after: at })
          items.forEach(visit)
          at = last
        } while (at !== undefined)
      })

    const onEarlierPages = new Set<string>()
    if (after !== undefined) {
      const [back, step] =
        order === "earliestFirst" ? (["latestFirst", 1] as const) : (["earliestFirst", -1] as const)
      // A step ahead, because the entry at the cursor is on an earlier page too.
      yield* walk({ criteria, after: after + step, order: back }, ({ message }) =>
        onEarlierPages.add(message.messageId)
      )
    }

    /** The first messages of the page, and the place of the entry before the message that follows them. */
    const select = (most: number) =>
      Effect.gen(function* () {
        const ids = new Set<string>()
        let at = after
        for (;;) {
          const page = yield* store.pageLogs({ ...range, criteria, after: at, order })
          for (const [index, event] of page.items.entries()) {
            const { messageId } = event.message
            if (ids.size === most && !onEarlierPages.has(messageId) && !ids.has(messageId)) {
              const before = { ...range, criteria, after: at, order, count: index }
              const number = index === 0 ? at : (yield* store.pageLogs(before)).last
              return {
                ids: Array.from(ids),
                next: number === undefined ? undefined : ([upTo, number] as const)
              }
            }
            if (!onEarlierPages.has(messageId)) ids.add(messageId)
          }
          if (page.last === undefined) return { ids: Array.from(ids), next: undefined }
          at = page.last
        }
      })

    const { ids, next } = yield* select(count)
    if (!Arr.isNonEmptyArray(ids)) return { groups: [], next }
    const groups = new Map(ids.map((id) => [id, { events: Arr.empty<DeliveryEvent>(), bytes: 0 }]))
    const excess = (body: Uint8Array | undefined) => Math.max(0, (body?.length ?? 0) - trimBody)
    yield* walk({ criteria: { ...criteria, messageId: ids }, after: undefined, order }, (event) => {
      const group = groups.get(event.message.messageId)
      if (group === undefined) return
      group.bytes += eventBytes(event) - excess(event.message.settings.body) - excess(event.responseBody)
      if (group.events.length === 0 || group.bytes <= maxBytes) group.events.push(event)
    })

    const found = Array.from(groups.values())
    let bytes = 0
    const fitting = found.findIndex((group, index) => (bytes += group.bytes) > maxBytes && index > 0)
    const kept = fitting < 0 ? found : found.slice(0, fitting)
    return {
      groups: kept.map(({ events }) => events),
      next: fitting < 0 ? next : (yield* select(fitting)).next
    }
  })
