/** Keeps a byte order mark, as Node's `Buffer` does, so that `JSON.parse` rejects it. */
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** One character for each byte of base64url. Throws for what is none. */
const binaryOf = (text: string): string => atob(text.replaceAll("-", "+").replaceAll("_", "/"))

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(binaryOf(text), (byte) => byte.charCodeAt(0))

/** `undefined` where the bytes are not UTF-8. */
export const decode = (segment: string): string | undefined => {
  try {
    const binary = binaryOf(segment)
    // Claims are nearly always ASCII, which needs no second pass.
    return /^[ -~]*$/.test(binary) ? binary : strictUtf8.decode(bytesOf(segment))
  } catch {
    return undefined
  }
}

/** Without padding. */
export const base64Url = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")

const isOwn = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> => bytes.buffer instanceof ArrayBuffer

/** WebCrypto rejects shared memory, so copies a view of it. */
export const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  isOwn(bytes) ? bytes : new Uint8Array(bytes)
