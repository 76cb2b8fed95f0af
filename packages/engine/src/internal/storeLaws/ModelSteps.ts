import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { DeliveryEvent } from "../../DeliveryEvent.ts"
import type {
  AcceptLimits,
  FlowControlChange,
  MessageDraft,
  StoredMessage,
  StoredSchedule
} from "../../Rows.ts"
import { nextTime } from "../../ScheduleRules.ts"
import type { Store } from "../../Store.ts"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import { callerIp, minute, second } from "./given.ts"
import { bytesOf, type Known, standing, ModelRows } from "./ModelRows.ts"

/** What verbs do to the model. */
export class ModelSteps extends ModelRows {
  // The verbs.

  /** What a verb says that it wrote has to be what it was to write. */
  protected tell(events: ReadonlyArray<DeliveryEvent>): void {
    deepStrictEqual(events, this.events)
    this.log.push(...events)
    this.events = []
  }

  /** The numbers of new messages are the Store's to choose, so long as they rise. */
  protected learn(events: ReadonlyArray<DeliveryEvent>): void {
    for (const { message, state } of events) {
      if (state !== "CREATED") continue
      assertTrue(message.sequence > this.lastSequence)
      this.lastSequence = message.sequence
      this.sequences.set(message.messageId, message.sequence)
    }
  }

  protected fire(
    schedule: StoredSchedule,
    limits: Pick<AcceptLimits, "maxMessages" | "maxPendingBytes">
  ): void {
    const { now } = this
    const { callerIp: its, scheduleId, settings: fired, tenantId } = schedule
    const moved = { nextTime: nextTime(fired.cron, now) }
    if (schedule.isPaused) return this.update(schedule, moved)
    const targets = this.endpointsOf(tenantId, fired.destination)
    const count = targets?.length ?? 0
    const exceeded = this.exceededPending(tenantId, count, count * bytesOf(fired), limits)
    if (exceeded !== undefined) {
      const error = `quota ${exceeded} exceeded, current limit: ${limits[exceeded]}`
      return this.update(schedule, { ...moved, lastTime: now, lastStates: {}, error })
    }
    const made = (targets ?? []).map((target) =>
      this.make(tenantId, {
        settings: fired,
        ...target,
        scheduleId,
        callerIp: its,
        notBefore: now + Duration.toMillis(fired.delay ?? 0)
      })
    )
    this.update(schedule, {
      ...moved,
      lastTime: now,
      lastStates: Object.fromEntries(made.map(({ messageId }) => [messageId, "IN_PROGRESS"])),
      error: targets === undefined ? "topic group not found" : undefined
    })
  }

  protected accept(
    tenantId: string,
    drafts: ReadonlyArray<MessageDraft>,
    limits: AcceptLimits,
    hops: number,
    accepted: Effect.Effect.Success<ReturnType<Store["Type"]["accept"]>>
  ): void {
    for (const { destination } of drafts) {
      if (this.endpointsOf(tenantId, destination) !== undefined || typeof destination === "string") continue
      return deepStrictEqual(accepted, { _tag: "UrlGroupNotFound", urlGroup: destination.urlGroup })
    }
    const exceeded = this.exceeded(tenantId, drafts, limits, hops)
    if (exceeded !== undefined) return deepStrictEqual(accepted, { _tag: "OverLimit", limit: exceeded })
    if (accepted._tag !== "Accepted") return strictEqual(accepted._tag, "Accepted")
    this.learn(accepted.events)
    const messages = drafts.map(({ deduplicationKey: key, destination, notBefore, settings: its }) => {
      const known = this.recognised(tenantId, key)
      if (known !== undefined) return known.messages
      const made = (this.endpointsOf(tenantId, destination) ?? []).map((target) => {
        const draft = { settings: its, ...target, callerIp, notBefore, hops }
        const { messageId, url } = this.make(tenantId, draft)
        return { messageId, url, isDeduplicated: false }
      })
      if (key !== undefined) {
        const again = made.map((one) => ({ ...one, isDeduplicated: true }))
        this.known.push({ tenantId, key, until: this.now + minute, messages: again })
      }
      return made
    })
    deepStrictEqual(accepted.messages, messages)
    this.tell(accepted.events)
  }

  protected recognised(tenantId: string, key: string | undefined): Known | undefined {
    return this.known.find(
      (known) => known.tenantId === tenantId && known.key === key && known.until > this.now
    )
  }

