import * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import { textCodec } from "../internal/effectSchema.ts"
import { quote } from "../internal/quote.ts"

const secondsPerUnit: ReadonlyMap<string, number> = new Map([
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1]
])

/** A `Duration` holds milliseconds in a number, so more seconds than this would lose precision. */
const maxSeconds = Math.floor(Number.MAX_SAFE_INTEGER / 1000)

/**
 * A duration as QStash writes it in `Upstash-Delay`, `Upstash-Timeout` and a flow-control period: whole numbers with
 * the units `d`, `h`, `m` and `s`, such as `1d10h30m`.
 *
 * Decoding takes groups in any order and adds them up, and a bare integer is in seconds; fractions, signs and other
 * units are errors. Encoding always writes units, the largest first, and zero as `0s`. A `Duration` that is infinite or
 * not in whole seconds does not encode: the caller decides whether to round it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DurationText: Schema.Schema<Duration.Duration, string> = textCodec({
  identifier: "DurationText",
  description: 'A span in whole seconds, such as "1d10h30m"',
  typeIdentifier: "Duration",
  is: Duration.isDuration,
  arbitrary: (fc) =>
    fc
      .oneof(fc.nat(600), fc.nat(10 * 86_400), fc.integer({ min: 0, max: maxSeconds }))
      .map((seconds) => Duration.seconds(seconds)),
  decode: (text) => {
    const seconds = parse(text)
    return seconds === undefined || seconds > maxSeconds ? undefined : Duration.seconds(seconds)
  },
  encode: (duration) => {
    const seconds = secondsOf(duration)
    return seconds === undefined ? undefined : render(seconds)
  },
  problem
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
  const [seconds, nanos] = Duration.toHrTime(duration)
  return nanos === 0 && seconds >= 0 && seconds <= maxSeconds ? seconds : undefined
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
