import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import { identity } from "effect/Function"
import * as Hash from "effect/Hash"
import { type Inspectable, NodeInspectSymbol } from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type ParsedCron, parseCron, trim } from "./internal/cronParser.ts"
import { clockChanges } from "./internal/clockChanges.ts"
import { nextFiring, previousFiring } from "./internal/cronSearch.ts"
import { CronTable } from "./internal/cronTable.ts"
import { textCodec } from "./internal/effectSchema.ts"
import { quote } from "./internal/quote.ts"
import { type TimeZone } from "./internal/timeZone.ts"
import * as InstantInput from "./input/InstantInput.ts"

const TypeId: unique symbol = Symbol.for("@effect-qstash/domain/CronExpression")

/**
 * The text is not a valid cron expression. `reason` is QStash's own text, without `Invalid cron expression ` at its
 * start. It quotes at most 100 characters of the expression.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidCronExpression extends Schema.TaggedError<InvalidCronExpression>()(
  "InvalidCronExpression",
  { reason: Schema.String }
) {
  override get message(): string {
    return `Invalid cron expression ${this.reason}`
  }
}

/** @since 0.1.0 */
export declare namespace CronExpression {
  /**
   * A local time that an expression names and at which it does not fire exactly once, because the clocks change.
   *
   * @since 0.1.0
   * @category models
   */
  export interface ClockChange {
    /**
     * - `skipped`: the clock never shows that time, so the schedule does not fire.
     * - `repeated`: the clock shows that time twice, and the schedule fires twice.
     * - `missed`: the clock shows that time, but the schedule does not fire. This is a bug of robfig/cron, the library
     *   that QStash uses: it can miss firings after a change that skips or repeats midnight, or that is not one full hour.
     */
    readonly kind: "skipped" | "repeated" | "missed"
    /** The time on the clock, in the expression's zone, such as `2026-03-29T02:30`. */
    readonly localTime: string
    /** When the clocks change. */
    readonly changeAt: DateTime.Utc
    /**
     * When the clock shows that time: never if it is skipped, twice if it is repeated. If it is missed, the one instant at
     * which the schedule should fire and does not.
     */
    readonly instants: ReadonlyArray<DateTime.Utc>
  }
}

/**
 * When a schedule fires: five fields (minute, hour, day of month, month, day of week) or one of `@yearly`, `@annually`,
 * `@monthly`, `@weekly`, `@daily`, `@midnight` and `@hourly`, after an optional `CRON_TZ=<IANA zone> ` or `TZ=…`. UTC
 * where no zone is given. Two expressions are equal if their texts are.
 *
 * Behaves like `ParseStandard` of Go's robfig/cron v3, which QStash's responses show it uses:
 * - If both day fields restrict the day, it has to match only one of them. A field does not restrict if it is `*`, `?` or
 *   one of these with the step 1.
 * - `n/step` runs from `n` to the field's maximum. Ranges do not wrap around. Sunday is 0, not 7.
 * - A local time that a clock change skips does not fire that day. One that is repeated fires twice. See `clockChanges`.
 * - After a change that skips or repeats midnight, or that is not one full hour, robfig/cron can miss firings, or fire on
 *   the day without midnight instead of the day before. So does this class; `clockChanges` lists the missed ones. It
 *   differs only where robfig/cron would go back in time or never end: there it takes the next matching minute.
 *
 * Time zone rules come from `Intl`.
 *
 * @example
 * import { CronExpression } from "@effect-qstash/domain"
 *
 * const nightly = CronExpression.make("CRON_TZ=Europe/Berlin 0 4 * * *")
 * nightly.upcoming(2, "2026-03-28T12:00:00Z") // 2026-03-29T02:00:00Z and 2026-03-30T02:00:00Z
 *
 * @since 0.1.0
 * @category models
 */
export class CronExpression implements Equal.Equal, Inspectable {
  readonly [TypeId] = TypeId
  /** The expression as it was written, without white space around it: the value of `Upstash-Cron`. */
  readonly text: string
  readonly #zone: TimeZone
  readonly #table: CronTable

  private constructor(text: string, { fields, timeZone }: ParsedCron) {
    this.text = text
    this.#zone = timeZone
    this.#table = new CronTable(fields)
  }

  /** Parses an expression, or fails with QStash's own text for what is wrong. */
  static parse(text: string): Either.Either<CronExpression, InvalidCronExpression> {
    // Callers without TypeScript can pass anything.
    if (typeof text !== "string") {
      return Either.left(new InvalidCronExpression({ reason: `${quote(text)}: expected text` }))
    }
    const trimmed = trim(text)
    return Either.mapBoth(parseCron(trimmed), {
      onLeft: (reason) => new InvalidCronExpression({ reason }),
      onRight: (parsed) => new CronExpression(trimmed, parsed)
    })
  }

  /** Like `parse`, but throws the `InvalidCronExpression`. */
  static make(text: string): CronExpression {
    return Either.getOrThrowWith(CronExpression.parse(text), identity)
  }

