import type { QStashHeaders } from "@effect-qstash/domain/QStashHeaders"
import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import * as Duration from "effect/Duration"
import { largest } from "./table.ts"
import { bold, dim, printable } from "./text.ts"

/** A field without a name goes on with the one before it; one without a value is not shown. */
export type Field = readonly [name: string, value: string | undefined]

/** One thing on several lines: what it is called, how it stands, and its fields. */
export const card = (title: string, state: string, fields: ReadonlyArray<Field>): ReadonlyArray<string> => {
  const shown = fields.filter(([, value]) => value !== undefined)
  const width = largest(shown.map(([name]) => name.length))
  return [
    `${bold(printable(title))}  ${state}`,
    ...shown.map(([name, value = ""]) => `  ${dim(name.padEnd(width))}  ${printable(value)}`)
  ]
}

/** Of headers the names, since the values may be secret. */
export const namesOf = (headers: QStashHeaders | undefined): string | undefined =>
  Object.keys(headers ?? {}).join(", ") || undefined

/** Of a body the size. */
export const sizeOf = (body: string | Uint8Array | RedactedValue | undefined): string | undefined => {
  if (body === undefined) return undefined
  if (body instanceof RedactedValue) return "redacted"
  return `${typeof body === "string" ? new TextEncoder().encode(body).length : body.length} bytes`
}

export const limitsOf = (limits: {
  readonly flowControlKey?: string
  readonly parallelism?: number
  readonly rate?: number
  readonly period?: Duration.Duration
}): string | undefined =>
  limits.flowControlKey === undefined
    ? undefined
    : [
        limits.flowControlKey,
        ...(limits.parallelism === undefined ? [] : [`parallelism ${limits.parallelism}`]),
        ...(limits.rate === undefined ? [] : [`rate ${limits.rate}`]),
        ...(limits.period === undefined ? [] : [`period ${Duration.format(limits.period)}`])
      ].join(", ")
