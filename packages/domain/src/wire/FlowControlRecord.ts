/**
 * A flow-control key and the account's limit in a response, and the limits to pin or unpin in a query. The client uses
 * one direction, the server the other.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import type { FlowControlState, GlobalParallelism } from "../FlowControlState.ts"
import { checkPin, checkUnpin, type Pinned, type Unpinned } from "../input/FlowControlInput.ts"
import { type Checked, optional as option, parseCount } from "../internal/optionChecks.ts"
import {
  countOrZero,
  flag,
  id,
  instantInSeconds,
  orZero,
  positiveSeconds,
  positive
} from "../internal/fields.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { quote } from "../internal/quote.ts"
import { record } from "../internal/record.ts"
import { durationText, flagText } from "../internal/settings.ts"

const state = record<FlowControlState>({
  flowControlKey: id("flowControlKey"),
  waitListSize: countOrZero("waitListSize"),
  parallelismMax: orZero(positive, "parallelismMax"),
  parallelismCount: countOrZero("parallelismCount"),
  rateMax: orZero(positive, "rateMax"),
  rateCount: countOrZero("rateCount"),
  ratePeriod: orZero(positiveSeconds, "ratePeriod"),
  ratePeriodStart: orZero(instantInSeconds, "ratePeriodStart"),
  isPaused: flag("isPaused"),
  isPinnedParallelism: flag("isPinnedParallelism"),
  isPinnedRate: flag("isPinnedRate")
})

/**
 * Reads a key of a response. QStash may omit all but the key, and writes 0 for a missing limit. The error names the
 * field and contains nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<FlowControlState, string> = state.decode

/**
 * Writes a key as QStash does, with every field, and 0 for a missing limit.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (state: FlowControlState) => unknown = state.encode

const global = record<GlobalParallelism>({
  parallelismMax: countOrZero("parallelismMax"),
  parallelismCount: countOrZero("parallelismCount")
})

/**
 * Reads the account's limit. QStash may omit what is 0.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeGlobal: (json: unknown) => Either.Either<GlobalParallelism, string> = global.decode

/**
 * Writes the account's limit as QStash does.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeGlobal: (limit: GlobalParallelism) => unknown = global.encode

type Parameters = ReadonlyArray<readonly [name: string, value: string]>

/**
 * Writes checked limits as query parameters, the period in seconds.
 *
 * @since 0.1.0
 * @category conversions
 */
export const pinToParameters = ({ parallelism, period, rate }: Pinned): Parameters =>
  Object.entries(omitUndefined({ parallelism, rate, period: period && Duration.toSeconds(period) })).map(
    ([name, value]) => [name, String(value)]
  )

/**
 * Writes the limits to unpin as query parameters.
 *
 * @since 0.1.0
 * @category conversions
 */
export const unpinToParameters = (unpin: Unpinned): Parameters =>
  (["parallelism", "rate"] as const).filter((name) => unpin[name]).map((name) => [name, "true"])

/** An empty parameter is absent; of several with the same name, the last one counts. */
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
