import { brandedText } from "./effectSchema.ts"

/**
 * An id or a name that QStash restricts. URL parsing resolves `.` and `..`, which would turn
 * `DELETE /v2/schedules/..` into another call.
 */
export const restrictedName = <const B extends string>(brand: B, what: string, description: string) =>
  brandedText(brand, {
    description,
    expected: `a ${what} of letters, digits, ".", "_" and "-", and not "." or ".."`,
    pattern: /^[A-Za-z0-9._-]+$/,
    isValid: (text) => text !== "." && text !== ".."
  })

/** An id that QStash makes: any text that can be a segment of a path. */
export const nonEmptyName = <const B extends string>(brand: B, what: string, description: string) =>
  brandedText(brand, {
    description,
    expected: `a ${what} that is not empty, "." or ".."`,
    isValid: (text) => text.trim() !== "" && text !== "." && text !== ".." && !/\p{Cs}/u.test(text)
  })
