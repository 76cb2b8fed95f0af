import { Destination } from "@effect-qstash/domain/Destination"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import { QStashInvalidRequest, type QStashQuotaExceeded } from "@effect-qstash/domain/QStashError"
import * as Effect from "effect/Effect"
import { secretsOfHeader, secretsOfUrl } from "./redact.ts"
import { isNotFound, quotaError, type Refusal } from "./refusal.ts"

/** What schedules and messages share. */
interface Outgoing extends MessageSettings {
  readonly destination: Destination
}

export const secretsOf = (outgoing: Outgoing): ReadonlyArray<string> => {
  const callbacks = [outgoing.callback, outgoing.failureCallback].filter((callback) => callback !== undefined)
  return [
    ...[outgoing, ...callbacks]
      .flatMap(({ headers }) => Object.values(headers ?? {}).flat())
      .flatMap(secretsOfHeader),
    ...[Destination.toText(outgoing.destination), ...callbacks.map(({ url }) => url)].flatMap(secretsOfUrl),
    new TextDecoder().decode(outgoing.body)
  ]
}

export const createError = (refused: Refusal): QStashQuotaExceeded | QStashInvalidRequest | undefined => {
  const { reason, status } = refused
  // The route always exists, so this 404 is about the URL group that the request names.
  return (
    quotaError(refused) ?? (isNotFound(refused) ? new QStashInvalidRequest({ status, reason }) : undefined)
  )
}

/** Logged because code that compares the destination with its definition as text would see a difference. */
export const logNormalised = (input: Destination.Input, sent: Destination): Effect.Effect<void> =>
  Destination.toText(sent) ===
  (typeof input === "object" && "urlGroup" in input ? input.urlGroup : String(input))
    ? Effect.void
    : Effect.logDebug(
        "The destination was normalised, so that it survives the request path, and reads back in this spelling"
      ).pipe(Effect.annotateLogs("destination", Destination.toSafeText(sent)))
