import type { FlowControl } from "@effect-qstash/domain/FlowControl"
import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import { originOf, type Target } from "@effect-qstash/engine/Endpoints"
import type { DeliveryResponse, StoredMessage } from "@effect-qstash/engine/Rows"
import { mintMessageId } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "./Database.ts"
import { type BodyRow, bodyColumns, dlqIdOf } from "./rows.ts"

/** A tenant while a transaction has it for itself. */
export interface Tenant {
  readonly id: number
  readonly name: string
  messages: number
  bytes: number
  letterAt: number
  letterCount: number
  /** What is added to its totals. */
  readonly added: { logEntries: number; logBytes: number; letters: number; letterBytes: number }
}

/** A pending message. */
export interface MessageRow {
  readonly tenant: Tenant
  readonly message: StoredMessage
  readonly seq: number
  readonly lane: number
  readonly queue: number | undefined
  /** The message whose place in a queue this callback keeps. */
  readonly source: number | undefined
  readonly token: number | undefined
  readonly isCanceled: boolean
  readonly wakeAt: number | undefined
}

export interface NewMessage extends Partial<Pick<StoredMessage, "callbackOf" | "hops">>, Target {
  readonly settings: MessageSettings
  readonly scheduleId?: ScheduleId | undefined
  readonly callerIp: string | undefined
  readonly notBefore: number
  /** The message whose place in a queue this callback keeps. */
  readonly source?: number | undefined
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

export interface Made {
  readonly tenant: Tenant
  readonly message: Mutable<StoredMessage>
  readonly source: number | undefined
  readonly origin: string
}

export interface NewLetter {
  readonly tenant: Tenant
  readonly dlqId: DlqId
  readonly message: StoredMessage
  readonly failedAt: number
  readonly response: DeliveryResponse | undefined
}

/** What the row of a pending message says by itself. */
export interface LeasedRow {
  readonly seq: Int
  readonly tenant: Int
  readonly lane: Int
  readonly queue: Int | null
  readonly source: Int | null
  readonly token: Int | null
  readonly is_canceled: number
  readonly wake_at: Int | null
}

export interface PendingRow extends LeasedRow, BodyRow {}

/** The columns of a LeasedRow. */
export const leasedColumns = "m.seq, m.tenant, m.lane, m.queue, m.source, m.token, m.is_canceled, m.wake_at"
/** The columns of a PendingRow, from `pendingTables`. */
export const pendingColumns = `m.tenant, m.lane, m.queue, m.source, m.token, m.is_canceled, m.wake_at, ${bodyColumns}`
export const pendingTables =
  "qstash_messages m join qstash_bodies b on b.seq = m.seq join qstash_tenants t on t.id = m.tenant"

/**
 * What one transaction changes. A verb reads rows, decides, and says what happens to them; `flush` writes all of it with
 * one statement for each table, however many rows it is about.
 */
export class Work {
  readonly tenants = new Map<number, Tenant>()
  /** What goes to the log. */
  readonly events: Array<DeliveryEvent> = []
  readonly made: Array<Made> = []
  readonly letters: Array<NewLetter> = []
  readonly finished: Array<MessageRow> = []
  /** How many more, or fewer, keep a place in a queue. */
  readonly places = new Map<number, number>()
  /** How many more, or fewer, messages a queue has. */
  readonly lags = new Map<number, number>()
  /** Queues in which a message may have come to its turn. */
  readonly queues = new Set<number>()
  /** Lanes whose first message may have changed. */
  readonly lanes = new Set<number>()
  /** What a schedule says about a message of its last firing. */
  readonly firingStates = new Map<string, string>()
  /** The limits that messages bring for their keys, in order. */
  readonly limits: Array<{ readonly tenant: Tenant; readonly limits: FlowControl; readonly now: number }> = []
  readonly db: Database
  /** When it happens. Several requests that share a transaction each have their own time. */
  now: number
  private readonly ids: IdGenerator.Service

  constructor(db: Database, ids: IdGenerator.Service, now: number) {
    this.db = db
    this.ids = ids
    this.now = now
  }

