/**
 * @since 0.1.0
 */
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type * as DateTime from "effect/DateTime"

/**
 * A delivery whose signature holds, in two halves: a decision about what the sender may do rests on `signed` alone.
 *
 * @since 0.1.0
 * @category models
 */
export interface VerifiedDelivery {
  /** Vouched for by the signing key. */
  readonly signed: SignedPart
  /**
   * Headers that the signature does not cover, like the method and every header not listed here. Whoever sees a
   * delivery can send it again within its five minutes with other values: good for logs, and for choosing among things
   * that the signed URL or body allows anyway.
   */
  readonly unsigned: UnsignedPart
}

/**
 * What the token binds.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedPart {
  /** The destination of the message with its query. Equal to the URL that was called, unless the receiver takes any. */
  readonly subject: string
  /** New for each attempt, `jwt_…`. If it comes twice, a recorded request was sent again. */
  readonly tokenId: string | undefined
  readonly issuedAt: DateTime.Utc | undefined
  /** 1970 as a rule: QStash leaves the start open, so that a slow clock at the receiver does no harm. */
  readonly notBefore: DateTime.Utc
  /** Five minutes after it was issued. */
  readonly expiresAt: DateTime.Utc
  /** The very array that came in, with the signed hash. */
  readonly body: Uint8Array
}

/**
 * What came with the token, unsigned. A header that is absent, repeated or not readable is `undefined` here.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnsignedPart {
  /** The same for all attempts of a message. From `Upstash-Message-Id`. */
  readonly messageId: MessageId | undefined
  /** Present on what a schedule produced. From `Upstash-Schedule-Id`. */
  readonly scheduleId: ScheduleId | undefined
  /** Present on what was published to a URL group. From `Upstash-Topic-Name`. */
  readonly urlGroup: UrlGroupName | undefined
  /** How many attempts failed before this one. From `Upstash-Retried`. */
  readonly retried: number | undefined
  /** The address that published the message or created the schedule. From `Upstash-Caller-Ip`. */
  readonly callerIp: string | undefined
  /** Such as `EU-CENTRAL-1`. From `Upstash-Region`. */
  readonly region: string | undefined
  readonly contentType: string | undefined
}
