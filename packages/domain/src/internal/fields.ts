import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { Page } from "../Page.ts"
import type { QStashHeaders } from "../QStashHeaders.ts"
import { RedactedValue } from "../RedactedValue.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"
import type { HeaderMap } from "./headers.ts"
import { type Codec, type Field, misshapen, type Read, readList, record, Unreadable } from "./record.ts"
import { utf8Bytes, utf8Text } from "./utf8.ts"

/** A property that is one field of the JSON. A value that writes as undefined is left out. */
export const field = <A>(
  name: string,
  read: (value: unknown) => Read<A>,
  write: (value: A) => unknown
): Field<A> => ({
  read: (json) => {
    const found = read(json[name])
    if (!(found instanceof Unreadable)) return found
    return Object.hasOwn(json, name) ? found.in(name) : new Unreadable(name, "is missing")
  },
  write: (value, json) => {
    const written = write(value)
    if (written !== undefined) json[name] = written
  }
})

/** Go omits what is zero, other writers send null: both are an absent setting. */
export const optional = <A>(
  name: string,
  read: (value: unknown) => Read<A | undefined>,
  write: (value: A) => unknown
): Field<A | undefined> => ({
  read: (json) => {
    const value = json[name]
    if (value === undefined || value === null) return undefined
    const found = read(value)
    return found instanceof Unreadable ? found.in(name) : found
  },
  write: (value, json) => {
    const written = value === undefined ? undefined : write(value)
    if (written !== undefined) json[name] = written
  }
})

/** Gives an absent field a value. */
export const orElse = <A>(
  { read, write }: Field<A | undefined>,
  otherwise: (json: Readonly<Record<string, unknown>>) => Read<A>
): Field<A> => ({ read: (json) => read(json) ?? otherwise(json), write })

/** Writes 0 for an absent value, as QStash does. */
export const orZero = <A>(
  fieldOf: (name: string) => Field<A | undefined>,
  name: string
): Field<A | undefined> => {
  const { read, write } = fieldOf(name)
  return {
    read,
    write: (value, json) => {
      json[name] = 0
      write(value, json)
    }
  }
}

/** A field under two names, because QStash's own documents disagree: the first that is present counts, both are written. */
export const twice = <A>(
  first: Field<A | undefined>,
  second: Field<A | undefined>
): Field<A | undefined> => ({
  read: (json) => {
    const found = first.read(json)
    const other = second.read(json)
    return other instanceof Unreadable ? other : (found ?? other)
  },
  write: (value, json) => {
    first.write(value, json)
    second.write(value, json)
  }
})

/** Any text. Its brand, if any, comes from the type of the property. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
const isText = <A extends string>(value: unknown): value is A => typeof value === "string"

export const text = <A extends string>(name: string): Field<A> =>
  field(name, (value) => (isText<A>(value) ? value : misshapen), identity)

/** A required id or name: any non-empty text, like `nameFromAnswer`. */
export const id = <A extends string>(name: string): Field<A> =>
  field(name, (value) => (isText<A>(value) && value !== "" ? value : misshapen), identity)

/** Some writers send empty text for an absent value. */
export const optionalText = <A extends string>(name: string): Field<A | undefined> =>
  optional(name, (value) => (value === "" ? undefined : isText<A>(value) ? value : misshapen), identity)

export const flag = (name: string): Field<boolean> =>
  orElse(
    optional(name, (value) => (typeof value === "boolean" ? value : misshapen), identity),
    () => false
  )

const isWithin = (value: unknown, most: number): value is number =>
  typeof value === "number" && value >= 0 && value <= most

export const readCount = (value: unknown): Read<number> =>
  isWithin(value, Number.MAX_VALUE) ? value : misshapen

export const count = (name: string): Field<number | undefined> => optional(name, readCount, identity)

export const countOrZero = (name: string): Field<number> => orElse(count(name), () => 0)

/** An old response has `"parallelism": 0` for a schedule without flow control, so zero is absent. */
export const zeroAsAbsent =
  <A>(read: (value: unknown) => Read<A>) =>
  (value: unknown): Read<A | undefined> =>
    value === 0 ? undefined : read(value)

