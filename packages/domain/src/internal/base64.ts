import * as Encoding from "effect/Encoding"
import * as Either from "effect/Either"

/** Node's, Deno's and Bun's own codec. Other runtimes do not have it. */
declare const Buffer:
  | {
      readonly from: {
        (
          buffer: ArrayBufferLike,
          byteOffset: number,
          length: number
        ): {
          readonly toString: (encoding: "base64") => string
        }
        (text: string, encoding: "base64"): Uint8Array
      }
    }
  | undefined

const alphabet = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
const padding = 61
const ascii = new TextDecoder()

/**
 * Bytes as base64. Effect's own encoder appends one character at a time: 10 MB take a second and 450 MB of memory. This
 * takes a few milliseconds with a `Buffer`, and 50 without.
 */
export const encodeBase64 = (bytes: Uint8Array): string =>
  typeof Buffer === "undefined"
    ? encodeAnywhere(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")

/** The same without a `Buffer`. */
const encodeAnywhere = (bytes: Uint8Array): string => {
  const encoded = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(padding)
  const digit = (bits: number): number => alphabet[bits & 63] ?? padding
  let to = 0
  for (let from = 0; from < bytes.length; from += 3) {
    const left = bytes.length - from
    const bits = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0)
    encoded[to] = digit(bits >> 18)
    encoded[to + 1] = digit(bits >> 12)
    if (left > 1) encoded[to + 2] = digit(bits >> 6)
    if (left > 2) encoded[to + 3] = digit(bits)
    to += 4
  }
  return ascii.decode(encoded)
}

/** `Buffer` reads or skips these. */
const foreign = /[^A-Za-z0-9+/=]/

/**
 * Bytes of base64 with padding; line breaks are ignored. They may be part of a larger buffer: copy what is kept. A copy
 * takes as long as the rest.
 */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  if (typeof Buffer === "undefined") return decodeAnywhere(text)
  const isClean = !foreign.test(text)
  const one = isClean ? text : text.replaceAll(/[\r\n]/g, "")
  if (one.length % 4 !== 0 || (!isClean && foreign.test(one))) return undefined
  const missing = one.endsWith("==") ? 2 : one.endsWith("=") ? 1 : 0
  const bytes = Buffer.from(one, "base64")
  // It stops at padding in the middle, so there would be too few bytes.
  return bytes.length === (one.length / 4) * 3 - missing ? bytes : undefined
}

/** The same without a `Buffer`. */
const decodeAnywhere = (text: string): Uint8Array | undefined =>
  Either.getOrUndefined(Encoding.decodeBase64(text))
