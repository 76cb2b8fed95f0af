import { Destination } from "@effect-qstash/domain/Destination"
import { DeliveryMethod } from "@effect-qstash/domain/DeliveryMethod"
import { type FlowControl, FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Argument from "../Argument.ts"
import type * as Command from "../Command.ts"
import { type Failure, wrongUsage } from "../Failure.ts"
import * as Flag from "../Flag.ts"
import { Shell } from "../Shell.ts"
import * as flags from "./flags.ts"

/** How messages are delivered: the flags of whatever makes messages. */
export const options = {
  method: Flag.choice("method", DeliveryMethod.literals, "The HTTP method of each delivery (default POST)."),
  header: Flag.several(
    "header",
    "name:value",
    Either.right<string>,
    "A header of each delivery, such as 'Content-Type: application/json'. May be repeated."
  ),
  body: Flag.text("body", "text", "The body of each delivery."),
  bodyFile: Flag.text("body-file", "path", "A file that holds the body; - is standard input."),
  retries: flags.count("retries", 0, "How often a failed delivery is tried again (default 3)."),
  retryDelay: Flag.text(
    "retry-delay",
    "expression",
    "The wait before a retry in milliseconds, as an expression over `retried`, such as 'pow(2, retried) * 1000'."
  ),
  timeout: flags.span("timeout", "The longest that one delivery may take, such as 30s."),
  delay: flags.span("delay", "How long each message waits before its first delivery, such as 1h30m."),
  callback: Flag.text("callback", "url", "A URL that is notified of every delivery."),
  failureCallback: Flag.text(
    "failure-callback",
    "url",
    "A URL that is notified of a message that has failed for good."
  ),
  queue: Flag.optional("queue", "name", flags.decoded(QueueName), "The queue that the messages go through."),
  flowControlKey: Flag.optional(
    "flow-control-key",
    "key",
    flags.decoded(FlowControlKey),
    "Names the limit that the messages share."
  ),
  parallelism: flags.count(
    "flow-control-parallelism",
    1,
    "How many deliveries of the key may be under way at once."
  ),
  rate: flags.count("flow-control-rate", 1, "How many deliveries of the key may start within a period."),
  period: flags.span("flow-control-period", "The period of the rate (default 1s)."),
  label: Flag.several(
    "label",
    "text",
    Either.right<string>,
    "Marks the messages in QStash's logs. May be repeated."
  ),
  redact: Flag.several(
    "redact",
    "what",
    Either.right<string>,
    "What QStash keeps out of its responses: body, headers, or header:Name. May be repeated."
  )
}

/** The URL group that messages go to. It has a flag, since a bare name may well be a URL without its scheme. */
export const urlGroup = Flag.optional(
  "url-group",
  "name",
  flags.decoded(UrlGroupName),
  "The URL group that the messages go to, instead of a URL."
)

/** The URL that messages go to. */
export const destination = Argument.optional(
  Argument.required("destination", Either.right<string>, "The http or https URL that the messages go to.")
)

type Input = Command.Input<typeof options>

/** The settings of the library that the options stand for. */
export const read = (input: Input): Effect.Effect<MessageSettings.Input, Failure, Shell> =>
  Effect.gen(function* () {
    return {
      method: input.method,
      headers: yield* headersOf(input.header),
      body: yield* bodyOf(input),
      retries: input.retries,
      retryDelay: input.retryDelay,
      timeout: input.timeout,
      delay: input.delay,
      callback: input.callback,
      failureCallback: input.failureCallback,
      queueName: input.queue,
      flowControl: yield* flowControlOf(input),
      labels: input.label,
      redact: yield* redactOf(input.redact)
    }
  })

export const readTarget = (input: {
  readonly urlGroup: UrlGroupName | undefined
  readonly destination: string | undefined
}): Either.Either<Destination, Failure> => {
  const { destination: url, urlGroup: group } = input
  if (group !== undefined) {
    return url === undefined
      ? Either.right({ urlGroup: group })
      : Either.left(wrongUsage("Both a destination and --url-group were given.", "Give one of the two."))
  }
  if (url === undefined) {
    return Either.left(
      wrongUsage("No destination was given.", "Give the URL that the messages go to, or --url-group.")
    )
  }
  return Either.mapBoth(Destination.parse(url), {
    onLeft: (reason) =>
      wrongUsage(`<destination>: ${reason}.`, "A URL group is named with --url-group. Nothing was sent."),
    onRight: () => url
  })
}

/** Under which option of the command an option of the library goes. */
const optionNames: Readonly<Record<string, string>> = {
  scheduleId: "--id",
  cron: "--cron",
  destination: "<destination>",
  method: "--method",
  headers: "--header",
  body: "--body",
  retries: "--retries",
  retryDelay: "--retry-delay",
  timeout: "--timeout",
  delay: "--delay",
  notBefore: "--not-before",
  callback: "--callback",
  "callback.url": "--callback",
  failureCallback: "--failure-callback",
  "failureCallback.url": "--failure-callback",
  queueName: "--queue",
  "flowControl.key": "--flow-control-key",
  "flowControl.parallelism": "--flow-control-parallelism",
  "flowControl.rate": "--flow-control-rate",
  "flowControl.period": "--flow-control-period",
  labels: "--label",
  redact: "--redact",
  deduplicationId: "--deduplication-id",
  contentBasedDeduplication: "--content-based-deduplication"
}

/** What the library refuses before it sends anything, in the words of the command line. */
export const refusal =
  (command: string) =>
  (error: QStashInvalidRequest): Failure | QStashInvalidRequest => {
    if (error.status !== undefined) return error
    const name = optionNames[error.field ?? ""]
    const other = optionNames[error.conflictsWith ?? ""]
    const reason = other === undefined ? error.reason : `cannot be combined with ${other}`
    return wrongUsage(
      name === undefined ? `${reason}.` : `${name}: ${reason}.`,
      `Nothing was sent. \`effect-qstash ${command} --help\` explains each option.`
    )
  }

const headersOf = (texts: ReadonlyArray<string>): Either.Either<MessageSettings.HeadersInput, Failure> => {
  const headers = new Map<string, Array<string>>()
  for (const header of texts) {
    const colon = header.indexOf(":")
    // The text itself stays out of the error: without a colon it may well be a bare value.
    if (colon < 1) {
      const lack = colon === 0 ? "no name before its colon" : "no colon"
      return Either.left(wrongUsage(`--header: expected "Name: value", got one with ${lack}.`))
    }
    const name = header.slice(0, colon).trim()
    const values = headers.get(name) ?? []
    values.push(header.slice(colon + 1).trim())
    headers.set(name, values)
  }
  return Either.right(Object.fromEntries(headers))
}

const bodyOf = ({ body, bodyFile }: Input): Effect.Effect<string | Uint8Array | undefined, Failure, Shell> =>
  Effect.gen(function* () {
    if (bodyFile === undefined) return body
    if (body !== undefined) {
      return yield* wrongUsage("Both --body and --body-file were given.", "Give one of the two.")
    }
    const { readFile, readInput } = yield* Shell
    return yield* bodyFile === "-"
      ? Effect.mapError(readInput, (reason) => wrongUsage(`Standard input could not be read: ${reason}.`))
      : Effect.mapError(readFile(bodyFile), (reason) =>
          wrongUsage(`--body-file: ${bodyFile} could not be read (${reason}).`)
        )
  })

const flowControlOf = ({
  flowControlKey: key,
  parallelism,
  period,
  rate
}: Input): Either.Either<FlowControl.Input | undefined, Failure> => {
  if (key === undefined) {
    return parallelism === undefined && rate === undefined && period === undefined
      ? Either.right(undefined)
      : Either.left(wrongUsage("A limit was given without --flow-control-key."))
  }
  if (parallelism !== undefined) return Either.right({ key, parallelism, rate, period })
  if (rate !== undefined) return Either.right({ key, rate, period })
  return Either.left(
    wrongUsage("--flow-control-key needs --flow-control-parallelism, --flow-control-rate, or both.")
  )
}

const redactOf = (
  texts: ReadonlyArray<string>
): Either.Either<NonNullable<MessageSettings.Input["redact"]>, Failure> => {
  let body = false
  let all = false
  const names: Array<string> = []
  for (const part of texts) {
    if (part === "body") body = true
    else if (part === "headers") all = true
    else if (part.startsWith("header:")) names.push(part.slice("header:".length).trim())
    else return Either.left(wrongUsage("--redact: expected body, headers, or header:Name."))
  }
  return Either.right({ body, headers: all || names })
}
