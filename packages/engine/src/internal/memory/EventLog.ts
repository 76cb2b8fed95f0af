import type { DeliveryEvent } from "../../DeliveryEvent.ts"
import type { DeliveryResponse } from "../../Rows.ts"
import { eventBytes } from "../../Sizes.ts"
import type { MessageRow } from "./rows.ts"

const nothing: ReadonlyArray<DeliveryEvent> = []

/** The events that one verb writes to the log. */
export class EventLog {
  private noted: Array<DeliveryEvent> | undefined = undefined
  private readonly now: number

  constructor(now: number) {
    this.now = now
  }

  note(
    { message, tenant }: MessageRow,
    state: DeliveryEvent["state"],
    details?: Pick<DeliveryEvent, "nextDeliveryTime" | "error">,
    response?: DeliveryResponse
  ): void {
    const { now: time } = this
    const event: DeliveryEvent =
      response === undefined
        ? details === undefined
          ? { time, state, message }
          : { time, state, message, ...details }
        : {
            time,
            state,
            message,
            responseStatus: response.status,
            responseHeaders: response.headers,
            ...(response.body === undefined ? undefined : { responseBody: response.body }),
            ...details
          }
    // Usually there is one event, and an array literal is much cheaper than a push into an empty array.
    if (this.noted === undefined) this.noted = [event]
    else this.noted.push(event)
    tenant.log.add(event, eventBytes(event))
  }

  get events(): ReadonlyArray<DeliveryEvent> {
    return this.noted ?? nothing
  }
}
