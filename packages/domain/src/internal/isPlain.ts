import * as Predicate from "effect/Predicate"

/**
 * Whether an object has its values in its own properties. A Map, a Headers and a Date do not: reading their properties
 * would find nothing, and silently lose their content.
 */
export const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (!Predicate.isReadonlyRecord(value) || Symbol.iterator in value) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return isRoot(prototype) || Object.keys(value).length > 0
}

/** The prototype of an object literal, also one of another realm, or none. */
const isRoot = (prototype: unknown): boolean =>
  prototype === null || Object.getPrototypeOf(prototype) === null

/** Whether `Object.fromEntries` would find the entries. */
export const isIterable = (value: unknown): boolean => Predicate.isObject(value) && Symbol.iterator in value
