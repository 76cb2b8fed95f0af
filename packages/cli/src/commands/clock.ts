import { QStashUnauthorized, QStashUnavailable } from "@effect-qstash/domain/QStashError"
import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import { ErrorBody } from "@effect-qstash/domain/wire/ErrorBody"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Argument from "../Argument.ts"
import { command } from "../Command.ts"
import { failed } from "../Failure.ts"
import { inZone } from "../render/instant.ts"
import { cut, quoted } from "../render/text.ts"
import { explainUnsure, Target, withTarget } from "../Target.ts"
import * as flags from "./flags.ts"
import { printJson, printLines } from "./print.ts"
import { reader } from "./reader.ts"

const decodeNow = Schema.decodeOption(Schema.parseJson(Schema.Struct({ now: Schema.DateTimeUtc })))
const decodeError = Schema.decodeOption(Schema.parseJson(ErrorBody))

/** The server's longest reason names two instants. */
const longestReason = 300

/** No redirect is followed, since it would carry the token elsewhere. */
const fetching = FetchHttpClient.layer.pipe(
  Layer.provideMerge(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
)

/** Sends one request to the routes of the virtual clock, which QStash does not have, and returns the time. */
const call = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.gen(function* () {
    const { origin, token } = yield* Target
    const client = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
    const { body, status } = yield* client
      .execute(request.pipe(HttpClientRequest.prependUrl(origin), HttpClientRequest.bearerToken(token)))
      .pipe(
        Effect.flatMap((response) =>
          Effect.map(response.text, (text) => ({ body: text, status: response.status }))
        ),
        // The platform's errors print the token.
        Effect.mapError(() => new QStashUnavailable({ reason: `the connection to ${origin} failed` }))
      )
    const now = Option.filter(decodeNow(body), () => status === 200)
    if (Option.isSome(now)) return now.value.now
    const reason = Option.match(decodeError(body), {
      onNone: () => "no reason was given",
      onSome: ({ error }) => cut(error, longestReason)
    })
    if (status === 401 || status === 403) return yield* new QStashUnauthorized({ status, reason })
    if (status >= 500) return yield* new QStashUnavailable({ status, reason })
    if (status === 400) return yield* failed(`${reason}.`, "The clock was not moved.")
    return yield* failed(
      `${origin} has no clock that can be moved.`,
      "Only a server that was started with `effect-qstash dev --virtual-clock` has one."
    )
  }).pipe(Effect.provide(fetching))

/** Waits for everything that falls due on the way, however long that takes. */
const move = (by: { readonly duration: string } | { readonly to: string }) =>
  Effect.flatMap(Target, (target) =>
    Effect.catchTag(
      call(HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/dev/clock/advance"), by)),
      "QStashUnavailable",
      (error) =>
        Effect.fail(
          explainUnsure(
            error,
            target,
            "Whether the clock was moved is not known: look with `effect-qstash clock now`."
          )
        )
    )
  )

const show = (now: DateTime.Utc, json: boolean) =>
  Effect.gen(function* () {
    const iso = DateTime.formatIso(now)
    if (json) return yield* printJson({ now: iso })
    const { origin } = yield* Target
    const { zone } = yield* reader
    yield* printLines([
      `It is ${iso} at ${origin},`,
      `that is ${inZone(now, zone)} here (${DateTime.zoneToString(zone)}).`
    ])
  })

export const now = command({
  flags: { json: flags.json },
  run: ({ json }) =>
    call(HttpClientRequest.get("/dev/clock")).pipe(
      Effect.flatMap((instant) => show(instant, json)),
      withTarget
    )
})

const decodeSpan = Schema.decodeOption(DurationText)

/** QStash's spelling or Effect's, as the server reads it. A number other than 0 needs a unit. */
const isSpan = (text: string): boolean =>
  !/^\d*[1-9]\d*$/.test(text) && (Option.isSome(decodeSpan(text)) || Option.isSome(DurationInput.parse(text)))

const spanArgument = Argument.required(
  "span",
  (text) =>
    isSpan(text)
      ? Either.right(text)
      : Either.left(`expected a span such as 90m, 7d or "2 weeks", got ${quoted(text)}`),
  "How far, such as 1h30m, 7d or '2 weeks'."
)

export const advance = command({
  flags: { json: flags.json },
  arguments: { span: spanArgument },
  run: ({ json, span }) =>
    move({ duration: span }).pipe(
      Effect.flatMap((instant) => show(instant, json)),
      withTarget
    )
})

const instantArgument = Argument.required(
  "instant",
  flags.parseInstant,
  "An instant such as 2027-01-01T00:00:00Z, in UTC if it names no zone."
)

export const to = command({
  flags: { json: flags.json },
  arguments: { instant: instantArgument },
  run: ({ instant, json }) =>
    move({ to: DateTime.formatIso(instant) }).pipe(
      Effect.flatMap((reached) => show(reached, json)),
      withTarget
    )
})
