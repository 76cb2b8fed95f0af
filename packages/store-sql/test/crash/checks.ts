import type { Store } from "@effect-qstash/engine/Store"
import type * as SqlClient from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { inconsistencies } from "../inconsistencies.ts"
import { SqlClient as Client } from "@effect/sql/SqlClient"
import { tenants } from "./callers.ts"
import type { Settings } from "./settings.ts"
import { getOr, grace, type World } from "./World.ts"

interface Row {
  readonly id: string
  readonly schedule: string | null
  readonly endpoint: string | null
  readonly callback_of: string | null
  readonly created_at: number | string
  readonly is_dead: number | string
}

export interface Summary {
  readonly accepted: number
  readonly delivered: number
  readonly duplicated: number
  readonly lost: number
  readonly firings: number
  readonly dead: number
  readonly canceled: number
  /** How long a message waited at most for another server, from its lease on; in milliseconds of real time. */
  readonly takeover: number
  readonly faults: ReadonlyArray<string>
}

/** How late a firing may be, in milliseconds of the servers' time, if a crash or an outage is the reason. */
const latestFiring = 30 * 60_000

/** Compares what callers and destinations saw with what the database says after everything has ended. */
export const check = (
  world: World,
  store: Store.Service,
  settings: Pick<Settings, "from" | "speed">
): Effect.Effect<Summary, unknown, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* Client
    const faults = [...world.faults, ...(yield* inconsistencies)]
    const rows = yield* sql<Row>`select b.id, b.schedule, b.endpoint, b.callback_of, b.created_at,
      (select count(*) from qstash_letters d where d.message = b.seq) as is_dead from qstash_bodies b order by b.seq`
    const dead = new Set(rows.flatMap(({ id, is_dead }) => (Number(is_dead) > 0 ? [id] : [])))
    const known = new Set(rows.map(({ id }) => id))

    const successes = (id: string) =>
      (world.attempts.get(id) ?? []).filter(({ isSuccess }) => isSuccess).length
    const fired = rows.filter(({ schedule }) => schedule !== null).map(({ id }) => id)
    const expected = [...world.accepted.keys(), ...fired].filter((id) => !world.canceled.has(id))
    const lost = expected.filter((id) => successes(id) === 0 && !dead.has(id))
    if (lost.length > 0) faults.push(`lost: ${shown(lost)}`)

    const unknown = Array.from(world.attempts.keys()).filter((id) => !known.has(id))
    if (unknown.length > 0) faults.push(`delivered, but not in the database: ${shown(unknown)}`)
    for (const [publish, ids] of world.messagesOf) {
      if (ids.size > 1) faults.push(`${publish} became ${ids.size} messages: ${shown([...ids])}`)
    }
    for (const [id, at] of world.canceled) {
      if ((world.attempts.get(id) ?? []).some(({ begin }) => begin > at))
        faults.push(`${id} was delivered after its cancel`)
    }
    const deadCallbacks = new Set(
      rows.flatMap(({ callback_of, id }) => (callback_of !== null && dead.has(id) ? [callback_of] : []))
    )
    const withoutCallback = Array.from(world.accepted.values()).filter(
      ({ callback, messageId }) =>
        callback !== undefined &&
        (callback === "success" || dead.has(messageId)) &&
        !world.callbacks.has(messageId) &&
        !deadCallbacks.has(messageId)
    )
    if (withoutCallback.length > 0) {
      faults.push(`without their callback: ${shown(withoutCallback.map(({ messageId }) => messageId))}`)
    }
    faults.push(...queueFaults(world), ...firingFaults(rows), ...pauseFaults(world, rows, settings))

    for (const { name } of tenants) {
      if ((yield* store.countLeased(name)) > 0) faults.push(`${name} still has leased messages`)
      const waiting = yield* store.listMessages(name)
      if (waiting.length > 0)
        faults.push(`${name} still has messages: ${shown(waiting.map(({ messageId }) => messageId))}`)
      for (const { flowControlKey, underWay } of yield* store.listFlowControl(name)) {
        if (underWay > 0) faults.push(`${flowControlKey} still has ${underWay} slots taken`)
      }
    }
    // Those of queues and flow-control keys may have to wait for others.
    const events = yield* sql<Event>`select e.message, e.state, e.at
      from qstash_events e join qstash_bodies b on b.seq = e.message
      where b.url like '%/plain/%' or b.url like '%/schedule/%' order by e.message, e.n`
    const firings = new Set(
      rows.flatMap(({ created_at, schedule }) =>
        schedule === null ? [] : [`${schedule} ${minuteOf(created_at)}`]
      )
    )
    return {
      accepted: world.accepted.size,
      delivered: expected.filter((id) => successes(id) > 0).length,
      duplicated: expected.filter((id) => successes(id) > 1).length,
      lost: lost.length,
      firings: firings.size,
      dead: dead.size,
      canceled: world.canceled.size,
      takeover: Math.round(longestTakeover(events, settings.speed)),
      faults
    }
  })

