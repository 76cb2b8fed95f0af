import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Struct from "effect/Struct"
import type { Parsed } from "./parser.ts"

/** The JSON object of a record. */
export type Json = Readonly<Record<string, unknown>>

/** Where JSON is not as expected. It contains no value: bodies and headers may be secret. */
export class Unreadable {
  readonly path: string
  readonly problem: string
  constructor(path: string, problem: string) {
    this.path = path
    this.problem = problem
  }
  /** The same, with a path that starts at the record or list around it. */
  in(place: string): Unreadable {
    const isDirect = this.path === "" || this.path.startsWith("[")
    return new Unreadable(isDirect ? place + this.path : `${place}.${this.path}`, this.problem)
  }
  get reason(): string {
    return `${this.path === "" ? "the JSON" : this.path} ${this.problem}`
  }
}

export const misshapen = new Unreadable("", "is not of the expected shape")

/** A value of the model, or why it cannot be read. */
export type Read<A> = A | Unreadable

/** How one property of a model is written as JSON. */
export interface Field<A> {
  readonly read: (json: Json) => Read<A>
  readonly write: (value: A, json: Record<string, unknown>) => void
}

/** One row for each property of a model. */
export type Fields<A> = { readonly [K in keyof A]-?: Field<A[K]> }

/** Both directions of a record. */
export interface Codec<A> {
  readonly read: (json: unknown) => Read<A>
  readonly decode: (json: unknown) => Parsed<A>
  readonly encode: (value: A) => Json
}

export const toParsed = <A>(found: Read<A>): Parsed<A> =>
  found instanceof Unreadable ? Either.left(found.reason) : Either.right(found)

/** The names of a model's properties, and an object with exactly these. */
interface Shape {
  readonly keys: ReadonlyArray<string>
  readonly empty: Readonly<Record<string, undefined>>
}

/** A limit, because a server could send any number of shapes. */
const mostShapes = 100

/** Reads and writes the JSON object that the rows describe. Fields without a row are ignored. */
export const record = <A extends object>(fields: Fields<A>): Codec<A> => {
  const keys = Struct.keys(fields)
  const rows = keys.map((key, index) => ({ bit: 2 ** index, read: fields[key].read }))

  /*
   * V8 turns an object that gets more than 16 properties one by one into a dictionary: 3 µs more for a dead letter. So
   * a model starts as a copy of an object with the same properties, which is made slowly, but only once.
   */
  const shapes = new Map<number, Shape>()
  const shapeOf = (present: number): Shape => {
    const known = shapes.get(present)
    if (known !== undefined) return known
    const some = keys.filter((_, index) => Math.floor(present / 2 ** index) % 2 === 1)
    const shape = { keys: some, empty: Object.fromEntries(some.map((key) => [key, undefined])) }
    if (shapes.size < mostShapes) shapes.set(present, shape)
    return shape
  }

  const read = (json: unknown): Read<A> => {
    if (!Predicate.isReadonlyRecord(json)) return misshapen
    const values: Array<unknown> = []
    let present = 0
    for (const row of rows) {
      const value = row.read(json)
      if (value instanceof Unreadable) return value
      if (value === undefined) continue
      values.push(value)
      present += row.bit
    }
    const shape = shapeOf(present)
    const model: Record<string, unknown> = { ...shape.empty }
    shape.keys.forEach((key, index) => {
      model[key] = values[index]
    })
    // The one seam where the compiler cannot see that every property has a row.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return model as A
  }

  return {
    read,
    decode: (json) => toParsed(read(json)),
    encode: (model) => {
      const json: Record<string, unknown> = {}
      for (const key of keys) fields[key].write(model[key], json)
      return json
    }
  }
}

/** Reads each element of a list. */
export const readList =
  <A>(read: (json: unknown) => Read<A>) =>
  (list: unknown): Read<ReadonlyArray<A>> => {
    if (!Array.isArray(list)) return misshapen
    const found: Array<A> = []
    for (let index = 0; index < list.length; index++) {
      const item = read(list[index])
      if (item instanceof Unreadable) return item.in(`[${index}]`)
      found.push(item)
    }
    return found
  }
