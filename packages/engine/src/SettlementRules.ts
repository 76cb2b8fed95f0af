/**
 * What the outcome of an attempt means for its message, and what a dead letter becomes that is tried again. Every Store
 * follows these rules.
 *
 * @since 0.1.0
 */
import type { DeliveryEvent } from "./DeliveryEvent.ts"
import type { DeliveryResponse, Settlement, StoredMessage } from "./Rows.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Outcome {
  /** What goes to the log, in order. `response` is there where the entry shows it. */
  readonly log: ReadonlyArray<
    Pick<DeliveryEvent, "state" | "error" | "nextDeliveryTime"> & {
      readonly response: DeliveryResponse | undefined
    }
  >
  /** What its schedule says about the message from now on. */
  readonly scheduleState: "SUCCESS" | "FAIL" | undefined
  /** Whether the message becomes a dead letter. */
  readonly isDead: boolean
  /** The message as it waits for its next attempt. Without one it is done. */
  readonly next: StoredMessage | undefined
}

/**
 * A message that is delivered is done, even if its cancel was asked for meanwhile; one that is not is then not tried again
 * and is no dead letter.
 *
 * @since 0.1.0
 * @category conversions
 */
export const outcomeOf = (
  settlement: Settlement,
  message: StoredMessage,
  isCancelRequested: boolean
): Outcome => {
  const { response } = settlement
  if (settlement._tag === "Delivered") {
    return {
      log: [{ state: "DELIVERED", response }],
      scheduleState: "SUCCESS",
      isDead: false,
      next: undefined
    }
  }
  const { error } = settlement
  if (isCancelRequested) {
    const log = [
      { state: "ERROR", error, response } as const,
      { state: "CANCELED", response: undefined } as const
    ]
    return { log, scheduleState: "FAIL", isDead: false, next: undefined }
  }
  if (settlement._tag === "Failed") {
    const log = [{ state: "ERROR", error, response } as const, { state: "FAILED", error, response } as const]
    return { log, scheduleState: "FAIL", isDead: true, next: undefined }
  }
  const { dueAt } = settlement
  return {
    log: [
      { state: "ERROR", error, nextDeliveryTime: dueAt, response },
      { state: "RETRY", nextDeliveryTime: dueAt, response: undefined }
    ],
    scheduleState: undefined,
    isDead: false,
    next: { ...message, retried: message.retried + 1, dueAt }
  }
}

/**
 * The new message that a dead letter becomes. It keeps its way and its settings, and is due at once. `retries` takes the
 * place of its own number of retries.
 *
 * @since 0.1.0
 * @category conversions
 */
export const retried = (
  { callerIp, endpointName, hops, scheduleId, settings, url, urlGroup }: StoredMessage,
  { retries }: { readonly retries: number | undefined },
  now: number
): Pick<
  StoredMessage,
  "callerIp" | "endpointName" | "hops" | "notBefore" | "scheduleId" | "settings" | "url" | "urlGroup"
> => ({
  settings: retries === undefined ? settings : { ...settings, retries },
  url,
  urlGroup,
  endpointName,
  scheduleId,
  callerIp,
  hops,
  notBefore: now
})