export const positive = (name: string): Field<number | undefined> =>
  optional(name, zeroAsAbsent(readCount), identity)

/** As many seconds as a `Duration` can count in milliseconds. */
const readSeconds = (value: unknown): Read<Duration.Duration> =>
  isWithin(value, Number.MAX_SAFE_INTEGER / 1000) ? Duration.seconds(value) : misshapen

export const seconds = (name: string): Field<Duration.Duration | undefined> =>
  optional(name, readSeconds, Duration.toSeconds)

export const positiveSeconds = (name: string): Field<Duration.Duration | undefined> =>
  optional(name, zeroAsAbsent(readSeconds), Duration.toSeconds)

/** A duration in milliseconds; 0 is absent. */
export const millis = (name: string): Field<Duration.Duration | undefined> =>
  optional(
    name,
    zeroAsAbsent((value) => (isWithin(value, Number.MAX_SAFE_INTEGER) ? Duration.millis(value) : misshapen)),
    Duration.toMillis
  )

/** The last instant in JavaScript. */
const lastMillis = 8_640_000_000_000_000

export const readInstant = (value: unknown): Read<DateTime.Utc> =>
  isWithin(value, lastMillis) ? DateTime.unsafeMake(value) : misshapen

export const instant = (name: string): Field<DateTime.Utc> => field(name, readInstant, DateTime.toEpochMillis)

export const optionalInstant = (name: string): Field<DateTime.Utc | undefined> =>
  optional(name, readInstant, DateTime.toEpochMillis)

/** Go writes an unset instant as the first day of its calendar, long before 1970. */
export const instantIfSet = (name: string): Field<DateTime.Utc | undefined> =>
  optional(
    name,
    (value) => (typeof value === "number" && value < 1 && value > -Infinity ? undefined : readInstant(value)),
    DateTime.toEpochMillis
  )

/** An instant in seconds; 0 is absent. */
export const instantInSeconds = (name: string): Field<DateTime.Utc | undefined> =>
  optional(
    name,
    zeroAsAbsent((value) => (typeof value === "number" ? readInstant(value * 1000) : misshapen)),
    (value) => Math.floor(DateTime.toEpochMillis(value) / 1000)
  )

/** A nested list, empty if it is absent. */
export const records = <A>(name: string, { encode, read }: Codec<A>): Field<ReadonlyArray<A>> =>
  orElse(
    optional(name, readList(read), (items: ReadonlyArray<A>) => items.map(encode)),
    () => []
  )

const readTexts = readList((value) => (isText(value) ? value : misshapen))

/** Older responses have one label under `label`. */
export const labels: Field<ReadonlyArray<string>> = (() => {
  const one = optionalText("label")
  const all = optional("labels", readTexts, identity)
  return {
    read: (json) => {
      const label = one.read(json)
      if (label instanceof Unreadable) return label
      return all.read(json) ?? (label === undefined ? [] : [label])
    },
    write: (value, json) => {
      one.write(value[0], json)
      if (value.length > 0) all.write(value, json)
    }
  }
})()

/** An assignment would lose the key `__proto__`, which JSON may have. */
const mapValues = <A, B>(
  values: Readonly<Record<string, A>>,
  change: (value: A) => B
): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))

const isEmpty = (values: object): boolean => Object.keys(values).length === 0

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  Predicate.isReadonlyRecord(value) && Object.values(value).every(Predicate.isString)

/** Texts by name, empty if they are absent. */
export const texts = (name: string): Field<Readonly<Record<string, string>>> =>
  orElse(
    optional(
      name,
      (value) => (isTexts(value) ? value : misshapen),
      (value) => (isEmpty(value) ? undefined : value)
    ),
    () => ({})
  )

type ShownHeaders = Readonly<Record<string, string | ReadonlyArray<string>>>

const isShownHeaders = (value: unknown): value is ShownHeaders =>
  Predicate.isReadonlyRecord(value) &&
  Object.values(value).every(
    (values) =>
      typeof values === "string" || (Array.isArray(values) && Array.from(values).every(Predicate.isString))
  )

