/** A parameter as libsql takes it. It aborts the process for a boolean, and silently stores NULL for `undefined` and NaN. */
export const bind = (value: unknown, index: number): string | number | bigint | Uint8Array | null => {
  const refuse = (reason: string): never => {
    throw new TypeError(`Parameter ${index + 1} ${reason}`)
  }
  switch (typeof value) {
    case "string":
      return value.includes("\0") ? refuse("contains a NUL character, where SQLite would cut it off") : value
    case "number":
      if (Number.isNaN(value)) return refuse("is NaN, which SQLite does not have")
      // libsql takes every number for a fraction, so that 1 would be "1.0" in a column of text.
      return Number.isSafeInteger(value) ? BigInt(value) : value
    case "bigint":
      return BigInt.asIntN(64, value) === value ? value : refuse("does not fit into 64 bits")
    case "boolean":
      return value ? 1n : 0n
    case "undefined":
      return refuse("is undefined: pass null")
    case "object":
      if (value === null || value instanceof Uint8Array) return value
      if (value instanceof Date) return refuse("is a Date: pass its milliseconds, or a text")
      return refuse("is an object: pass a text, such as its JSON")
    default:
      return refuse(`is a ${typeof value}`)
  }
}
