/**
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { quote } from "../internal/quote.ts"

const secondsPerUnit: ReadonlyMap<string, number> = new Map([
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1]
])

/** A `Duration` holds milliseconds in a number, so more seconds than this would lose precision. */
const maxSeconds = Math.floor(Number.MAX_SAFE_INTEGER / 1000)

const WholeSeconds = Schema.DurationFromSelf.pipe(
  Schema.filter((duration) => secondsOf(duration) !== undefined, {
    message: (issue) => problem(issue.actual),
    arbitrary: () => (fc) =>
      fc
        .oneof(fc.nat(600), fc.nat(10 * 86_400), fc.integer({ min: 0, max: maxSeconds }))
        .map((seconds) => Duration.seconds(seconds))
  })
)

/**
 * A span as QStash writes it in `Upstash-Delay`, `Upstash-Timeout` and a flow-control period: whole numbers with the
 * units `d`, `h`, `m` and `s`, such as `1d10h30m`.
 *
 * Decodes groups in any order and sums them, and takes a bare integer for seconds; refuses fractions, signs and any
 * other unit. Encodes always with units, the largest first, and zero as `0s`. A `Duration` that is infinite or not in
 * whole seconds does not encode: whoever has one decides whether to round it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DurationText: Schema.Schema<Duration.Duration, string> = Schema.transformOrFail(
  Schema.String,
  WholeSeconds,
  {
    strict: true,
    decode: (text, _, ast) => {
      const seconds = parse(text)
      return seconds === undefined
        ? ParseResult.fail(new ParseResult.Type(ast, text))
        : ParseResult.succeed(Duration.seconds(seconds))
    },
    encode: (duration, _, ast) => {
      const seconds = secondsOf(duration)
      return seconds === undefined
        ? ParseResult.fail(new ParseResult.Type(ast, duration))
        : ParseResult.succeed(render(seconds))
    }
  }
).annotations({
  identifier: "DurationText",
  description: 'A span in whole seconds, such as "1d10h30m"',
  message: (issue) => ({ message: problem(issue.actual), override: true })
})

const grammar = /^(?:\d+|(?:\d+[dhms])+)$/

function parse(text: string): number | undefined {
  if (!grammar.test(text)) {
    return undefined
  }
  const grouped = /\d$/.test(text) ? `${text}s` : text
  let seconds = 0
  for (const group of grouped.split(/(?<=[dhms])/)) {
    seconds += Number(group.slice(0, -1)) * (secondsPerUnit.get(group.slice(-1)) ?? Number.NaN)
  }
  return seconds
}

function render(seconds: number): string {
  let rest = seconds
  let text = ""
  for (const [unit, size] of secondsPerUnit) {
    const count = Math.floor(rest / size)
    rest -= count * size
    text += count > 0 ? `${count}${unit}` : ""
  }
  return text === "" ? "0s" : text
}

function secondsOf(duration: Duration.Duration): number | undefined {
  const seconds = Duration.match(duration, {
    onMillis: (millis) => millis / 1000,
    onNanos: (nanos) => (nanos % 1_000_000_000n === 0n ? Number(nanos / 1_000_000_000n) : Number.NaN)
  })
  return Number.isInteger(seconds) && seconds >= 0 && seconds <= maxSeconds ? seconds : undefined
}

function problem(actual: unknown): string {
  if (typeof actual === "string") {
    return grammar.test(actual)
      ? `${quote(actual)} is longer than a duration can be: at most ${maxSeconds} seconds`
      : `${quote(actual)} is not a duration: expected whole numbers with the units d, h, m or s, such as "1d10h30m"`
  }
  return Duration.isDuration(actual)
    ? `A duration of ${Duration.format(actual)} cannot be sent: expected whole seconds, from 0 to ${maxSeconds}`
    : `Expected a duration such as "1d10h30m", got ${quote(actual)}`
}
