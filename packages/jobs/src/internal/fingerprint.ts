import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { sha256 } from "@noble/hashes/sha2.js"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"

/**
 * A hash of everything that a schedule says, taken from the request that would create it: however the settings are
 * spelled, what QStash receives decides.
 */
export const fingerprint = (input: CreateSchedule.Input): Either.Either<string, QStashInvalidRequest> =>
  Either.map(CreateSchedule.make(input), (schedule) => {
    const { body, headers, target } = ScheduleRequest.encode(schedule)
    const named = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const hash = sha256.create()
    hash.update(new TextEncoder().encode(JSON.stringify([target, named])))
    hash.update(body)
    return Encoding.encodeHex(hash.digest()).slice(0, 16)
  })
