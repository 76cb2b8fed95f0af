import {
  type QStashError,
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QStashUnauthorized,
  QStashUnavailable,
  QStashUnexpectedResponse
} from "@effect-qstash/domain"
import { ErrorBody } from "@effect-qstash/domain/wire/ErrorBody"
import * as QuotaText from "@effect-qstash/domain/wire/QuotaText"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { presentable } from "./redact.ts"
import { rateLimited } from "./rateLimit.ts"

/** An answer that is not 2xx. */
export interface Refusal {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** What the server said, fit to be shown. */
  readonly reason: string
  /** Whether the body was the JSON in which QStash says what is wrong, so that it was QStash which answered. */
  readonly isQStash: boolean
  /** Whether the text is one with which QStash says that a quota of the plan is used up. */
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
    reason: presentable(text, secrets) || noReason,
    isQStash: Option.isSome(decoded),
    isQuota: text.startsWith("quota ")
  }
}

/**
 * A refusal of which no more than the head came. Whether QStash gave it can only be told by its type then; one without
 * any is taken for QStash's.
 */
export const unreadRefusal = ({ headers, status }: Pick<Refusal, "status" | "headers">): Refusal => ({
  status,
  headers,
  reason: noReason,
  isQStash: /^(?:application\/json|$)/i.test(headers["content-type"] ?? ""),
  isQuota: false
})

/** Whether QStash says that something is not there, which another server's 404 does not. */
export const isAbsent = ({ isQStash, status }: Refusal): boolean => status === 404 && isQStash

/** For the methods that a plan may refuse. */
export const quotaError = ({ isQuota, reason, status }: Refusal): QStashQuotaExceeded | undefined =>
  status === 412 || (isQuota && status >= 400 && status !== 429)
    ? new QStashQuotaExceeded({ status, reason: QuotaText.fromWire(reason) })
    : undefined

/** What every method fails with at this refusal, unless it has an error of its own for it. */
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
