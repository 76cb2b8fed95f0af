import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** What a file of the program loads before it runs: each specifier, and those of the files that it imports. */
const loadedBy = (file: URL, seen: Set<string> = new Set()): ReadonlySet<string> => {
  const code = readFileSync(fileURLToPath(file), "utf8")
  for (const [, isType, specifier = ""] of code.matchAll(/^import (type )?[^"]*"([^"]+)"/gm)) {
    if (isType !== undefined || seen.has(specifier)) continue
    const next = new URL(specifier, file)
    if (!specifier.startsWith(".")) seen.add(specifier)
    else if (!seen.has(next.href)) {
      seen.add(next.href)
      loadedBy(next, seen)
    }
  }
  return seen
}

describe("the start", () => {
  it("loads neither a schema, a client nor a server", () => {
    const loaded = loadedBy(new URL("../src/bin.ts", import.meta.url))
    strictEqual(loaded.has("effect/Effect"), true)
    const heavy = /^effect$|^effect\/(?:Schema|ParseResult|Stream)|^@effect|\/commands\/(?!globals|table)/
    deepStrictEqual(
      Array.from(loaded).filter((specifier) => heavy.test(specifier)),
      []
    )
  })
})
