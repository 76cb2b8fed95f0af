/**
 * How a flow-control key and the limit of the account stand in an answer, and how the limits travel that are to be
 * pinned or not any more. Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { FlowControlKeyFromAnswer } from "../FlowControl.ts"
import type { FlowControlState, GlobalParallelism } from "../FlowControlState.ts"
import { checkPin, checkUnpin, type Pinned, type Unpinned } from "../input/FlowControlInput.ts"
import { type Checked, optional as option, parseCount } from "../internal/optionChecks.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { quote } from "../internal/quote.ts"
import {
  Count,
  optional,
  zeroToUndefined,
  decoder,
  Seconds,
  secondsOrNone,
  toMillis,
  toSeconds
} from "../internal/record.ts"
import { durationText, flagText } from "../internal/settings.ts"

/** The last second that JavaScript can tell. */
const lastSecond = 8_640_000_000_000

const readJson = decoder(
  Schema.Struct({
    flowControlKey: FlowControlKeyFromAnswer,
    waitListSize: optional(Count),
    parallelismMax: optional(Count),
    parallelismCount: optional(Count),
    rateMax: optional(Count),
    rateCount: optional(Count),
    ratePeriod: optional(Seconds),
    ratePeriodStart: optional(Schema.Number.pipe(Schema.between(0, lastSecond))),
    isPaused: optional(Schema.Boolean),
    isPinnedParallelism: optional(Schema.Boolean),
    isPinnedRate: optional(Schema.Boolean)
  })
)

/**
 * Reads a key of an answer. QStash may leave out all but the key, and writes 0 for a limit that there is none of. The
 * reason of a refusal names the field and nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<FlowControlState, string> =>
  Either.map(readJson(json), (record) => {
    const start = zeroToUndefined(record.ratePeriodStart)
    return {
      flowControlKey: record.flowControlKey,
      waitListSize: record.waitListSize ?? 0,
      parallelismCount: record.parallelismCount ?? 0,
      rateCount: record.rateCount ?? 0,
      isPaused: record.isPaused ?? false,
      isPinnedParallelism: record.isPinnedParallelism ?? false,
      isPinnedRate: record.isPinnedRate ?? false,
      ...omitUndefined({
        parallelismMax: zeroToUndefined(record.parallelismMax),
        rateMax: zeroToUndefined(record.rateMax),
        ratePeriod: secondsOrNone(zeroToUndefined(record.ratePeriod)),
        ratePeriodStart: start === undefined ? undefined : DateTime.unsafeMake(start * 1000)
      })
    }
  })

/**
 * Writes a key as QStash answers it: every field is there, 0 where there is no limit.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (state: FlowControlState): unknown => ({
  flowControlKey: state.flowControlKey,
  waitListSize: state.waitListSize,
  parallelismMax: state.parallelismMax ?? 0,
  parallelismCount: state.parallelismCount,
  rateMax: state.rateMax ?? 0,
  rateCount: state.rateCount,
  ratePeriod: toSeconds(state.ratePeriod) ?? 0,
  ratePeriodStart: Math.floor((toMillis(state.ratePeriodStart) ?? 0) / 1000),
  isPaused: state.isPaused,
  isPinnedParallelism: state.isPinnedParallelism,
  isPinnedRate: state.isPinnedRate
})

const readGlobal = decoder(
  Schema.Struct({ parallelismMax: optional(Count), parallelismCount: optional(Count) })
)

/**
 * Reads the limit of the account. QStash may leave out what is 0.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeGlobal = (json: unknown): Either.Either<GlobalParallelism, string> =>
  Either.map(readGlobal(json), ({ parallelismCount = 0, parallelismMax = 0 }) => ({
    parallelismMax,
    parallelismCount
  }))

/**
 * Writes the limit of the account as QStash answers it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeGlobal = ({ parallelismCount, parallelismMax }: GlobalParallelism): unknown => ({
  parallelismMax,
  parallelismCount
})

type Parameters = ReadonlyArray<readonly [name: string, value: string]>

/**
 * Writes checked limits as query parameters, the period in seconds.
 *
 * @since 0.1.0
 * @category conversions
 */
export const pinToParameters = ({ parallelism, period, rate }: Pinned): Parameters =>
  Object.entries(omitUndefined({ parallelism, rate, period: toSeconds(period) })).map(([name, value]) => [
    name,
    String(value)
  ])

/**
 * Writes what is pinned no more as query parameters.
 *
 * @since 0.1.0
 * @category conversions
 */
export const unpinToParameters = (unpin: Unpinned): Parameters =>
  (["parallelism", "rate"] as const).filter((name) => unpin[name]).map((name) => [name, "true"])

/** An empty parameter is absent; of several with one name the last one counts. */
const byName = (parameters: Iterable<readonly [string, string]>) => {
  const found = new Map(parameters)
  return (name: string): string | undefined => found.get(name) || undefined
}

const count = (text: string) =>
  /^\d+$/.test(text)
    ? parseCount(1)(Number(text))
    : Either.left(`expected a whole number of at least 1, got ${quote(text)}`)

/**
 * Reads the limits of a pin from query parameters. Other parameters are ignored.
 *
 * @since 0.1.0
 * @category conversions
 */
export const pinFromParameters = (
  parameters: Iterable<readonly [name: string, value: string]>
): Checked<Pinned> =>
  Either.gen(function* () {
    const text = byName(parameters)
    return yield* checkPin({
      parallelism: yield* option("parallelism", text("parallelism"), count),
      rate: yield* option("rate", text("rate"), count),
      period: yield* option("period", text("period"), durationText.read)
    })
  })

/**
 * Reads from query parameters which limits are unpinned. A missing flag is false, and `undefined` means that
 * neither limit is. Other parameters are ignored.
 *
 * @since 0.1.0
 * @category conversions
 */
export const unpinFromParameters = (
  parameters: Iterable<readonly [name: string, value: string]>
): Checked<Unpinned | undefined> =>
  Either.gen(function* () {
    const text = byName(parameters)
    const parallelism = yield* option("parallelism", text("parallelism"), flagText.read)
    const rate = yield* option("rate", text("rate"), flagText.read)
    return parallelism || rate ? yield* checkUnpin({ parallelism, rate }) : undefined
  })
