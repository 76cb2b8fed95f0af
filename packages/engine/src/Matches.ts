/**
 * Which rows a filter is about. However a Store looks for them, it has to find the same ones.
 *
 * @since 0.1.0
 */
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import type { DeliveryEvent } from "./DeliveryEvent.ts"
import type { StoredDeadLetter, StoredMessage } from "./Rows.ts"

/** Long lists of a criterion as sets. Every row is compared with the same list. */
const sets = new WeakMap<ReadonlyArray<unknown>, ReadonlySet<unknown>>()

const includes = (wanted: ReadonlyArray<unknown>, value: unknown): boolean => {
  if (wanted.length < 8) return wanted.includes(value)
  let set = sets.get(wanted)
  if (set === undefined) sets.set(wanted, (set = new Set(wanted)))
  return set.has(value)
}

/** No criterion is one that everything meets. */
const isOneOf = <A>(wanted: ReadonlyArray<A> | undefined, value: A | undefined): boolean =>
  wanted === undefined || (value !== undefined && includes(wanted, value))

const isWithin = ({ fromDate = -Infinity, toDate = Infinity }: Criteria, instant: number): boolean =>
  fromDate <= instant && instant <= toDate

type Parts = Partial<Pick<URL, "protocol" | "host" | "port" | "pathname">>

/** A destination whose URL does not parse has neither host nor path. */
const partsOf = (url: string): Parts => {
  try {
    return new URL(url)
  } catch {
    return {}
  }
}

/** URL parsing drops the default port, which a filter may name. */
const isOfHost = (wanted: ReadonlyArray<string> | undefined, { host, port, protocol }: Parts): boolean =>
  isOneOf(wanted, host) || (port === "" && isOneOf(wanted, `${host}:${protocol === "https:" ? 443 : 80}`))

const isAbout = (criteria: Criteria, message: StoredMessage): boolean => {
  const { settings } = message
  const labels = criteria.label
  if (
    !isOneOf<string>(criteria.messageIds, message.messageId) ||
    !isOneOf<string>(criteria.messageId, message.messageId) ||
    !isOneOf<string>(criteria.urlGroup, message.urlGroup) ||
    !isOneOf<string>(criteria.queueName, settings.queueName) ||
    !isOneOf<string>(criteria.scheduleId, message.scheduleId) ||
    !isOneOf<string>(criteria.flowControlKey, settings.flowControl?.key) ||
    !isOneOf<string>(criteria.url, message.url) ||
    !isOneOf<string>(criteria.callerIp, message.callerIp) ||
    (labels !== undefined && settings.labels?.some((label) => includes(labels, label)) !== true)
  ) {
    return false
  }
  if (criteria.host === undefined && criteria.path === undefined) return true
  const url = partsOf(message.url)
  return isOfHost(criteria.host, url) && isOneOf<string>(criteria.path, url.pathname)
}

/**
 * Whether a pending message is one that a call is about.
 *
 * @since 0.1.0
 * @category predicates
 */
export const matchesMessage = (criteria: Criteria, message: StoredMessage): boolean =>
  criteria.messageIds === undefined
    ? isWithin(criteria, message.createdAt) && isAbout(criteria, message)
    : isOneOf<string>(criteria.messageIds, message.messageId)

/**
 * Whether a dead letter is one that a call is about.
 *
 * @since 0.1.0
 * @category predicates
 */
export const matchesDeadLetter = (
  criteria: Criteria,
  { dlqId, failedAt, message, response }: StoredDeadLetter
): boolean =>
  criteria.dlqIds === undefined
    ? isOneOf(criteria.responseStatus, response?.status ?? 0) &&
      isWithin(criteria, failedAt) &&
      isAbout(criteria, message)
    : isOneOf<string>(criteria.dlqIds, dlqId)

/** What `IN_PROGRESS` stands for. */
const inProgress: ReadonlyArray<string> = ["ACTIVE", "RETRY", "ERROR"]

const isState = (wanted: string, state: string): boolean =>
  wanted === "IN_PROGRESS" ? inProgress.includes(state) : wanted.replace("CANCELLED", "CANCELED") === state

/**
 * Whether an entry of the log is one that a call is about.
 *
 * @since 0.1.0
 * @category predicates
 */
export const matchesEvent = (criteria: Criteria, { message, state, time }: DeliveryEvent): boolean =>
  isWithin(criteria, time) &&
  (criteria.state === undefined || criteria.state.some((wanted) => isState(wanted, state))) &&
  isAbout(criteria, message)
