/**
 * A request to create a schedule: the destination unencoded at the end of the path, the settings as headers, the
 * payload as the body. The client encodes, the server decodes.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { CreateSchedule } from "../CreateSchedule.ts"
import { Destination } from "../Destination.ts"
import { checkSchedule } from "../internal/checkSchedule.ts"
import { fromEntries, type HeaderMap } from "../internal/headers.ts"
import { decodeDestination, readParts } from "../internal/requestParts.ts"
import { decodeAll, encodeAll } from "../internal/setting.ts"
import { scheduleOptions } from "../internal/scheduleOptions.ts"
import { decodeSettings, inWireTerms } from "../internal/requestSettings.ts"
import { encodeQueueName, encodeSettings } from "../internal/settings.ts"
import type { MessageSettings } from "../MessageSettings.ts"
import type { QStashInvalidRequest } from "../QStashError.ts"

/**
 * The parts of the request that carry settings.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScheduleRequest {
  /** The request target after `/v2/schedules/`, byte for byte. */
  readonly target: string
  /** Names in any case. A repeated name has its values in order. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
}

type OwnOptions = Required<Omit<CreateSchedule, keyof MessageSettings | "destination">>

/**
 * Writes checked settings as the parts of a request. Without a body the body is empty.
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
 * Reads the parts of a request. The error is about the first wrong setting, in QStash's own words if they are known;
 * unknown headers are ignored. Settings may also be in the target's query in lower case, for senders that cannot set
 * headers; a header takes precedence.
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
