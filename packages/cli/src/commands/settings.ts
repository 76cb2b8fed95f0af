import { Destination } from "@effect-qstash/domain/Destination"
import { DeliveryMethod } from "@effect-qstash/domain/DeliveryMethod"
import { type FlowControl, FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as Args from "@effect/cli/Args"
import type * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type Failure, wrongUsage } from "../Failure.ts"
import { Shell } from "../Shell.ts"
import * as flags from "./flags.ts"

const optionalText = (name: string, description: string, pseudoName = "text") =>
  Options.text(name).pipe(
    Options.withPseudoName(pseudoName),
    Options.optional,
    Options.withDescription(description)
  )

/** How messages are delivered: the options of whatever makes messages. */
export const options = {
  method: Options.choice("method", DeliveryMethod.literals).pipe(
    Options.optional,
    Options.withDescription("The HTTP method of each delivery (default POST).")
  ),
  header: Options.text("header").pipe(
    Options.withPseudoName("name:value"),
    Options.repeated,
    Options.withDescription(
      "A header of each delivery, such as 'Content-Type: application/json'. May be repeated."
    )
  ),
  body: optionalText("body", "The body of each delivery."),
  bodyFile: Options.text("body-file").pipe(
    Options.withPseudoName("path"),
    Options.optional,
    Options.withDescription("A file that holds the body; - is standard input.")
  ),
  retries: flags.optionalCount("retries", 0, "How often a failed delivery is tried again (default 3)."),
  retryDelay: optionalText(
    "retry-delay",
    "The wait before a retry in milliseconds, as an expression over `retried`, such as 'pow(2, retried) * 1000'.",
    "expression"
  ),
  timeout: flags.optionalSpan("timeout", "The longest that one delivery may take, such as 30s."),
  delay: flags.optionalSpan("delay", "How long each message waits before its first delivery, such as 1h30m."),
  callback: optionalText("callback", "A URL that is notified of every delivery.", "url"),
  failureCallback: optionalText(
    "failure-callback",
    "A URL that is notified of a message that has failed for good.",
    "url"
  ),
  queue: flags
    .decoded("queue", QueueName)
    .pipe(
      Options.withPseudoName("name"),
      Options.optional,
      Options.withDescription("The queue that the messages go through.")
    ),
  flowControlKey: flags
    .decoded("flow-control-key", FlowControlKey)
    .pipe(
      Options.withPseudoName("key"),
      Options.optional,
      Options.withDescription("Names the limit that the messages share.")
    ),
  parallelism: flags.optionalCount(
    "flow-control-parallelism",
    1,
    "How many deliveries of the key may be under way at once."
  ),
  rate: flags.optionalCount(
    "flow-control-rate",
    1,
    "How many deliveries of the key may start within a period."
  ),
  period: flags.optionalSpan("flow-control-period", "The period of the rate (default 1s)."),
  label: Options.text("label").pipe(
    Options.repeated,
    Options.withDescription("Marks the messages in QStash's logs. May be repeated.")
  ),
  redact: Options.text("redact").pipe(
    Options.withPseudoName("what"),
    Options.repeated,
    Options.withDescription(
      "What QStash keeps out of its responses: body, headers, or header:Name. May be repeated."
    )
  )
}

/** Where messages go: a URL, or a URL group by its option, since a bare name may well be a URL without its scheme. */
export const target = {
  urlGroup: flags
    .decoded("url-group", UrlGroupName)
    .pipe(
      Options.withPseudoName("name"),
      Options.optional,
      Options.withDescription("The URL group that the messages go to, instead of a URL.")
    ),
  destination: flags
    .word("destination")
    .pipe(Args.optional, Args.withDescription("The http or https URL that the messages go to."))
}

type Given = Command.Command.ParseConfig<typeof options>

