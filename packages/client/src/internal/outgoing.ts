import {
  Destination,
  type MessageSettings,
  QStashInvalidRequest,
  type QStashQuotaExceeded
} from "@effect-qstash/domain"
import * as Effect from "effect/Effect"
import { secretsOfHeader, secretsOfUrl } from "./redact.ts"
import { isAbsent, quotaError, type Refusal } from "./refusal.ts"

/** What a schedule and a message have in common. */
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
  // The route exists whatever is sent to it, so this is about the group that the request names.
  return quotaError(refused) ?? (isAbsent(refused) ? new QStashInvalidRequest({ status, reason }) : undefined)
}

/** Told because a destination that is compared with its definition by text would seem to differ. */
export const logNormalised = (input: Destination.Input, sent: Destination): Effect.Effect<void> =>
  Destination.toText(sent) ===
  (typeof input === "object" && "urlGroup" in input ? input.urlGroup : String(input))
    ? Effect.void
    : Effect.logDebug(
        "The destination was normalised, so that it survives the request path, and reads back in this spelling"
      ).pipe(Effect.annotateLogs("destination", Destination.toSafeText(sent)))
