/**
 * Why a request does not count as a delivery of QStash. All are safe to log: none contains the body, a key, the token, or
 * a URL's credentials or query.
 *
 * Each has the HTTP `status` to respond with. For QStash any of them is a failed attempt. It tries again with a new
 * signature, until the message has no retries left and becomes a dead letter. So a message survives a wrong key, clock or
 * URL that is fixed in time. None is 489, which would give the message up for good.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { messageOf, statuses } from "./internal/failure.ts"

/**
 * The request has no `Upstash-Signature`: it does not come from QStash, or a proxy dropped the header.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignatureMissing extends Schema.TaggedError<SignatureMissing>()("SignatureMissing", {}) {
  /** @since 0.1.0 */
  get status(): 401 {
    return statuses.SignatureMissing
  }
  override get message(): string {
    return messageOf(this)
  }
}

/**
 * The `Upstash-Signature` is not a token as QStash makes it; `part` says where that showed. The claims are not looked at
 * before the HMAC holds, so with `claims` the token was made with a signing key.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignatureMalformed extends Schema.TaggedError<SignatureMalformed>()("SignatureMalformed", {
  part: Schema.Literal("token", "header", "signature", "claims")
}) {
  /** @since 0.1.0 */
  get status(): 400 {
    return statuses.SignatureMalformed
  }
  override get message(): string {
    return messageOf(this)
  }
}

/**
 * Neither signing key made this signature: it is forged or altered, the keys are those of another account or region, or
 * they were rotated twice since they were configured.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignatureInvalid extends Schema.TaggedError<SignatureInvalid>()("SignatureInvalid", {}) {
  /** @since 0.1.0 */
  get status(): 401 {
    return statuses.SignatureInvalid
  }
  override get message(): string {
    return messageOf(this)
  }
}

/**
 * The signature holds but its five minutes are over: a replay, a request that was long on its way, or a clock here that
 * is fast. The next attempt has a new token.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignatureExpired extends Schema.TaggedError<SignatureExpired>()("SignatureExpired", {
  expiredAt: Schema.DateTimeUtc,
  now: Schema.DateTimeUtc
}) {
  /** @since 0.1.0 */
  get status(): 401 {
    return statuses.SignatureExpired
  }
  override get message(): string {
    return messageOf({
      _tag: "SignatureExpired",
      expiredAt: DateTime.toEpochMillis(this.expiredAt),
      now: DateTime.toEpochMillis(this.now)
    })
  }
}

/**
 * The signature holds but is for later: the clock here is slow.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignatureNotYetValid extends Schema.TaggedError<SignatureNotYetValid>()("SignatureNotYetValid", {
  notBefore: Schema.DateTimeUtc,
  now: Schema.DateTimeUtc
}) {
  /** @since 0.1.0 */
  get status(): 401 {
    return statuses.SignatureNotYetValid
  }
  override get message(): string {
    return messageOf({
      _tag: "SignatureNotYetValid",
      notBefore: DateTime.toEpochMillis(this.notBefore),
      now: DateTime.toEpochMillis(this.now)
    })
  }
}

/**
 * The signature holds, but QStash did not issue it: a signing key is in use elsewhere.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignatureWrongIssuer extends Schema.TaggedError<SignatureWrongIssuer>()("SignatureWrongIssuer", {
  issuer: Schema.String
}) {
  /** @since 0.1.0 */
  get status(): 401 {
    return statuses.SignatureWrongIssuer
  }
  override get message(): string {
    return messageOf(this)
  }
}

/**
 * The signature is valid for another URL: someone replayed a delivery to another endpoint of the account, or the
 * application sees another URL than QStash called, as behind a proxy (see the option `subject`). Both URLs are without
 * credentials and query and cut at 100 characters, so they may read alike. `source` says where `expected` comes from:
 * the URL that was passed to `verify`, or the option `publicUrl` and the path of that URL.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignatureWrongSubject extends Schema.TaggedError<SignatureWrongSubject>()(
  "SignatureWrongSubject",
  {
    subject: Schema.String,
    expected: Schema.String,
    source: Schema.Literal("url", "publicUrl")
  }
) {
  /** @since 0.1.0 */
  get status(): 403 {
    return statuses.SignatureWrongSubject
  }
  override get message(): string {
    return messageOf(this)
  }
}

/**
 * The signature holds for other bytes: the body was altered, or parsed and written again before it was verified.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeliveryBodyMismatch extends Schema.TaggedError<DeliveryBodyMismatch>()(
  "DeliveryBodyMismatch",
  {}
) {
  /** @since 0.1.0 */
  get status(): 400 {
    return statuses.DeliveryBodyMismatch
  }
  override get message(): string {
    return messageOf(this)
  }
}

/**
 * The body (bytes) or the signature (characters) is longer than the receiver takes; nothing of it was read.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeliveryTooLarge extends Schema.TaggedError<DeliveryTooLarge>()("DeliveryTooLarge", {
  part: Schema.Literal("body", "signature"),
  size: Schema.Number,
  limit: Schema.Number
}) {
  /** @since 0.1.0 */
  get status(): 413 {
    return statuses.DeliveryTooLarge
  }
  override get message(): string {
    return messageOf(this)
  }
}

/**
 * The application passed a value of the wrong type to `verify`, which TypeScript reports too. `received` is the name of
 * that type, such as `String`, `Map` or `ArrayBuffer`. Nothing was read.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeliveryMalformed extends Schema.TaggedError<DeliveryMalformed>()("DeliveryMalformed", {
  part: Schema.Literal("headers", "url", "body"),
  received: Schema.String
}) {
  /**
   * A bug in the application and not in the request, so QStash tries again.
   *
   * @since 0.1.0
   */
  get status(): 500 {
    return statuses.DeliveryMalformed
  }
  override get message(): string {
    return messageOf(this)
  }
}

/**
 * Everything that verification can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type VerifyError =
  | SignatureMissing
  | SignatureMalformed
  | SignatureInvalid
  | SignatureExpired
  | SignatureNotYetValid
  | SignatureWrongIssuer
  | SignatureWrongSubject
  | DeliveryBodyMismatch
  | DeliveryTooLarge
  | DeliveryMalformed

/**
 * The receiver cannot be built from these options: it would accept what it must reject, or reject everything.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashReceiverMisconfigured extends Schema.TaggedError<QStashReceiverMisconfigured>()(
  "QStashReceiverMisconfigured",
  { option: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return `The receiver's option ${this.option} ${this.reason}`
  }
}