/** The settings of the library that the options stand for. */
export const read = (
  given: Given
): Effect.Effect<MessageSettings.Input, Failure, FileSystem.FileSystem | Shell> =>
  Effect.gen(function* () {
    return {
      method: Option.getOrUndefined(given.method),
      headers: yield* headersOf(given.header),
      body: yield* bodyOf(given),
      retries: Option.getOrUndefined(given.retries),
      retryDelay: Option.getOrUndefined(given.retryDelay),
      timeout: Option.getOrUndefined(given.timeout),
      delay: Option.getOrUndefined(given.delay),
      callback: Option.getOrUndefined(given.callback),
      failureCallback: Option.getOrUndefined(given.failureCallback),
      queueName: Option.getOrUndefined(given.queue),
      flowControl: yield* flowControlOf(given),
      labels: given.label,
      redact: yield* redactOf(given.redact)
    }
  })

export const readTarget = (
  given: Command.Command.ParseConfig<typeof target>
): Either.Either<Destination, Failure> => {
  if (Option.isSome(given.urlGroup)) {
    return Option.isNone(given.destination)
      ? Either.right({ urlGroup: given.urlGroup.value })
      : Either.left(wrongUsage("Both a destination and --url-group were given.", "Give one of the two."))
  }
  if (Option.isNone(given.destination)) {
    return Either.left(
      wrongUsage("No destination was given.", "Give the URL that the messages go to, or --url-group.")
    )
  }
  const text = given.destination.value
  return Either.mapBoth(Destination.parse(text), {
    onLeft: (reason) =>
      wrongUsage(`<destination>: ${reason}.`, "A URL group is named with --url-group. Nothing was sent."),
    onRight: () => text
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
    const reason = error.reason.replace(
      /^(goes not together with |cannot be combined with )(\w+)$/,
      (_, start, other) => `${start}${optionNames[other] ?? other}`
    )
    return wrongUsage(
      name === undefined ? `${reason}.` : `${name}: ${reason}.`,
      `Nothing was sent. \`effect-qstash ${command} --help\` explains each option.`
    )
  }

const headersOf = (given: ReadonlyArray<string>): Either.Either<MessageSettings.HeadersInput, Failure> => {
  const headers = new Map<string, Array<string>>()
  for (const header of given) {
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

const bodyOf = (
  given: Given
): Effect.Effect<string | Uint8Array | undefined, Failure, FileSystem.FileSystem | Shell> =>
  Effect.gen(function* () {
    if (Option.isNone(given.bodyFile)) return Option.getOrUndefined(given.body)
    if (Option.isSome(given.body)) {
      return yield* wrongUsage("Both --body and --body-file were given.", "Give one of the two.")
    }
    const path = given.bodyFile.value
    if (path === "-") {
      const { readInput } = yield* Shell
      return yield* Effect.mapError(readInput, (reason) =>
        wrongUsage(`Standard input could not be read: ${reason}.`)
      )
    }
    const files = yield* FileSystem.FileSystem
    return yield* Effect.mapError(files.readFile(path), (error) =>
      wrongUsage(
        `--body-file: ${path} could not be read (${error._tag === "SystemError" ? error.reason : error._tag}).`
      )
    )
  })

const flowControlOf = (given: Given): Either.Either<FlowControl.Input | undefined, Failure> => {
  const parallelism = Option.getOrUndefined(given.parallelism)
  const rate = Option.getOrUndefined(given.rate)
  const period = Option.getOrUndefined(given.period)
  if (Option.isNone(given.flowControlKey)) {
    return parallelism === undefined && rate === undefined && period === undefined
      ? Either.right(undefined)
      : Either.left(wrongUsage("A limit was given without --flow-control-key."))
  }
  const key = given.flowControlKey.value
  if (parallelism !== undefined) return Either.right({ key, parallelism, rate, period })
  if (rate !== undefined) return Either.right({ key, rate, period })
  return Either.left(
    wrongUsage("--flow-control-key needs --flow-control-parallelism, --flow-control-rate, or both.")
  )
}

const redactOf = (
  given: ReadonlyArray<string>
): Either.Either<NonNullable<MessageSettings.Input["redact"]>, Failure> => {
  let body = false
  let all = false
  const names: Array<string> = []
  for (const part of given) {
    if (part === "body") body = true
    else if (part === "headers") all = true
    else if (part.startsWith("header:")) names.push(part.slice("header:".length).trim())
    else return Either.left(wrongUsage("--redact: expected body, headers, or header:Name."))
  }
  return Either.right({ body, headers: all || names })
}
