/** The most characters of a value that an error quotes. */
const limit = 100

/** Cuts text from outside, so that an error stays readable. */
export const cut = (text: string): string => (text.length > limit ? `${text.slice(0, limit)}…` : text)

/** Shows a value in an error on one line: text in quotes, anything else as JavaScript would print it. */
export const quote = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(cut(value))
    : typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
      ? cut(String(value))
      : value === null || value === undefined
        ? `${value}`
        : Array.isArray(value)
          ? value.length === 0
            ? "an empty list"
            : "an array"
          : value instanceof Date && Number.isNaN(value.getTime())
            ? "an invalid date"
            : (classOf(value) ?? `a value of type ${typeof value}`)

/** Names the class of an object that is not plain, such as a Map: its content may be secret. */
const classOf = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== "object" || prototype === null || Object.getPrototypeOf(prototype) === null) {
    return undefined
  }
  const name = typeof prototype.constructor === "function" ? prototype.constructor.name : ""
  return /^[A-Z]\w{0,99}$/.test(name) ? `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}` : undefined
}

/** Shows a value of the wrong type. It does not quote text, which may be a URL or a body, and so secret. */
export const typeName = (value: unknown): string => (typeof value === "string" ? "text" : quote(value))