  /** The first limit that drafts would exceed. */
  protected exceeded(
    tenantId: string,
    drafts: ReadonlyArray<MessageDraft>,
    limits: AcceptLimits,
    hops: number
  ): keyof AcceptLimits | undefined {
    const newQueues = new Set(
      drafts.flatMap(({ settings: { queueName } }) =>
        queueName === undefined || this.findQueue(tenantId, queueName) !== undefined ? [] : [queueName]
      )
    )
    const keys = drafts.flatMap(({ settings: { flowControl: its } }) => (its === undefined ? [] : [its.key]))
    const copies = drafts
      .filter(
        ({ deduplicationKey: key }, place) =>
          key === undefined ||
          (this.recognised(tenantId, key) === undefined &&
            drafts.findIndex(({ deduplicationKey }) => deduplicationKey === key) === place)
      )
      .flatMap(({ destination, settings: its }) =>
        (this.endpointsOf(tenantId, destination) ?? []).map(() => bytesOf(its))
      )
    const count = copies.length
    const bytes = copies.reduce((sum, size) => sum + size, 0)
    const pending = this.exceededPending(tenantId, count, bytes, limits)
    const isExceeded = {
      maxHops: () => hops > limits.maxHops,
      maxQueues: () => newQueues.size > 0 && this.countQueues(tenantId) + newQueues.size > limits.maxQueues,
      maxFlowControlKeys: () => this.hasTooManyKeys(tenantId, keys, limits.maxFlowControlKeys),
      maxMessagesPerRequest: () => count > limits.maxMessagesPerRequest,
      maxBytesPerRequest: () => bytes > limits.maxBytesPerRequest,
      maxMessages: () => pending === "maxMessages",
      maxPendingBytes: () => pending === "maxPendingBytes"
    }
    return Struct.keys(isExceeded).find((of) => isExceeded[of]())
  }

  protected exceededPending(
    tenantId: string,
    count: number,
    bytes: number,
    limits: Pick<AcceptLimits, "maxMessages" | "maxPendingBytes">
  ): "maxMessages" | "maxPendingBytes" | undefined {
    if (count > 0 && this.countMessages(tenantId) + count > limits.maxMessages) return "maxMessages"
    const isOver = bytes > 0 && this.countBytes(tenantId) + bytes > limits.maxPendingBytes
    return isOver ? "maxPendingBytes" : undefined
  }

  /** Forgets the idle keys if that may help. */
  protected hasTooManyKeys(tenantId: string, keys: ReadonlyArray<FlowControlKey>, most: number): boolean {
    const isTooMany = (): boolean => {
      const own = this.flows.flatMap((flow) => (flow.tenantId === tenantId ? [flow.flowControlKey] : []))
      const together = new Set([...own, ...keys])
      return together.size > own.length && together.size > most
    }
    if (!isTooMany()) return false
    this.flows = this.flows.filter(
      (flow) =>
        flow.tenantId !== tenantId ||
        flow.isPaused ||
        flow.isPinnedParallelism ||
        flow.isPinnedRate ||
        standing(flow, this.now).windowStart !== undefined ||
        this.pending.some((row) => this.flowOf(row) === flow)
    )
    return isTooMany()
  }

  protected again(
    message: StoredMessage,
    { retries }: { readonly retries: number | undefined }
  ): StoredMessage {
    const { callerIp: its, endpointName, hops, scheduleId, tenantId, url, urlGroup } = message
    const settings: MessageSettings =
      retries === undefined ? message.settings : { ...message.settings, retries }
    return this.make(tenantId, {
      settings,
      url,
      urlGroup,
      endpointName,
      scheduleId,
      callerIp: its,
      hops,
      notBefore: this.now
    })
  }

  protected changeFlow(tenantId: string, key: FlowControlKey, changed: FlowControlChange): void {
    const isKnown = this.flows.some((flow) => flow.tenantId === tenantId && flow.flowControlKey === key)
    if (!isKnown && (changed._tag === "Unpin" || changed._tag === "ResetRate")) return
    const flow = this.flowFor(tenantId, key)
    switch (changed._tag) {
      case "Pause":
      case "Resume":
        flow.isPaused = changed._tag === "Pause"
        return
      case "Pin":
        if (changed.parallelism !== undefined) {
          Object.assign(flow, { parallelism: changed.parallelism, isPinnedParallelism: true })
        }
        if (changed.rate !== undefined) {
          const { period = second, rate } = changed
          Object.assign(flow, { rate, period, isPinnedRate: true, started: 0, windowStart: undefined })
        }
        return
      case "Unpin":
        if (changed.parallelism) flow.isPinnedParallelism = false
        if (changed.rate) flow.isPinnedRate = false
        return
      case "ResetRate":
        Object.assign(flow, { started: 0, windowStart: undefined })
    }
  }
}