/** Older responses have one value instead of a list. */
const toList = (values: string | ReadonlyArray<string>): ReadonlyArray<string> =>
  typeof values === "string" ? [values] : values

export const readHeaderMap = (value: unknown): Read<HeaderMap> =>
  isShownHeaders(value) ? mapValues(value, toList) : misshapen

/** Whether headers can stay as they are in the JSON, as most can. A copy costs another 0.5 µs. */
const isHeaders = (value: unknown): value is HeaderMap => {
  if (!Predicate.isReadonlyRecord(value)) return false
  for (const name of Object.keys(value)) {
    const values = value[name]
    if (!Array.isArray(values)) return false
    for (const item of values) {
      if (typeof item !== "string" || item.startsWith("REDACTED:")) return false
    }
  }
  return true
}

const orRedacted = (value: string): string | RedactedValue =>
  Option.getOrElse(RedactedValue.fromText(value), () => value)

const readHeaders = (value: unknown): Read<QStashHeaders> => {
  if (isHeaders(value)) return value
  return isShownHeaders(value) ? mapValues(value, (values) => toList(values).map(orRedacted)) : misshapen
}

const encodeHeaders = (headers: QStashHeaders) =>
  isEmpty(headers) ? undefined : mapValues(headers, (values) => values.map(String))

export const headers = (name: string): Field<QStashHeaders> =>
  orElse(optional(name, readHeaders, encodeHeaders), () => ({}))

/** Headers that are absent if there are none. */
export const optionalHeaders = (name: string): Field<QStashHeaders | undefined> =>
  optional(
    name,
    (value) => {
      const found = readHeaders(value)
      return !(found instanceof Unreadable) && isEmpty(found) ? undefined : found
    },
    encodeHeaders
  )

/** A body in a response. */
type Body = string | Uint8Array | RedactedValue

const notBase64 = new Unreadable("", "is not base64")

const readShared = (value: unknown): Read<Uint8Array> =>
  typeof value === "string" ? (decodeBase64(value) ?? notBase64) : misshapen

export const readBytes = (value: unknown): Read<Uint8Array> => {
  const bytes = readShared(value)
  return bytes instanceof Unreadable ? bytes : new Uint8Array(bytes)
}

/** A redacted body is not in base64, as its colon shows, or is encoded like any other. */
const readBase64 = (value: unknown): Read<Body | undefined> => {
  if (value === "") return undefined
  const bytes = readShared(value)
  if (bytes === notBase64) return Option.getOrElse(RedactedValue.fromText(String(value)), () => bytes)
  if (bytes instanceof Unreadable) return bytes
  const decoded = utf8Text(bytes)
  return decoded === undefined ? new Uint8Array(bytes) : orRedacted(decoded)
}

/** A body in base64. */
export const base64Body = (name: string): Field<Body | undefined> =>
  optional(name, readBase64, (value: Body) =>
    value instanceof RedactedValue
      ? value.toString()
      : encodeBase64(typeof value === "string" ? utf8Bytes(value) : value)
  )

/** A body as text, or in base64 under another name if its bytes are not UTF-8. */
export const body = (name: string): Field<Body | undefined> => {
  const asText = optionalText(name)
  const asBase64 = base64Body(`${name}Base64`)
  const unused = optionalText(`${name}Base64`)
  return {
    read: (json) => {
      const found = asText.read(json)
      if (found === undefined) return asBase64.read(json)
      const other = unused.read(json)
      if (other instanceof Unreadable) return other
      return found instanceof Unreadable ? found : orRedacted(found)
    },
    write: (value, json) => {
      const shown = value instanceof Uint8Array ? utf8Text(value) : value?.toString()
      if (shown === undefined) asBase64.write(value, json)
      else json[name] = shown
    }
  }
}

/**
 * A page with its items under `name`. On the last page some responses omit the cursor, some send null, and some empty
 * text.
 */
export const page = <A>(name: string, { encode, read }: Codec<A>): Codec<Page<A>> => {
  const readItems = readList(read)
  return record<Page<A>>({
    items: field(
      name,
      (value) => (value === null ? [] : readItems(value)),
      (items) => items.map(encode)
    ),
    cursor: optionalText("cursor")
  })
}
