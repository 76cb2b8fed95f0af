import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

interface Module {
  readonly file: string
  readonly text: string
}

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "")

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Where a specifier of this repository leads, as the packages' `exports` map it; undefined for a foreign one. */
const follow = (specifier: string, from: string): string | undefined =>
  specifier.startsWith(".")
    ? fileURLToPath(new URL(specifier, `file://${from}`))
    : specifier.startsWith("@effect-qstash/domain/")
      ? source(`../../domain/src/${specifier.slice("@effect-qstash/domain/".length)}.ts`)
      : undefined

/** Every module that an entry reaches within the repository, and every specifier that leads out of it. */
const walk = (
  entry: string
): { readonly modules: ReadonlyArray<Module>; readonly foreign: ReadonlySet<string> } => {
  const seen = new Map<string, string>()
  const foreign = new Set<string>()
  const pending = [entry]
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (seen.has(file)) continue
    const text = withoutComments(readFileSync(file, "utf8"))
    seen.set(file, text)
    for (const [, specifier = ""] of text.matchAll(
      /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'`]([^"'`]+)["'`]/g
    )) {
      const next = follow(specifier, file)
      if (next === undefined) foreign.add(specifier)
      else pending.push(next)
    }
  }
  return { modules: Array.from(seen, ([file, text]) => ({ file, text })), foreign }
}

const globals =
  /\b(?:Buffer|process|setImmediate|clearImmediate|__dirname|__filename|NodeJS|global)\b(?!["'])/

describe("the entry without Effect", () => {
  const { foreign, modules } = walk(source("../src/plain.ts"))

  it("imports no package", () => {
    deepStrictEqual([...foreign], [])
  })

  it("uses nothing that only Node has", () => {
    deepStrictEqual(
      modules.filter(({ text }) => globals.test(text)).map(({ file }) => file),
      []
    )
  })
})

describe("the main entry", () => {
  const { foreign, modules } = walk(source("../src/index.ts"))

  it("reaches its modules and those of domain, and no package but effect and the hashes", () => {
    for (const name of [
      "/QStashReceiver.ts",
      "/internal/verify.ts",
      "/internal/webCrypto.ts",
      "/SignatureFormat.ts"
    ]) {
      assertTrue(
        modules.some(({ file }) => file.endsWith(name)),
        `never reached ${name}`
      )
    }
    deepStrictEqual([...foreign].filter((specifier) => !specifier.startsWith("effect/")).toSorted(), [
      "@noble/hashes/hmac.js",
      "@noble/hashes/sha2.js"
    ])
  })

  it("uses nothing that only Node has", () => {
    deepStrictEqual(
      modules.filter(({ text }) => globals.test(text)).map(({ file }) => file),
      []
    )
  })

  it("is told from the entry for Node by the same walk", () => {
    assertTrue(walk(source("../src/node.ts")).foreign.has("node:crypto"))
  })
})
