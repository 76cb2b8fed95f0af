import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { DeliveryMethod } from "@effect-qstash/domain/DeliveryMethod"
import { type FlowControl, FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type Failure, wrongUsage } from "../Failure.ts"
import { inZone, zoneOfCron } from "../render/instant.ts"
import { printable } from "../render/text.ts"
import { Shell } from "../Shell.ts"
import { Target, withTarget } from "../Target.ts"
import * as flags from "./flags.ts"
import { printJson, printLines } from "./print.ts"
import { reader } from "./reader.ts"

const optionalText = (name: string, description: string, pseudoName = "text") =>
  Options.text(name).pipe(
    Options.withPseudoName(pseudoName),
    Options.optional,
    Options.withDescription(description)
  )

const optionalDuration = (name: string, description: string) =>
  flags
    .decoded(name, DurationText)
    .pipe(Options.withPseudoName("span"), Options.optional, Options.withDescription(description))

const optionalCount = (name: string, least: number, description: string) =>
  flags
    .wholeNumber(name, least, Number.MAX_SAFE_INTEGER)
    .pipe(Options.optional, Options.withDescription(description))

const config = {
  cron: Options.text("cron").pipe(
    Options.withPseudoName("expression"),
    Options.withDescription(
      'When it fires (required), in quotes: "0 4 * * *" is in UTC, "CRON_TZ=Europe/Berlin 0 4 * * *" in Berlin.'
    )
  ),
  id: flags
    .decoded("id", ScheduleId)
    .pipe(
      Options.optional,
      Options.withDescription(
        "Names the schedule. One with this id is overwritten in all its settings (default a fresh id)."
      )
    ),
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
  retries: optionalCount("retries", 0, "How often a failed delivery is tried again (default 3)."),
  retryDelay: optionalText(
    "retry-delay",
    "The wait before a retry in milliseconds, as an expression over `retried`, such as 'pow(2, retried) * 1000'.",
    "expression"
  ),
  timeout: optionalDuration("timeout", "The longest that one delivery may take, such as 30s."),
  delay: optionalDuration(
    "delay",
    "How long each message waits after the schedule has fired, such as 1h30m."
  ),
  callback: optionalText("callback", "A URL that is told of every delivery.", "url"),
  failureCallback: optionalText(
    "failure-callback",
    "A URL that is told of a message that has failed for good.",
    "url"
  ),
  queue: flags
    .decoded("queue", QueueName)
    .pipe(Options.optional, Options.withDescription("The queue that the messages go through.")),
  flowControlKey: flags
    .decoded("flow-control-key", FlowControlKey)
    .pipe(Options.optional, Options.withDescription("Names the limit that the messages share.")),
  parallelism: optionalCount(
    "flow-control-parallelism",
    1,
    "How many deliveries of the key may be under way at once."
  ),
  rate: optionalCount("flow-control-rate", 1, "How many deliveries of the key may start within a period."),
  period: optionalDuration("flow-control-period", "The period of the rate (default 1s)."),
  label: Options.text("label").pipe(
    Options.repeated,
    Options.withDescription("Marks the messages in QStash's logs. May be repeated.")
  ),
  redact: Options.text("redact").pipe(
    Options.withPseudoName("what"),
    Options.repeated,
    Options.withDescription(
      "What QStash keeps out of its answers: body, headers, or header:Name. May be repeated."
    )
  ),
  json: flags.json,
  destination: Args.text({ name: "destination" }).pipe(
    Args.withDescription("The http or https URL that the messages go to.")
  )
}

