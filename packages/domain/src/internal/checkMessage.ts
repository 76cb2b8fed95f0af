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

/**
 * Checks and normalises the options of a message. Written without `Either.gen`, which takes 2 µs more: a batch has a
 * hundred messages to check.
 */
export const checkMessage = <D>(
  input: Unchecked<typeof settings & typeof messageOptions, D>,
  parseDestination: (destination: D) => Parsed<Destination>,
  user?: UserChecks
) => {
  if (!Predicate.isReadonlyRecord(input)) return notOptions("message", input)
  const known = rejectUnknownKeys(input, messageNames, "a message")
  if (Either.isLeft(known)) return Either.left(known.left)
  const destination = required("destination", input.destination, parseDestination)
  if (Either.isLeft(destination)) return Either.left(destination.left)
  if (input.delay !== undefined && input.notBefore !== undefined) return refuseBoth("notBefore", "delay")
  const own = checkAll(messageOptions, input)
  if (Either.isLeft(own)) return Either.left(own.left)
  if (own.right.contentBasedDeduplication !== undefined && own.right.deduplicationId !== undefined) {
    return refuseBoth("contentBasedDeduplication", "deduplicationId")
  }
  return Either.map(checkCommon(input, user), (common) => ({
    destination: destination.right,
    ...own.right,
    ...common
  }))
}