const shown = (ids: ReadonlyArray<string>): string =>
  `${ids.length}, the first ones ${ids.slice(0, 3).join(", ")}`

const minuteOf = (at: number | string): number => Math.floor(Number(at) / 60_000)

/** A message of a queue starts after the first success of the one before it, or after its last attempt. */
const queueFaults = (world: World): ReadonlyArray<string> =>
  Array.from(world.queues).flatMap(([queue, ids]) => {
    let done = -Infinity
    return ids.flatMap((id, index) => {
      const attempts = world.attempts.get(id) ?? []
      const begin = Math.min(...attempts.map((attempt) => attempt.begin))
      const before = done
      const success = attempts.find(({ isSuccess }) => isSuccess)
      const end = success === undefined ? Math.max(...attempts.map((attempt) => attempt.end)) : success.end
      if (attempts.length > 0) done = end
      return begin < before
        ? [`${queue}: message ${index} began ${before - begin} ms before the one before it was done`]
        : []
    })
  })

/**
 * The servers fire at or after the minute, and then move the schedule to the next minute. So a schedule has at most one
 * firing in each minute, and the next one comes in the next minute or, after an outage, late.
 */
const firingFaults = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const bySchedule = new Map<string, Map<number, Array<Row>>>()
  for (const row of rows) {
    if (row.schedule === null) continue
    const minutes = getOr(bySchedule, row.schedule, () => new Map())
    getOr(minutes, minuteOf(row.created_at), () => []).push(row)
  }
  return Array.from(bySchedule).flatMap(([schedule, minutes]) => {
    const isPair = schedule.endsWith("-pair")
    const faults = Array.from(minutes).flatMap(([minute, messages]) => {
      const endpoints = new Set(messages.map(({ endpoint }) => endpoint))
      return messages.length === (isPair ? 2 : 1) && endpoints.size === messages.length
        ? []
        : [`${schedule} made ${messages.length} messages in minute ${minute}`]
    })
    const order = Array.from(minutes.keys()).toSorted((one, other) => one - other)
    const gaps = order.flatMap((minute, index) => {
      const late = (minute - (order[index - 1] ?? minute) - 1) * 60_000
      return late > latestFiring ? [`${schedule} did not fire for ${late} ms`] : []
    })
    return [...faults, ...gaps]
  })
}

/** Whatever server was told: a moment later nothing starts in a paused queue, and a paused schedule does not fire. */
const pauseFaults = (
  { pauses, starts }: World,
  rows: ReadonlyArray<Row>,
  { from: epoch, speed }: Pick<Settings, "from" | "speed">
): ReadonlyArray<string> => {
  const millisOf = ({ created_at }: Row) =>
    (Number(created_at) - epoch) / speed + epoch - performance.timeOrigin
  return pauses.flatMap(({ from, of, to }) => {
    const times = [
      ...starts.flatMap((start) => (start.of === of ? [start.at] : [])),
      ...rows.flatMap((row) => (row.schedule === of ? [millisOf(row)] : []))
    ]
    // The servers' clocks are apart by less than this.
    const late = times.filter((at) => at > from + grace && at < to - 200)
    return late.length === 0 ? [] : [`${of} was paused, and ${late.length} messages started`]
  })
}

interface Event {
  readonly message: number | string
  readonly state: string
  readonly at: number | string
}

/** The longest time from a lease that nobody ended to the next one of its message. */
const longestTakeover = (events: ReadonlyArray<Event>, speed: number): number =>
  Math.max(
    0,
    ...events.flatMap(({ at, message, state }, index) => {
      const next = events[index + 1]
      const isTaken = next?.message === message && state === "ACTIVE" && next.state === "ACTIVE"
      return isTaken ? [(Number(next.at) - Number(at)) / speed] : []
    })
  )
