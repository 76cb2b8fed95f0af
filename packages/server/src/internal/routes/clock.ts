import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import * as InstantInput from "@effect-qstash/domain/input/InstantInput"
import { lastInstant, type VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { bodyOf, type Call, type Handlers } from "../call.ts"
import { quote } from "../cut.ts"
import { type Answer, json, Refusal } from "../http.ts"

/** The routes of the virtual clock. In real time there is no clock to set. */
export const clockRoutes = (clock: VirtualClock.Service | undefined): Handlers<"GetClock" | "AdvanceClock"> =>
  clock === undefined
    ? { GetClock: () => realTime, AdvanceClock: () => realTime }
    : {
        GetClock: () => show(clock),
        AdvanceClock: (call) => Effect.zipRight(advance(clock, call), show(clock))
      }

const realTime = Effect.suspend(
  () =>
    new Refusal({
      status: 404,
      error: "not found: this server runs in real time and has no clock to set"
    })
)

const show = (clock: VirtualClock.Service): Effect.Effect<Answer> =>
  Effect.map(clock.now, (now) => json({ now: DateTime.formatIso(now) }))

const decodeAdvance = Schema.decodeUnknownOption(
  Schema.parseJson(
    Schema.Struct({
      duration: Schema.optionalWith(Schema.String, { exact: true }),
      to: Schema.optionalWith(Schema.String, { exact: true })
    })
  )
)
const decodeDurationText = Schema.decodeOption(DurationText)

const advance = (clock: VirtualClock.Service, call: Call): Effect.Effect<void, Refusal> =>
  Effect.gen(function* () {
    const { duration, to } = Option.getOrElse(
      decodeAdvance(new TextDecoder().decode(yield* bodyOf(call))),
      (): { readonly duration?: string; readonly to?: string } => ({})
    )
    if ((duration === undefined) === (to === undefined)) {
      return yield* badRequest(
        'expected JSON with either "duration", such as "7 days", or "to", an instant such as "2027-01-01T00:00:00Z"'
      )
    }
    if (to !== undefined) {
      const instant = InstantInput.parse(to)
      if (Option.isNone(instant) || DateTime.greaterThan(instant.value, lastInstant)) {
        return yield* badRequest(`to: expected an instant such as "2027-01-01T00:00:00Z", got ${quote(to)}`)
      }
      return yield* Effect.catchTag(clock.advanceTo(instant.value), "VirtualTimePassed", (error) =>
        badRequest(`to: ${error.message}`)
      )
    }
    const span = durationOf(duration ?? "")
    if (Option.isNone(span)) {
      return yield* badRequest(
        `duration: expected a span such as "7 days" or "1d12h", got ${quote(duration ?? "")}`
      )
    }
    const checkEnd = Effect.flatMap(clock.now, (now) =>
      DateTime.distance(now, lastInstant) < Duration.toMillis(span.value)
        ? badRequest(`duration: ${quote(duration ?? "")} goes beyond the year 9999`)
        : Effect.void
    )
    yield* checkEnd
    // Another move may come first, so that only the clock itself sees that this one goes too far.
    yield* Effect.catchAllDefect(clock.advance(span.value), (defect) =>
      Effect.zipRight(checkEnd, Effect.die(defect))
    )
  })

/** Effect's spelling, or QStash's own. */
const durationOf = (text: string): Option.Option<Duration.Duration> =>
  Option.orElse(decodeDurationText(text), () => DurationInput.parse(text)).pipe(
    Option.filter((span) => Number.isSafeInteger(Duration.toMillis(span)))
  )

const badRequest = (error: string): Effect.Effect<never, Refusal> => new Refusal({ status: 400, error })
