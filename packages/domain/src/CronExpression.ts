/**
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import { identity } from "effect/Function"
import * as Hash from "effect/Hash"
import { type Inspectable, NodeInspectSymbol } from "effect/Inspectable"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type ParsedCron, parseCron, trim } from "./internal/cronParser.ts"
import { clockChanges } from "./internal/clockChanges.ts"
import { nextFiring, previousFiring } from "./internal/cronSearch.ts"
import { CronTable } from "./internal/cronTable.ts"
import { quote } from "./internal/quote.ts"
import { type TimeZone } from "./internal/timeZone.ts"
import * as InstantInput from "./input/InstantInput.ts"

const TypeId: unique symbol = Symbol.for("@effect-qstash/domain/CronExpression")

/**
 * A text that is no cron expression. `reason` is what QStash answers after `Invalid cron expression `, word for word,
 * except that no more than 100 characters of the text are repeated.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidCronExpression extends Schema.TaggedError<InvalidCronExpression>(
  "@effect-qstash/domain/InvalidCronExpression"
)("InvalidCronExpression", { reason: Schema.String }) {
  override get message(): string {
    return `Invalid cron expression ${this.reason}`
  }
}

/**
 * @since 0.1.0
 */
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
     * - `missed`: the clock shows that time, but the schedule does not fire. The search of robfig/cron goes wrong when it
     *   crosses a change that skips or repeats a midnight or is not of one full hour, and can lose firings after it.
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
 * Reads and fires as Go's robfig/cron v3 `ParseStandard` does, which the answers of QStash give away. Mind that
 * - a day has to match both day fields if one of them is `*` or `?`, but only either of them if both restrict it, and
 *   a step above 1 restricts;
 * - `n/step` runs from `n` to the field's maximum, ranges do not wrap around, and Sunday is 0 but not 7;
 * - a local time that a change of the clocks skips does not fire that day, and one that it repeats fires twice: see
 *   `clockChanges`;
 * - after a change that skips or repeats a midnight, or that is not of one full hour, robfig/cron can miss firings, or
 *   fire on the day without midnight in place of the day before, and so does this: `clockChanges` lists what is missed.
 *   Only if robfig/cron would go back in time or never end does this go on to the next matching minute.
 *
 * The zones' rules are those that `Intl` brings along.
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

  /** Reads an expression, or says in the words of QStash why it is none. */
  static parse(text: string): Either.Either<CronExpression, InvalidCronExpression> {
    // From code without types.
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

  /** The expression as the text it is on the wire. */
  static readonly FromString: Schema.Schema<CronExpression, string> = Schema.transformOrFail(
    Schema.String,
    Schema.declare(isCronExpression, {
      identifier: "CronExpression",
      arbitrary: () => (fc) =>
        fc
          .tuple(
            fc.constantFrom("", "CRON_TZ=Europe/Berlin ", "TZ=America/New_York "),
            fc.constantFrom("*", "?", "*/5", "0,30", "10-50/20"),
            fc.constantFrom("*", "2", "9-17", "*/6"),
            fc.constantFrom("*", "?", "1", "31", "*/10"),
            fc.constantFrom("*", "2", "JAN,JUL", "3/3"),
            fc.constantFrom("*", "?", "0", "MON-FRI")
          )
          .map(([prefix, ...fields]) => CronExpression.make(prefix + fields.join(" ")))
    }),
    {
      strict: true,
      decode: (text, _, ast) =>
        Either.mapLeft(CronExpression.parse(text), (error) => new ParseResult.Type(ast, text, error.message)),
      encode: (expression) => ParseResult.succeed(expression.text)
    }
  ).annotations({
    identifier: "CronExpressionFromString",
    message: (issue) => ({ message: problem(issue.actual), override: true })
  })

  /** The IANA name of the zone in which the fields are read, as it was written; `UTC` if none was. */
  get timeZone(): string {
    return this.#zone.name
  }

  /**
   * The first firing strictly after an instant, on a full minute. None if there is none up to the end of the fifth
   * calendar year after it, where robfig/cron gives up as well (`0 0 31 2 *` never fires).
   */
  next(after: DateTime.DateTime.Input): Option.Option<DateTime.Utc> {
    const millis = this.nextMillis(InstantInput.millisOf("after", after))
    return millis === undefined ? Option.none() : Option.some(DateTime.unsafeMake(millis))
  }

  /**
   * The latest firing at or before an instant. None if there is none back to the start of the fifth calendar year before
   * it.
   *
   * Finds every instant that `next` returns, and no other. A firing is then one that `next` finds from the second before
   * it, so one that a schedule loses to a change of the clocks (see `clockChanges`) counts.
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

  /** `next` on milliseconds since 1970-01-01T00:00Z, for loops in which each object counts. */
  nextMillis(after: number): number | undefined {
    return nextFiring(this.#table, this.#zone, after)
  }

  /**
   * The local times of this expression that the changes of the zone's clocks (daylight saving time or another) skip,
   * repeat or make it miss, for the changes from `from` on and before `until`.
   *
   * An expression whose hour field matches all 24 hours keeps its pace through a change, so nothing is listed as skipped
   * or repeated for it. What is missed is found by comparing the calendar with the firings that `upcoming` returns from
   * `from` on. Each local time is an entry of its own, so a whole hour of minutes (`* 2 * * *`) makes sixty entries.
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
 * Tells a parsed expression from its text, where an option takes both.
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
        onRight: () => "Expected a CronExpression, actual its text"
      })
    : `Expected a cron expression, actual ${quote(actual)}`
}
