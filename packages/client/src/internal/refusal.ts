import {
  type QStashError,
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QStashUnauthorized,
  QStashUnavailable,
  QStashUnexpectedResponse
} from "@effect-qstash/domain/QStashError"
import { ErrorBody } from "@effect-qstash/domain/wire/ErrorBody"
import * as QuotaText from "@effect-qstash/domain/wire/QuotaText"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { redact } from "./redact.ts"
import { rateLimited } from "./rateLimit.ts"

/** A response that is not 2xx. */
export interface Refusal {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** What the server said, safe to show. */
  readonly reason: string
  /** Whether the body is the JSON in which QStash reports errors, so that the response comes from QStash. */
  readonly hasQStashBody: boolean
  /** Whether QStash says that a quota of the plan is used up. */
  readonly isQuota: boolean
}

const noReason = "no reason was given"

const decodeBody = Schema.decodeOption(Schema.parseJson(ErrorBody))

export const refusal = (
  { status, headers }: Pick<Refusal, "status" | "headers">,
  body: string,
  secrets: ReadonlyArray<string>
): Refusal => {
  const decoded = decodeBody(body)
  const text = Option.match(decoded, { onNone: () => body, onSome: (json) => json.error })
  return {
    status,
    headers,
    reason: redact(text, secrets) || noReason,
    hasQStashBody: Option.isSome(decoded),
    isQuota: QuotaText.isQuota(text)
  }
}

/**
 * A refusal of which only the headers arrived. Then only the content type can tell whether it comes from QStash; one
 * without a content type counts as QStash's.
 */
export const unreadRefusal = ({ headers, status }: Pick<Refusal, "status" | "headers">): Refusal => ({
  status,
  headers,
  reason: noReason,
  hasQStashBody: /^(?:application\/json|$)/i.test(headers["content-type"] ?? ""),
  isQuota: false
})

/** Whether QStash says that something does not exist, which a 404 from another server does not say. */
export const isNotFound = ({ hasQStashBody, status }: Refusal): boolean => status === 404 && hasQStashBody

/** For methods that a plan may refuse. */
export const quotaError = ({ isQuota, reason, status }: Refusal): QStashQuotaExceeded | undefined =>
  status === 412 || (isQuota && status >= 400 && status !== 429)
    ? new QStashQuotaExceeded({ status, reason: QuotaText.fromWire(reason) })
    : undefined

/** The error of every method for this refusal, unless the method has its own. */
export const toError = ({ headers, reason, status }: Refusal, now: number): QStashError => {
  // A browser shows a redirect that fetch was told not to follow with status 0.
  if (status < 400)
    return new QStashUnexpectedResponse({ status, reason: "a redirect, which is not followed" })
  if (status === 401 || status === 403) return new QStashUnauthorized({ status, reason })
  if (status === 404) return new QStashUnexpectedResponse({ status, reason })
  if (status === 429) return rateLimited(headers, now)
  if (status === 408 || status >= 500) return new QStashUnavailable({ status, reason })
  return new QStashInvalidRequest({ status, reason })
}
