import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import * as Effect from "effect/Effect"
import type * as Order from "effect/Order"
import type * as Argument from "../Argument.ts"
import { type Command, command } from "../Command.ts"
import type { Reader } from "../render/reader.ts"
import { type CallError, Target, withTarget } from "../Target.ts"
import { change } from "./each.ts"
import * as flags from "./flags.ts"
import type { Noun } from "./noun.ts"
import { printJson, printLines } from "./print.ts"
import { reader } from "./reader.ts"

type Method<Id, A> = (id: Id) => Effect.Effect<A, CallError>

/** The service of a kind of records, as far as a command uses it. */
interface Of<S> {
  readonly service: Effect.Effect<S, never, QStashServices>
}

interface Lists<A> {
  readonly list: Effect.Effect<ReadonlyArray<A>, CallError>
}

interface Printed<A> {
  readonly encode: (record: A) => unknown
}

interface Tabular<A> extends Printed<A> {
  readonly order: Order.Order<A>
  readonly table: (records: ReadonlyArray<A>, reader: Reader) => ReadonlyArray<string>
  /** What there is not, what to do about it, and how. */
  readonly none: readonly [what: string, next: string, example: string]
}

interface Found<Id, A> extends Printed<A> {
  readonly argument: Argument.Argument<Id>
  readonly card: (record: A, reader: Reader) => ReadonlyArray<string>
}

interface Changed<Id, A> {
  readonly noun: Noun
  readonly argument: Argument.Argument<Id>
  readonly order: Order.Order<A>
  readonly idOf: (record: A) => Id
}

const sorted = <A>({ order, service }: Of<Lists<A>> & { readonly order: Order.Order<A> }) =>
  Effect.flatMap(service, ({ list }) => Effect.map(list, (records) => records.toSorted(order)))

/** A command that lists all records of a kind. */
export const listAll = <A>(kind: Of<Lists<A>> & Tabular<A>): Command =>
  command({
    flags: { json: flags.json },
    run: ({ json }) =>
      Effect.gen(function* () {
        const { origin } = yield* Target
        const records = yield* sorted(kind)
        if (json) return yield* printJson(records.map(kind.encode))
        if (records.length > 0) return yield* printLines(kind.table(records, yield* reader))
        const [what, next, example] = kind.none
        yield* printLines([`${what} at ${origin}. ${next}:`, "", `  effect-qstash ${example}`])
      }).pipe(withTarget)
  })

/** A command that shows one record. */
export const getOne = <Id, A>(kind: Of<{ readonly get: Method<Id, A> }> & Found<Id, A>): Command =>
  command({
    flags: { json: flags.json },
    arguments: { id: kind.argument },
    run: ({ id, json }) =>
      Effect.gen(function* () {
        const service = yield* kind.service
        const record = yield* service.get(id)
        yield* json ? printJson(kind.encode(record)) : printLines(kind.card(record, yield* reader))
      }).pipe(withTarget)
  })

interface Pausable {
  readonly isPaused: boolean
}

export const pauseSome = <Id extends string, A extends Pausable>(
  kind: Of<Lists<A> & { readonly pause: Method<Id, void> }> & Changed<Id, A>
): Command =>
  change({
    ...kind,
    name: "pause",
    done: "paused",
    every: Effect.map(sorted(kind), (records) => records.filter(({ isPaused }) => !isPaused).map(kind.idOf)),
    apply: (id) => Effect.flatMap(kind.service, ({ pause }) => pause(id)),
    asksAlways: false
  })

export const resumeSome = <Id extends string, A extends Pausable>(
  kind: Of<Lists<A> & { readonly resume: Method<Id, void> }> & Changed<Id, A>
): Command =>
  change({
    ...kind,
    name: "resume",
    done: "resumed",
    every: Effect.map(sorted(kind), (records) => records.filter(({ isPaused }) => isPaused).map(kind.idOf)),
    apply: (id) => Effect.flatMap(kind.service, ({ resume }) => resume(id)),
    asksAlways: false
  })

export const deleteSome = <Id extends string, A>(
  kind: Of<Lists<A> & { readonly delete: Method<Id, void> }> & Changed<Id, A>
): Command =>
  change({
    ...kind,
    name: "delete",
    done: "deleted",
    every: Effect.map(sorted(kind), (records) => records.map(kind.idOf)),
    apply: (id) => Effect.flatMap(kind.service, (service) => service.delete(id)),
    asksAlways: true
  })
