const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Bytes as text where they are UTF-8. */
export const utf8Text = (bytes: Uint8Array): string | undefined => {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

export const utf8Bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
