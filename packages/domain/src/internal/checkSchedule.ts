import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import type { Destination } from "../Destination.ts"
import { checkCommon, namesOf, notOptions, type Unchecked } from "./checkSettings.ts"
import { rejectUnknownKeys, required } from "./optionChecks.ts"
import { refuseOwnHeaders } from "./ownHeaders.ts"
import type { Parsed } from "./parser.ts"
import { parseCron, scheduleOptions } from "./scheduleOptions.ts"
import { checkAll, type UserChecks } from "./setting.ts"
import { settings } from "./settings.ts"

const { cron: _cron, ...optionalInSchedule } = scheduleOptions

const scheduleNames = namesOf(settings, scheduleOptions)

export const userSchedule: UserChecks = {
  headers: refuseOwnHeaders(scheduleNames),
  jsonHelpers: "createJson or upsertJson"
}

/** Checks and normalises the options of a schedule. */
export const checkSchedule = <D>(
  input: Unchecked<typeof settings & typeof scheduleOptions, D>,
  parseDestination: (destination: D) => Parsed<Destination>,
  user?: UserChecks
) =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(input)) return yield* notOptions("schedule", input)
    yield* rejectUnknownKeys(input, scheduleNames, "a schedule")
    const own = yield* checkAll(optionalInSchedule, input)
    const cron = yield* required("cron", input.cron, parseCron)
    const destination = yield* required("destination", input.destination, parseDestination)
    return { cron, destination, ...own, ...(yield* checkCommon(input, user)) }
  })
