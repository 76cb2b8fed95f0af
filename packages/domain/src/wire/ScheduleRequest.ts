/**
 * How a request to create a schedule travels: the destination raw behind the path, the settings as headers, the payload
 * as the body. Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { CreateSchedule } from "../CreateSchedule.ts"
import { Destination } from "../Destination.ts"
import { checkSchedule } from "../internal/checkSettings.ts"
import { fromEntries, type HeaderMap } from "../internal/headers.ts"
import {
  decodeDestination,
  encodeSettings,
  inWireTerms,
  one,
  readParts
} from "../internal/settingsHeaders.ts"
import type { QStashInvalidRequest } from "../QStashError.ts"

/**
 * The parts of the request in which the settings travel.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScheduleRequest {
  /** What stands in the request target behind `/v2/schedules/`, byte for byte. */
  readonly target: string
  /** Names in any case. A name that occurs several times has its values in order. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
}

/**
 * Writes checked settings as the parts of a request. The body is empty where there is none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (
  schedule: CreateSchedule
): { readonly target: string; readonly headers: HeaderMap; readonly body: Uint8Array } => ({
  target: Destination.toText(schedule.destination),
  headers: fromEntries([
    one("Upstash-Cron", schedule.cron.text),
    ...(schedule.scheduleId === undefined ? [] : [one("Upstash-Schedule-Id", schedule.scheduleId)]),
    ...(schedule.queueName === undefined ? [] : [one("Upstash-Queue-Name", schedule.queueName)]),
    ...encodeSettings(schedule)
  ]),
  body: schedule.body ?? new Uint8Array()
})

/**
 * Reads the parts of a request. The first setting that is wrong is refused, with QStash's own text where one is known;
 * headers that QStash does not know are passed over. Settings may also stand in the target's query in lower case, as
 * senders write them that cannot set headers; where both are present the header counts.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (request: ScheduleRequest): Either.Either<CreateSchedule, QStashInvalidRequest> =>
  Either.gen(function* () {
    const { destination, settings, text } = readParts(request)
    const unchecked = {
      ...(yield* settings),
      scheduleId: text("Upstash-Schedule-Id"),
      cron: text("Upstash-Cron") ?? "",
      destination
    }
    return yield* Either.mapLeft(checkSchedule(unchecked, decodeDestination, true), inWireTerms)
  })
