import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import type { Destination } from "../Destination.ts"
import { checkCommon, namesOf, notOptions, type Unchecked } from "./checkSettings.ts"
import { refuseBoth, rejectUnknownKeys, required } from "./optionChecks.ts"
import { refuseOwnHeaders } from "./ownHeaders.ts"
import type { Parsed } from "./parser.ts"
import { checkAll, type UserChecks } from "./setting.ts"
import { messageOptions, settings } from "./settings.ts"

const messageNames = namesOf(settings, messageOptions)

export const userMessage: UserChecks = {
  headers: refuseOwnHeaders(messageNames),
  jsonHelpers: "publishJson, enqueueJson or batchJson"
}

/** Checks and normalises the options of a message. */
export const checkMessage = <D>(
  input: Unchecked<typeof settings & typeof messageOptions, D>,
  parseDestination: (destination: D) => Parsed<Destination>,
  user?: UserChecks
) =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(input)) return yield* notOptions("message", input)
    yield* rejectUnknownKeys(input, messageNames, "a message")
    const destination = yield* required("destination", input.destination, parseDestination)
    if (input.delay !== undefined && input.notBefore !== undefined) {
      return yield* refuseBoth("notBefore", "delay")
    }
    const own = yield* checkAll(messageOptions, input)
    if (own.contentBasedDeduplication !== undefined && own.deduplicationId !== undefined) {
      return yield* refuseBoth("contentBasedDeduplication", "deduplicationId")
    }
    return { destination, ...own, ...(yield* checkCommon(input, user)) }
  })
