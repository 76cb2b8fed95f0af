import { DeliveryBodyMismatch } from "@effect-qstash/receiver"
import { describe, it } from "@effect/vitest"
import { assertEquals, deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Either } from "effect"
import { at, allHomes, keys } from "./homes.ts"
import { body, delivery, token } from "./token.ts"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** The neighbours of a character in the alphabet differ from it in the low bits, the far one in the high bit. */
const changesOf = (character: string): ReadonlyArray<string> => {
  const index = alphabet.indexOf(character)
  const others = [1, 2, 3, 32].map((step) => alphabet.charAt((index + step) % 64))
  return [...others, "", ".", "=", "+", " ", "\n", "\u00e9", `${character}A`].filter(
    (other) => other !== character
  )
}

for (const [name, home] of allHomes) {
  describe(`an altered delivery on ${name}`, () => {
    it.effect("is refused for every changed, dropped or added character of the token", () =>
      Effect.gen(function* () {
        yield* at(1)
        const receiver = yield* home.make(keys)
        const good = token()
        yield* receiver.verify(delivery(good))
        const passed: Array<string> = []
        for (let index = 0; index < good.length; index++) {
          for (const change of changesOf(good.charAt(index))) {
            const altered = good.slice(0, index) + change + good.slice(index + 1)
            if (Either.isRight(yield* Effect.either(receiver.verify(delivery(altered))))) passed.push(altered)
          }
        }
        deepStrictEqual(passed, [])
      })
    )

    it.effect("is refused for every changed, dropped or added byte of the body", () =>
      Effect.gen(function* () {
        yield* at(1)
        const receiver = yield* home.make(keys)
        for (let index = 0; index < body.length; index++) {
          const byte = body[index] ?? 0
          const replaced = [1, 2, 64, 128, 255].map((bits) => body.with(index, byte ^ bits))
          const cut = Uint8Array.from([...body.slice(0, index), ...body.slice(index + 1)])
          const grown = Uint8Array.from([...body.slice(0, index), 0, ...body.slice(index)])
          for (const altered of [...replaced, cut, grown]) {
            const error = yield* Effect.flip(receiver.verify({ ...delivery(), body: altered }))
            assertEquals(error, new DeliveryBodyMismatch())
          }
        }
      })
    )
  })
}