export const create = Command.make("create", config, (options) =>
  Effect.gen(function* () {
    const input: CreateSchedule.Input = {
      scheduleId: Option.getOrUndefined(options.id),
      cron: options.cron,
      destination: options.destination,
      method: Option.getOrUndefined(options.method),
      headers: yield* headersOf(options.header),
      body: yield* bodyOf(options),
      retries: Option.getOrUndefined(options.retries),
      retryDelay: Option.getOrUndefined(options.retryDelay),
      timeout: Option.getOrUndefined(options.timeout),
      delay: Option.getOrUndefined(options.delay),
      callback: Option.getOrUndefined(options.callback),
      failureCallback: Option.getOrUndefined(options.failureCallback),
      queueName: Option.getOrUndefined(options.queue),
      flowControl: yield* flowControlOf(options),
      labels: options.label,
      redact: yield* redactOf(options.redact)
    }
    const schedules = yield* QStashSchedules
    const scheduleId = yield* Effect.catchTag(schedules.create(input), "QStashInvalidRequest", (error) =>
      Effect.fail(error.status === undefined ? refusedBeforeSending(error) : error)
    )
    if (options.json) return yield* printJson({ scheduleId })

    const { origin } = yield* Target
    const { zone } = yield* reader
    // The server's own answer, since its clock may be a virtual one. The schedule stands without it.
    const stored = yield* Effect.option(schedules.get(scheduleId))
    const firing = Option.flatMapNullable(stored, ({ nextScheduleTime }) => nextScheduleTime)
    yield* printLines([
      `Created ${printable(scheduleId)} at ${origin}.`,
      ...Option.match(firing, {
        onNone: () => [],
        onSome: (instant) => {
          const own = zoneOfCron(options.cron)
          return [
            `It fires next on ${inZone(instant, own)} ${DateTime.zoneToString(own)},`,
            `that is ${inZone(instant, zone)} here (${DateTime.zoneToString(zone)}).`
          ]
        }
      })
    ])
  }).pipe(withTarget)
).pipe(Command.withDescription("Create a schedule, or overwrite the one with the same id."))

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
  "callback.url": "--callback",
  "failureCallback.url": "--failure-callback",
  queueName: "--queue",
  "flowControl.key": "--flow-control-key",
  "flowControl.parallelism": "--flow-control-parallelism",
  "flowControl.rate": "--flow-control-rate",
  "flowControl.period": "--flow-control-period",
  labels: "--label",
  redact: "--redact"
}

const refusedBeforeSending = ({ field = "", reason }: QStashInvalidRequest): Failure => {
  const name = optionNames[field]
  return wrongUsage(
    name === undefined ? `${reason}.` : `${name}: ${reason}.`,
    "Nothing was sent. `effect-qstash schedules create --help` explains each option."
  )
}

const headersOf = (given: ReadonlyArray<string>): Either.Either<CreateSchedule.HeadersInput, Failure> => {
  const headers = new Map<string, ReadonlyArray<string>>()
  for (const header of given) {
    const colon = header.indexOf(":")
    // The text itself stays out of the error: without a colon it may well be a bare value.
    if (colon < 1) return Either.left(wrongUsage('--header: expected "Name: value".'))
    const name = header.slice(0, colon).trim()
    headers.set(name, [...(headers.get(name) ?? []), header.slice(colon + 1).trim()])
  }
  return Either.right(Object.fromEntries(headers))
}

const bodyOf = (options: {
  readonly body: Option.Option<string>
  readonly bodyFile: Option.Option<string>
}): Effect.Effect<string | Uint8Array | undefined, Failure, FileSystem.FileSystem | Shell> =>
  Effect.gen(function* () {
    if (Option.isNone(options.bodyFile)) return Option.getOrUndefined(options.body)
    if (Option.isSome(options.body)) {
      return yield* wrongUsage("Both --body and --body-file were given.", "Give one of the two.")
    }
    const path = options.bodyFile.value
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

const flowControlOf = (options: {
  readonly flowControlKey: Option.Option<FlowControlKey>
  readonly parallelism: Option.Option<number>
  readonly rate: Option.Option<number>
  readonly period: Option.Option<Duration.Duration>
}): Either.Either<FlowControl.Input | undefined, Failure> => {
  const parallelism = Option.getOrUndefined(options.parallelism)
  const rate = Option.getOrUndefined(options.rate)
  const period = Option.getOrUndefined(options.period)
  if (Option.isNone(options.flowControlKey)) {
    return parallelism === undefined && rate === undefined && period === undefined
      ? Either.right(undefined)
      : Either.left(wrongUsage("A limit was given without --flow-control-key."))
  }
  const key = options.flowControlKey.value
  if (parallelism !== undefined) return Either.right({ key, parallelism, rate, period })
  if (rate !== undefined) return Either.right({ key, rate, period })
  return Either.left(
    wrongUsage("--flow-control-key needs --flow-control-parallelism, --flow-control-rate, or both.")
  )
}

const redactOf = (
  given: ReadonlyArray<string>
): Either.Either<NonNullable<CreateSchedule.Input["redact"]>, Failure> => {
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
