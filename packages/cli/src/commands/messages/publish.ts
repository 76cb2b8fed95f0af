import { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import type { Destination } from "@effect-qstash/domain/Destination"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { Published } from "@effect-qstash/domain/Published"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import * as Effect from "effect/Effect"
import * as Flag from "../../Flag.ts"
import { command } from "../../Command.ts"
import { wrongUsage } from "../../Failure.ts"
import { printable } from "../../render/text.ts"
import { safeDestination, safeUrl } from "../../render/url.ts"
import { explainUnsure, Target, withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import * as settings from "../settings.ts"

/** What a queue decides itself, and by which option somebody would. */
const notInQueue = (input: MessageSettings.Input, notBefore: unknown): string | undefined =>
  input.delay !== undefined
    ? "--delay"
    : notBefore !== undefined
      ? "--not-before"
      : input.flowControl !== undefined
        ? "--flow-control-key"
        : undefined

export const publish = command({
  flags: {
    ...settings.options,
    notBefore: flags.instant(
      "not-before",
      "The instant before which it is not delivered, such as 2026-03-28T12:00:00Z."
    ),
    deduplicationId: Flag.optional(
      "deduplication-id",
      "id",
      flags.decoded(DeduplicationId),
      "Another message with this id within 10 minutes is not delivered."
    ),
    contentBased: Flag.toggle(
      "content-based-deduplication",
      "Another message with the same content within 10 minutes is not delivered."
    ),
    json: flags.json,
    urlGroup: settings.urlGroup
  },
  arguments: { destination: settings.destination },
  run: (options) =>
    Effect.gen(function* () {
      const destination = yield* settings.readTarget(options)
      const { delay, flowControl, queueName, ...common } = yield* settings.read(options)
      const input: PublishMessage.EnqueueInput = {
        ...common,
        destination,
        deduplicationId: options.deduplicationId,
        contentBasedDeduplication: options.contentBased
      }
      const wrong = queueName && notInQueue({ delay, flowControl }, options.notBefore)
      if (wrong) {
        return yield* wrongUsage(
          `${wrong} cannot be combined with --queue.`,
          "A queue decides itself when its messages go out. Nothing was sent."
        )
      }
      const target = yield* Target
      const messages = yield* QStashMessages
      const published = yield* (
        queueName === undefined
          ? messages.publish({
              ...input,
              delay,
              flowControl,
              notBefore: options.notBefore
            })
          : messages.enqueue(queueName, input)
      ).pipe(
        Effect.catchTags({
          QStashInvalidRequest: (error) => Effect.fail(settings.refusal("messages publish")(error)),
          // Each run of the command is a message of its own, unless it says what it is about.
          QStashUnavailable: (error) =>
            Effect.fail(
              options.deduplicationId !== undefined || options.contentBased
                ? error
                : explainUnsure(
                    error,
                    target,
                    "Whether it was published is not known: look with `effect-qstash messages list`. With --deduplication-id it is safe to publish it again."
                  )
            )
        })
      )
      if (options.json) return yield* printJson(PublishResponse.encode(published))
      const all = "messageId" in published ? [published] : published
      yield* printLines(all.map((one) => told(one, destination, target.origin, queueName)))
    }).pipe(withTarget)
})

const told = (
  { isDeduplicated, messageId, url }: Published,
  destination: Destination,
  origin: string,
  queueName: string | undefined
): string => {
  const id = printable(messageId)
  if (isDeduplicated) return `${id} was published already, so this message is not delivered.`
  const to = url === undefined ? safeDestination(destination) : safeUrl(url)
  return `Published ${id} to ${to}${queueName === undefined ? "" : ` through queue ${queueName}`} at ${origin}.`
}