  /** Encodes an expression as its text. */
  static readonly FromString: Schema.Schema<CronExpression, string> = textCodec({
    identifier: "CronExpressionFromString",
    typeIdentifier: "CronExpression",
    is: isCronExpression,
    arbitrary: (fc) =>
      fc
        .tuple(
          fc.constantFrom("", "CRON_TZ=Europe/Berlin ", "TZ=America/New_York "),
          fc.constantFrom("*", "?", "*/5", "0,30", "10-50/20"),
          fc.constantFrom("*", "2", "9-17", "*/6"),
          fc.constantFrom("*", "?", "1", "31", "*/10"),
          fc.constantFrom("*", "2", "JAN,JUL", "3/3"),
          fc.constantFrom("*", "?", "0", "MON-FRI")
        )
        .map(([prefix, ...fields]) => CronExpression.make(prefix + fields.join(" "))),
    decode: (text) => Either.getOrUndefined(CronExpression.parse(text)),
    encode: ({ text }) => text,
    problem
  })

  /** The IANA name of the zone in which the fields are read, as it was written; `UTC` if none was. */
  get timeZone(): string {
    return this.#zone.name
  }

  /**
   * The first firing strictly after an instant, on a full minute. `None` if there is none by the end of the fifth
   * calendar year after it, where robfig/cron gives up too (`0 0 31 2 *` never fires).
   */
  next(after: DateTime.DateTime.Input): Option.Option<DateTime.Utc> {
    const millis = this.nextMillis(InstantInput.millisOf("after", after))
    return millis === undefined ? Option.none() : Option.some(DateTime.unsafeMake(millis))
  }

  /**
   * The latest firing at or before an instant. `None` if there is none since the start of the fifth calendar year before
   * it.
   *
   * This includes firings that a schedule misses because of a clock change (see `clockChanges`): `next` still finds such
   * a firing if it starts one second before it.
   */
  previous(atOrBefore: DateTime.DateTime.Input): Option.Option<DateTime.Utc> {
    const millis = previousFiring(this.#table, this.#zone, InstantInput.millisOf("atOrBefore", atOrBefore))
    return millis === undefined ? Option.none() : Option.some(DateTime.unsafeMake(millis))
  }

  /** The first `count` firings after an instant, in order; fewer if `next` finds no more. */
  upcoming(count: number, after: DateTime.DateTime.Input): ReadonlyArray<DateTime.Utc> {
    const firings: Array<DateTime.Utc> = []
    let millis = this.nextMillis(InstantInput.millisOf("after", after))
    while (millis !== undefined && firings.length < count) {
      firings.push(DateTime.unsafeMake(millis))
      millis = this.nextMillis(millis)
    }
    return firings
  }

  /** Like `next`, but in milliseconds since 1970-01-01T00:00Z, for hot loops that should not allocate. */
  nextMillis(after: number): number | undefined {
    return nextFiring(this.#table, this.#zone, after)
  }

  /**
   * The local times at which this expression does not fire exactly once, because its zone changes the clocks between
   * `from` (inclusive) and `until` (exclusive).
   *
   * If the hour field matches all 24 hours, nothing is listed as skipped or repeated: the schedule keeps its rhythm
   * through the change. Missed times are those of the calendar at which `upcoming`, started at `from`, has no firing.
   * Each local time is one entry, so a whole hour of minutes (`* 2 * * *`) is sixty entries.
   */
  clockChanges(
    from: DateTime.DateTime.Input,
    until: DateTime.DateTime.Input
  ): ReadonlyArray<CronExpression.ClockChange> {
    const start = InstantInput.millisOf("from", from)
    const end = InstantInput.millisOf("until", until)
    return clockChanges(this.#table, this.#zone, start, end).map(({ changeAt, instants, kind, local }) => ({
      kind,
      localTime: new Date(local).toISOString().slice(0, -":00.000Z".length),
      changeAt: DateTime.unsafeMake(changeAt),
      instants: instants.map((millis) => DateTime.unsafeMake(millis))
    }))
  }

  [Equal.symbol](that: unknown): boolean {
    return isCronExpression(that) && this.text === that.text
  }

  [Hash.symbol](): number {
    return Hash.string(this.text)
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }

  [NodeInspectSymbol](): string {
    return `CronExpression(${JSON.stringify(this.text)})`
  }
}

/**
 * Whether a value is a parsed expression; many options also take its text.
 *
 * @since 0.1.0
 * @category guards
 */
export function isCronExpression(value: unknown): value is CronExpression {
  return Predicate.hasProperty(value, TypeId)
}

function problem(actual: unknown): string {
  return typeof actual === "string"
    ? Either.match(CronExpression.parse(actual), {
        onLeft: (error) => error.message,
        onRight: () => "Expected a CronExpression, got its text"
      })
    : `Expected a cron expression, got ${quote(actual)}`
}