  /** Takes tenants for this transaction alone. */
  lock(ids: Iterable<number>): Effect.Effect<void, SqlError> {
    const { lockTenants, sql } = this.db
    const missing = new Set(Array.from(ids).filter((id) => !this.tenants.has(id)))
    if (missing.size === 0) return Effect.void
    return Effect.map(
      sql<
        Record<"id" | "messages" | "bytes" | "letter_at" | "letter_count", Int> & { readonly name: string }
      >`${lockTenants("id, name, messages, bytes, letter_at, letter_count", missing)}`,
      (rows) => {
        for (const row of rows) {
          const id = intOf(row.id)
          this.tenants.set(id, {
            id,
            name: row.name,
            messages: intOf(row.messages),
            bytes: intOf(row.bytes),
            letterAt: intOf(row.letter_at),
            letterCount: intOf(row.letter_count),
            added: { logEntries: 0, logBytes: 0, letters: 0, letterBytes: 0 }
          })
        }
      }
    )
  }

  /** A tenant that is locked. */
  tenant(id: number): Tenant {
    const tenant = this.tenants.get(id)
    if (tenant === undefined) throw new Error(`Tenant ${id} is not locked`)
    return tenant
  }

  rowOf(row: LeasedRow, message: StoredMessage): MessageRow {
    return {
      tenant: this.tenant(intOf(row.tenant)),
      message,
      seq: intOf(row.seq),
      lane: intOf(row.lane),
      queue: row.queue === null ? undefined : intOf(row.queue),
      source: row.source === null ? undefined : intOf(row.source),
      token: row.token === null ? undefined : intOf(row.token),
      isCanceled: row.is_canceled === 1,
      wakeAt: row.wake_at === null ? undefined : intOf(row.wake_at)
    }
  }

  note(
    message: StoredMessage,
    state: DeliveryEvent["state"],
    details?: Pick<DeliveryEvent, "nextDeliveryTime" | "error">,
    response?: DeliveryResponse
  ): void {
    this.events.push({
      time: this.now,
      state,
      message,
      ...(response === undefined
        ? undefined
        : { responseStatus: response.status, responseHeaders: response.headers }),
      ...(response?.body === undefined ? undefined : { responseBody: response.body }),
      ...details
    })
  }

  /** A new message. Its sequence is set when the work is done. */
  make(tenant: Tenant, { source, ...message }: NewMessage): StoredMessage {
    const { settings, url } = message
    const made: Mutable<StoredMessage> = {
      tenantId: tenant.name,
      messageId: mintMessageId(this.ids),
      sequence: 0,
      settings,
      url,
      urlGroup: message.urlGroup,
      endpointName: message.endpointName,
      scheduleId: message.scheduleId,
      callbackOf: message.callbackOf,
      callerIp: message.callerIp,
      createdAt: this.now,
      notBefore: message.notBefore,
      dueAt: message.notBefore,
      retried: 0,
      hops: message.hops ?? 0
    }
    this.made.push({ tenant, message: made, source, origin: originOf(url) })
    tenant.messages += 1
    tenant.bytes += settings.body?.length ?? 0
    this.note(
      made,
      "CREATED",
      message.notBefore > this.now ? { nextDeliveryTime: message.notBefore } : undefined
    )
    if (source !== undefined) add(this.places, source, 1)
    if (settings.flowControl !== undefined) {
      this.limits.push({ tenant, limits: settings.flowControl, now: this.now })
    }
    return made
  }

  /** A message is delivered, given up or cancelled. */
  finish(row: MessageRow): void {
    this.finished.push(row)
    row.tenant.messages -= 1
    row.tenant.bytes -= row.message.settings.body?.length ?? 0
    this.lanes.add(row.lane)
    if (row.queue !== undefined) {
      add(this.lags, row.queue, -1)
      add(this.places, row.seq, -1)
    }
    if (row.source !== undefined) add(this.places, row.source, -1)
  }

  cancelNow(row: MessageRow): void {
    this.note(row.message, "CANCELED")
    this.firingStates.set(row.message.messageId, "FAIL")
    this.finish(row)
  }

  /** Adds a dead letter, and returns its id. */
  bury({ message, tenant }: MessageRow, response: DeliveryResponse | undefined): DlqId {
    // A clock may go back, but an id must not repeat.
    const time = Math.max(this.now, tenant.letterAt)
    tenant.letterCount = tenant.letterAt === time ? tenant.letterCount + 1 : 0
    tenant.letterAt = time
    const dlqId = dlqIdOf(`${time}-${tenant.letterCount}`)
    this.letters.push({ tenant, dlqId, message, failedAt: this.now, response })
    return dlqId
  }
}

export const add = <K>(counts: Map<K, number>, key: K, count: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + count)
}
