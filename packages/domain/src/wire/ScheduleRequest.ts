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
import { decodeDestination, readParts } from "../internal/requestParts.ts"
import { decodeAll, encodeAll } from "../internal/setting.ts"
import {
  decodeSettings,
  inWireTerms,
  encodeQueueName,
  encodeSettings,
  scheduleOptions
} from "../internal/settings.ts"
import type { MessageSettings } from "../MessageSettings.ts"
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

type OwnOptions = Required<Omit<CreateSchedule, keyof MessageSettings | "destination">>

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
    ...encodeAll<OwnOptions>(scheduleOptions, schedule),
    ...encodeQueueName(schedule),
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
    const { destination, source } = readParts(request)
    const common = yield* decodeSettings(source)
    const { cron = "", ...own } = yield* decodeAll<OwnOptions>(scheduleOptions, source)
    const unchecked = { ...common, ...own, cron, destination }
    return yield* Either.mapLeft(checkSchedule(unchecked, decodeDestination), inWireTerms)
  })
