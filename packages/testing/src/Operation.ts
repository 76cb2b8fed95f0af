/**
 * @since 0.1.0
 */
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

/** The services by the names of their tags. */
type Services = {
  readonly [Name in keyof QStashServices.All as `QStash${Capitalize<Name>}`]: QStashServices.All[Name]
}

/**
 * A method of a service. Its span has the same name.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = {
  [Name in keyof Services]: `${Name}.${Extract<keyof Services[Name], string>}`
}[keyof Services]

/**
 * The errors of an operation.
 *
 * @since 0.1.0
 * @category models
 */
export type OperationError<O extends Operation> = {
  [Name in keyof Services]: O extends `${Name}.${infer Method}`
    ? Method extends keyof Services[Name]
      ? ErrorOf<Services[Name][Method]>
      : never
    : never
}[keyof Services]

type ErrorOf<Call> = Call extends (...args: never) => infer Result
  ? ErrorOfResult<Result>
  : ErrorOfResult<Call>

type ErrorOfResult<Result> =
  Result extends Effect.Effect<infer _A, infer E, infer _R>
    ? E
    : Result extends Stream.Stream<infer _A, infer E, infer _R>
      ? E
      : never
