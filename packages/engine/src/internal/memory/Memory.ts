import type { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { mintMessageId } from "../../Store.ts"
import { DueQueue } from "../DueQueue.ts"
import { AppendLog } from "./AppendLog.ts"
import { DeadLetters } from "./DeadLetters.ts"
import { Lanes } from "./Lanes.ts"
import type { FlowRow, MessageRow, ScheduleRow, Slots, Tenant } from "./rows.ts"

/** What the verbs of a Store in memory share. */
export class Memory {
  readonly tenants = new Map<string, Tenant>()
  /** The schedules by their next time. */
  readonly schedules = new DueQueue<ScheduleRow>()
  /** The messages by when they are due, the leased ones by when their lease ends. */
  readonly messages = new DueQueue<MessageRow>()
  /** The flow-control keys that hold messages up, by when their window ends. */
  readonly windows = new DueQueue<FlowRow>()
  readonly lanes = new Lanes<MessageRow>()
  /** By token. */
  leased = new Map<number, MessageRow>()
  slots: Slots = { perTenant: Infinity, perDestination: Infinity }
  private readonly ids: IdGenerator.Service
  /** The number of the newest dead letter. */
  lastDlqNumber = 0
  private sequence = 0

  constructor(ids: IdGenerator.Service) {
    this.ids = ids
  }

  nextSequence(): number {
    return this.sequence++
  }

  mintMessageId(): MessageId {
    return mintMessageId(this.ids)
  }

  tenantOf(tenantId: string): Tenant {
    const known = this.tenants.get(tenantId)
    if (known !== undefined) return known
    const tenant: Tenant = {
      tenantId,
      schedules: new Map(),
      messages: new Map(),
      pendingBytes: 0,
      queues: new Map(),
      groups: new Map(),
      flowControl: new Map(),
      idleKeys: new DueQueue(),
      deadLetters: new DeadLetters(),
      log: new AppendLog(),
      deduplication: new Map(),
      lastDlq: { time: -1, count: 0 },
      leased: 0,
      gate: {
        isOpen: () => tenant.leased < this.slots.perTenant,
        held: undefined,
        reserved: undefined
      },
      destinations: new Map(),
      signingKeys: undefined
    }
    this.tenants.set(tenantId, tenant)
    return tenant
  }
}

/** A row, as the Store shows it. */
export const found = <Row, Shown>(
  find: () => Row | undefined,
  show: (row: Row) => Shown
): Effect.Effect<Option.Option<Shown>> => Effect.sync(() => Option.map(Option.fromNullable(find()), show))
