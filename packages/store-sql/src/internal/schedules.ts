import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { StoredSchedule } from "@effect-qstash/engine/Rows"
import { StoredScheduleSettings } from "@effect-qstash/engine/StoredSettings"
import * as Schema from "effect/Schema"
import { type Int, intOf, optionalInt } from "./Database.ts"
import { bytesOf } from "./rows.ts"

const settingsJson = Schema.parseJson(StoredScheduleSettings)
const encode = Schema.encodeSync(settingsJson)
const decode = Schema.decodeSync(settingsJson)

export const scheduleSettingsText = ({ body: _body, ...settings }: CreateSchedule): string => encode(settings)

export interface ScheduleRow {
  readonly id: Int
  readonly tenant: Int
  readonly tenant_name: string
  readonly name: string
  readonly settings: string
  readonly body: Uint8Array | null
  readonly caller_ip: string | null
  readonly created_at: Int
  readonly is_paused: number
  readonly last_at: Int | null
  readonly next_at: Int | null
  readonly error: string | null
}

export const scheduleColumns = `s.id, s.tenant, t.name as tenant_name, s.name, s.settings, s.body, s.caller_ip, s.created_at,
  s.is_paused, s.last_at, s.next_at, s.error`
export const scheduleTables = "qstash_schedules s join qstash_tenants t on t.id = s.tenant"

const settingsOf = ({ body, settings }: Pick<ScheduleRow, "body" | "settings">): CreateSchedule => {
  const decoded = decode(settings)
  return body === null ? decoded : { ...decoded, body: bytesOf(body) }
}

export const scheduleOf = (row: ScheduleRow, lastStates: StoredSchedule["lastStates"]): StoredSchedule => ({
  tenantId: row.tenant_name,
  scheduleId: ScheduleId.make(row.name, { disableValidation: true }),
  settings: settingsOf(row),
  callerIp: row.caller_ip ?? undefined,
  createdAt: intOf(row.created_at),
  isPaused: row.is_paused === 1,
  lastTime: optionalInt(row.last_at),
  nextTime: optionalInt(row.next_at),
  lastStates,
  error: row.error ?? undefined
})

interface StateRow extends ScheduleRow {
  readonly message: string | null
  readonly state: string | null
}

/** Each schedule comes once for each message of its last firing. */
export const withStates = (rows: ReadonlyArray<StateRow>): ReadonlyArray<StoredSchedule> => {
  const byId = new Map<
    number,
    { readonly row: ScheduleRow; readonly states: Array<readonly [string, string]> }
  >()
  for (const row of rows) {
    const id = intOf(row.id)
    const known = byId.get(id) ?? { row, states: [] }
    byId.set(id, known)
    if (row.message !== null && row.state !== null) known.states.push([row.message, row.state])
  }
  return Array.from(byId.values(), ({ row, states }) => scheduleOf(row, Object.fromEntries(states)))
}
