import { lifetimeSeconds } from "@effect-qstash/domain/wire/SignatureFormat"

const defaultMaxBodyBytes = 64 * 1024 * 1024

/** As long as a token lives. With more, a recorded request would be accepted longer than QStash means it to be. */
const maxToleranceMillis = lifetimeSeconds * 1000

/** The options as any caller may pass them, but for the types that only one of the receivers has. */
interface Options {
  readonly currentSigningKey: unknown
  readonly nextSigningKey: unknown
  readonly subject: unknown
  readonly toleranceMillis: number
  readonly maxBodyBytes: unknown
}

export interface Settings {
  readonly currentKey: Uint8Array<ArrayBuffer>
  readonly nextKey: Uint8Array<ArrayBuffer>
  /** Maps the URL passed to `verify` to the subjects that a token may have. `undefined` accepts any subject. */
  readonly expectedSubjects: ((url: string) => ExpectedSubjects) | undefined
  readonly toleranceMillis: number
  readonly maxBodyBytes: number
}

interface ExpectedSubjects {
  readonly urls: readonly [string, ...ReadonlyArray<string>]
  readonly source: "url" | "publicUrl"
}

/** Thrown for an option, which ends the making of a receiver. */
export class Misconfigured extends Error {
  override readonly name = "ReceiverMisconfigured"
  constructor(
    /** The name of the option. */
    readonly option: string,
    /** What is wrong with it. */
    readonly reason: string
  ) {
    super(`The receiver's option ${option} ${reason}`)
  }
}

export const readSettings = (options: Options): Settings => ({
  currentKey: readKey("currentSigningKey", options.currentSigningKey),
  nextKey: readKey("nextSigningKey", options.nextSigningKey),
  expectedSubjects: readSubject(options.subject ?? "url"),
  toleranceMillis: options.toleranceMillis,
  maxBodyBytes: readMaxBodyBytes(options.maxBodyBytes ?? defaultMaxBodyBytes)
})

export const isTolerance = (millis: number): boolean => millis >= 0 && millis <= maxToleranceMillis

/** A key with quotes or whitespace around it would reject every delivery without saying why. Never shows the key. */
const readKey = (option: string, key: unknown): Uint8Array<ArrayBuffer> => {
  // TypeScript cannot see that an environment variable is not set.
  if (typeof key !== "string" || key === "") throw new Misconfigured(option, "is empty, so anyone could sign")
  if (/^(["']).*\1$/s.test(key)) throw new Misconfigured(option, "is in quotes, which are not part of a key")
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new Misconfigured(option, "contains whitespace or another character that is not allowed in a key")
  }
  return new TextEncoder().encode(key)
}

const readSubject = (subject: unknown): Settings["expectedSubjects"] => {
  if (subject === "any") return undefined
  if (subject === "url") return (url) => ({ urls: [url], source: "url" })
  if (typeof subject !== "object" || subject === null || !("publicUrl" in subject)) {
    throw new Misconfigured("subject", 'is not "url", "any" or { publicUrl }')
  }
  const { publicUrl } = subject
  if (typeof publicUrl !== "string" || !/^https?:\/\/[^\s?#]+$/i.test(publicUrl) || !isUrl(publicUrl)) {
    throw new Misconfigured("subject.publicUrl", "is not an http or https URL without query and fragment")
  }
  let end = publicUrl.length
  while (publicUrl[end - 1] === "/") end--
  const base = publicUrl.slice(0, end)
  return (url) => {
    const target = /^(?:https?:\/\/[^/?#\\]+)?([/?].*)?$/is.exec(url)
    if (target === null) return { urls: [url], source: "url" }
    const inside = target[1] ?? ""
    return {
      // Where an application is mounted, its root may have been called with or without a slash at the end.
      urls: /^\/(?:\?|$)/.test(inside) ? [base + inside, base + inside.slice(1)] : [base + inside],
      source: "publicUrl"
    }
  }
}

// Not `URL.canParse`: on Node 20, once V8 has optimised it, it rejects valid URLs with Latin-1 text.
const isUrl = (text: string): boolean => {
  try {
    return new URL(text) instanceof URL
  } catch {
    return false
  }
}

const readMaxBodyBytes = (limit: unknown): number => {
  if (typeof limit === "number" && limit >= 0) return limit
  throw new Misconfigured("maxBodyBytes", "is not a number of at least 0")
}
