/**
 * The limits to pin a flow-control key to, and those to unpin.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import type { FlowControlState } from "../FlowControlState.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import {
  type Checked,
  optional,
  parseCount,
  parseFlag,
  parsePeriod,
  refuse,
  rejectUnknownKeys
} from "../internal/optionChecks.ts"
import { typeName } from "../internal/quote.ts"

/**
 * The checked limits of a pin: at least one, and a period only with a rate.
 *
 * @since 0.1.0
 * @category models
 */
export type Pinned =
  | { readonly parallelism: number; readonly rate?: number; readonly period?: Duration.Duration }
  | { readonly parallelism?: number; readonly rate: number; readonly period?: Duration.Duration }

/**
 * The checked limits to unpin: at least one of the two is true.
 *
 * @since 0.1.0
 * @category models
 */
export type Unpinned =
  | { readonly parallelism: true; readonly rate: boolean }
  | { readonly parallelism: boolean; readonly rate: true }

/** Limits before any check. */
type Unchecked<Limits> = { readonly [K in Limits extends unknown ? keyof Limits : never]?: unknown }

const pinNames = new Set(["parallelism", "rate", "period"])
const unpinNames = new Set(["parallelism", "rate"])

const notLimits = (input: unknown) => refuse(`expected limits, got ${typeName(input)}`)

/**
 * Checks the limits of a pin.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkPin = (pin: Unchecked<FlowControlState.Pin>): Checked<Pinned> =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(pin)) return yield* notLimits(pin)
    yield* rejectUnknownKeys(pin, pinNames, "a pin")
    const parallelism = yield* optional("parallelism", pin.parallelism, parseCount(1))
    const rate = yield* optional("rate", pin.rate, parseCount(1))
    const period = yield* optional("period", pin.period, parsePeriod)
    if (rate !== undefined) return { rate, ...omitUndefined({ parallelism, period }) }
    if (period !== undefined) return yield* refuse("requires a rate", "period")
    return parallelism === undefined ? yield* refuse("expected parallelism, rate, or both") : { parallelism }
  })

/**
 * Checks which limits to unpin. None at all is an error: it would do nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkUnpin = (unpin: Unchecked<FlowControlState.Unpin>): Checked<Unpinned> =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(unpin)) return yield* notLimits(unpin)
    yield* rejectUnknownKeys(unpin, unpinNames, "an unpin")
    const parallelism = (yield* optional("parallelism", unpin.parallelism, parseFlag)) ?? false
    const rate = (yield* optional("rate", unpin.rate, parseFlag)) ?? false
    if (parallelism) return { parallelism, rate }
    return rate ? { parallelism, rate } : yield* refuse("expected parallelism, rate, or both to be true")
  })
