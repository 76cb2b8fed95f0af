import { MessageId } from "@effect-qstash/domain"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import { afterEach, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Either, FastCheck, Predicate } from "effect"
import { vi } from "vitest"

const node = Buffer

const nothing = new Uint8Array()

const written = (body: Uint8Array): unknown => {
  const json = CallbackBody.encode({
    headers: {},
    body,
    retried: 0,
    maxRetries: 0,
    sourceMessageId: MessageId.make("m"),
    url: "https://example.com",
    method: "POST",
    sourceHeaders: {},
    sourceBody: nothing,
    notBefore: DateTime.unsafeMake(0),
    createdAt: DateTime.unsafeMake(0)
  })
  return Predicate.hasProperty(json, "body") ? json.body : undefined
}

const read = (body: string): Either.Either<Uint8Array, string> =>
  Either.map(
    CallbackBody.decode({ sourceMessageId: "m", url: "u", createdAt: 1, body }),
    (callback) => callback.body
  )

afterEach(() => void vi.unstubAllGlobals())

/** Text that is nearly base64. */
const nearly = FastCheck.string({
  unit: FastCheck.constantFrom(
    "A",
    "z",
    "9",
    "+",
    "/",
    "=",
    "-",
    "_",
    " ",
    "\n",
    "\r",
    "\u0141",
    "\u{1f600}"
  ),
  maxLength: 12
})

describe.each([
  ["with Node's Buffer", node],
  ["without a Buffer", undefined]
])("base64 %s", (_, buffer) => {
  it.prop("of any bytes is what Node makes of them, and reads back", [FastCheck.uint8Array()], ([bytes]) => {
    const expected = node.from(bytes).toString("base64")
    vi.stubGlobal("Buffer", buffer)
    strictEqual(written(bytes), expected)
    deepStrictEqual(read(expected), Either.right(bytes))
  })

  it("of a part of a larger buffer is of that part", () => {
    vi.stubGlobal("Buffer", buffer)
    strictEqual(written(new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3)), "AgM=")
  })

  it.each([
    "YQ",
    "YQ=",
    "Y===",
    "====",
    "YQ==YQ==",
    "=YQ=",
    "YQ= ",
    " YQ=",
    "-_-_",
    "YWJ\u0141",
    "\u{1f600}"
  ])("is refused: %j", (text) => {
    vi.stubGlobal("Buffer", buffer)
    deepStrictEqual(read(text), Either.left("body is not base64"))
  })
})

it.prop("base64 is read alike with a Buffer and without", [nearly], ([text]) => {
  const withBuffer = read(text)
  vi.stubGlobal("Buffer", undefined)
  const without = read(text)
  vi.unstubAllGlobals()
  deepStrictEqual(withBuffer, without)
})
