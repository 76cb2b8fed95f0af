import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import * as CriteriaParameters from "@effect-qstash/domain/wire/CriteriaParameters"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { bodyOf, type Call, parseJson, queryOf } from "./call.ts"
import { cut, quote } from "./cut.ts"
import type { Refusal } from "./http.ts"

type Parameters = ReadonlyArray<readonly [name: string, value: string]>

export interface Selection {
  readonly criteria: Criteria
  readonly count: number | undefined
  readonly cursor: string | undefined
  readonly order: "latestFirst" | "earliestFirst" | undefined
  /** How many bytes of each body are wanted. */
  readonly trimBody: number | undefined
  readonly isGrouped: boolean
}

export interface Paging {
  /** The largest `count`; a larger one counts as this. */
  readonly most: number
  /** What the call takes beside `count` and the filters. */
  readonly takes?: ReadonlyArray<"cursor" | "order" | "trimBody" | "groupBy">
}

/**
 * Which messages a bulk operation selects. The filters are in the query or, as the Python and Go clients send them, in a
 * JSON body; if a filter is in both, the body wins. No filter at all selects everything.
 */
export const selectionOf = (
  call: Call,
  kind: "message" | "dlq",
  paging: Paging
): Effect.Effect<Selection, QStashInvalidRequest | Refusal> =>
  Effect.gen(function* () {
    const body = yield* bodyOf(call)
    const inBody = body.length === 0 ? [] : yield* parametersOf(yield* parseJson(body))
    const names = new Set(inBody.map(([name]) => name.toLowerCase()))
    const inQuery = queryOf(call).filter(([name]) => !names.has(name.toLowerCase()))
    return yield* read(kind, [...inQuery, ...inBody], paging)
  })

/** Which part of a list is asked for. */
export const pageOf = (
  call: Call,
  kind: "dlq" | "log",
  paging: Paging
): Effect.Effect<Selection, QStashInvalidRequest> => read(kind, queryOf(call), paging)

const refuse = (field: string, reason: string): QStashInvalidRequest =>
  new QStashInvalidRequest({ field, reason })

const isText = (value: unknown): value is string | number =>
  typeof value === "string" || typeof value === "number"

/** What is null or empty counts as absent, as it does in a query. */
const parametersOf = (json: unknown): Effect.Effect<Parameters, QStashInvalidRequest> =>
  Effect.gen(function* () {
    if (!Predicate.isReadonlyRecord(json)) {
      return yield* new QStashInvalidRequest({ reason: "expected filters in a JSON object" })
    }
    const parameters: Array<readonly [string, string]> = []
    for (const [name, value] of Object.entries(json)) {
      const values: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value ?? ""]
      for (const one of values) {
        if (!isText(one)) return yield* refuse(cut(name), "expected text, a number, or a list of them")
        if (one !== "") parameters.push([name, String(one)])
      }
    }
    return parameters
  })

const read = (
  kind: "message" | "dlq" | "log",
  parameters: Parameters,
  { most, takes = [] }: Paging
): Effect.Effect<Selection, QStashInvalidRequest> =>
  Effect.gen(function* () {
    const own = ["count", ...takes]
    const criteria = yield* CriteriaParameters.decode(
      kind,
      parameters.filter(([name]) => !own.includes(name))
    )
    const one = (name: string) => {
      const values = parameters.flatMap(([known, value]) =>
        known === name && own.includes(name) && value !== "" ? [value] : []
      )
      return values.length > 1 ? Effect.fail(refuse(name, "expected one value")) : Effect.succeed(values[0])
    }
    const count = yield* one("count")
    if (count !== undefined && !/^0*[1-9]\d*$/.test(count)) {
      return yield* refuse("count", `expected a whole number of at least 1, got ${quote(count)}`)
    }
    const order = yield* one("order")
    if (order !== undefined && order !== "latestFirst" && order !== "earliestFirst") {
      return yield* refuse("order", `expected latestFirst or earliestFirst, got ${quote(order)}`)
    }
    const trimBody = yield* one("trimBody")
    if (trimBody !== undefined && !(/^\d+$/.test(trimBody) && Number.isSafeInteger(Number(trimBody)))) {
      return yield* refuse("trimBody", `expected a whole number of bytes, got ${quote(trimBody)}`)
    }
    const groupBy = yield* one("groupBy")
    if (groupBy !== undefined && groupBy !== "messageId") {
      return yield* refuse("groupBy", `expected messageId, got ${quote(groupBy)}`)
    }
    return {
      criteria,
      count: count === undefined ? undefined : Math.min(Number(count), most),
      cursor: yield* one("cursor"),
      order,
      trimBody: trimBody === undefined ? undefined : Number(trimBody),
      isGrouped: groupBy !== undefined
    }
  })
