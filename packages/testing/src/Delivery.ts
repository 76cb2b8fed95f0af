/**
 * @since 0.1.0
 */
import { type MessageId, MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import { type ScheduleId, ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import { type UrlGroupName, UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import type { DeliveryOutcome, DeliveryRequest } from "@effect-qstash/engine/Courier"
import * as DateTime from "effect/DateTime"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Schema from "effect/Schema"

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

const decodeMessageId = Schema.decodeSync(MessageIdFromAnswer)
const decodeScheduleId = Schema.decodeSync(ScheduleIdFromAnswer)
const decodeUrlGroup = Schema.decodeSync(UrlGroupNameFromAnswer)

/**
 * One attempt to deliver a message, as its destination sees it. Each retry is a delivery of its own.
 *
 * @since 0.1.0
 * @category models
 */
export class Delivery {
  /** The request: method, URL, headers in order, body. */
  readonly request: DeliveryRequest
  /** The result, or `undefined` while the attempt is in progress. An attempt that timed out is `Unanswered`. */
  readonly outcome: DeliveryOutcome | undefined

  private readonly millis: number

  constructor(millis: number, request: DeliveryRequest, outcome: DeliveryOutcome | undefined) {
    this.millis = millis
    this.request = request
    this.outcome = outcome
  }

  /** When the attempt began, in virtual time. */
  get time(): DateTime.Utc {
    return DateTime.unsafeMake(this.millis)
  }

  /** @since 0.1.0 */
  get method(): string {
    return this.request.method
  }

  /** @since 0.1.0 */
  get url(): string {
    return this.request.url
  }

  /** A copy of the body's bytes, empty if there is none. */
  get body(): Uint8Array {
    return this.request.body.slice()
  }

  /** The body as UTF-8 text, with its byte order mark if it has one. */
  get text(): string {
    return utf8.decode(this.request.body)
  }

  /** The same for all attempts at one message. */
  get messageId(): MessageId {
    return decodeMessageId(this.header("Upstash-Message-Id") ?? "")
  }

  /** The schedule that created the message, if any. */
  get scheduleId(): ScheduleId | undefined {
    const id = this.header("Upstash-Schedule-Id")
    return id === undefined ? undefined : decodeScheduleId(id)
  }

  /** The URL group that the message was published to, if any. */
  get urlGroup(): UrlGroupName | undefined {
    const name = this.header("Upstash-Topic-Name")
    return name === undefined ? undefined : decodeUrlGroup(name)
  }

  /** The number of earlier attempts at the message. */
  get retried(): number {
    return Number(this.header("Upstash-Retried"))
  }

  /** The status of the response, if there was one. */
  get status(): number | undefined {
    return this.outcome?._tag === "Answered" ? this.outcome.status : undefined
  }

  /** The first value of a header. The name is case-insensitive. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase()
    return this.request.headers.find(([given]) => given.toLowerCase() === wanted)?.[1]
  }

  /** What a failed assertion and `console.log` show. */
  toJSON(): unknown {
    const { messageId, method, outcome, retried, scheduleId, text, url, urlGroup } = this
    return {
      time: DateTime.formatIso(this.time),
      messageId,
      ...(scheduleId === undefined ? {} : { scheduleId }),
      ...(urlGroup === undefined ? {} : { urlGroup }),
      retried,
      method,
      url,
      headers: this.request.headers.map(([name, value]) => `${name}: ${value}`),
      text,
      outcome:
        outcome?._tag === "Answered"
          ? {
              status: outcome.status,
              ...(outcome.body === undefined ? {} : { text: new TextDecoder().decode(outcome.body) })
            }
          : outcome
    }
  }

  [NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}
