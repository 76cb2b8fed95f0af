/**
 * @since 0.1.0
 */
import { type ScheduleId, ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import type { DeliveryOutcome, DeliveryRequest } from "@effect-qstash/engine/Courier"
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

const decodeScheduleId = Schema.decodeSync(ScheduleIdFromAnswer)

/**
 * One attempt to deliver a message, as its destination sees it. A retry is a delivery of its own.
 *
 * @since 0.1.0
 * @category models
 */
export class Delivery {
  /** When the attempt began, in virtual time. */
  readonly time: DateTime.Utc
  /** What goes over the wire: method, URL, headers in their order, body. */
  readonly request: DeliveryRequest
  /** What came back; absent while the attempt is under way. An attempt that ran into its timeout was not answered. */
  readonly outcome: DeliveryOutcome | undefined

  constructor(time: DateTime.Utc, request: DeliveryRequest, outcome: DeliveryOutcome | undefined) {
    this.time = time
    this.request = request
    this.outcome = outcome
  }

  /** @since 0.1.0 */
  get method(): string {
    return this.request.method
  }

  /** @since 0.1.0 */
  get url(): string {
    return this.request.url
  }

  /** A copy of the bytes of the body; empty where there is none. */
  get body(): Uint8Array {
    return this.request.body.slice()
  }

  /** The body as UTF-8 text. */
  get text(): string {
    return new TextDecoder().decode(this.request.body)
  }

  /** The same over all attempts at one message. */
  get messageId(): string {
    return this.header("Upstash-Message-Id") ?? ""
  }

  /** The schedule that made the message. */
  get scheduleId(): ScheduleId {
    return decodeScheduleId(this.header("Upstash-Schedule-Id") ?? "")
  }

  /** How many attempts at the message came before this one. */
  get retried(): number {
    return Number(this.header("Upstash-Retried"))
  }

  /** The status of the answer, where there was one. */
  get status(): number | undefined {
    return this.outcome?._tag === "Answered" ? this.outcome.status : undefined
  }

  /** The first value of a header, its name in any case. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase()
    return this.request.headers.find(([given]) => given.toLowerCase() === wanted)?.[1]
  }
}
