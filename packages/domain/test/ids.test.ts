import { IdGenerator } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Random } from "effect"

const shape = /^msg_[1-9A-HJ-NP-Za-km-z]{28}$/

const mint = (prefix: string) => Effect.flatMap(IdGenerator, (ids) => ids.next(prefix))

describe("IdGenerator", () => {
  it.effect("needs no layer, and mints ids in the shape of QStash's", () =>
    Effect.gen(function* () {
      const id = yield* mint("msg")
      assertTrue(shape.test(id), id)
      const { unsafeNext } = yield* IdGenerator
      assertTrue(shape.test(unsafeNext("msg")))
      assertTrue((yield* mint("scd")).startsWith("scd_"))
    })
  )

  it.effect("does not repeat itself, nor follow Effect's Random, of which a test may fix the seed", () =>
    Effect.gen(function* () {
      const ids = new Set<string>()
      for (let count = 0; count < 5_000; count++) {
        ids.add(yield* Effect.withRandom(mint("msg"), Random.make("a seed")))
      }
      strictEqual(ids.size, 5_000)
    })
  )

  it.effect("draws each of its letters as often as any other", () =>
    Effect.gen(function* () {
      const { unsafeNext } = yield* IdGenerator
      const counts = new Map<string, number>()
      const drawn = 20_000 * 28
      for (let count = 0; count < 20_000; count++) {
        for (const letter of unsafeNext("").slice(1)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
      }
      strictEqual(counts.size, 58)
      // Six standard deviations of a fair draw; bytes taken modulo 58 would put the first letters 9 % above.
      const fair = drawn / 58
      const unfair = [...counts].filter(([, count]) => Math.abs(count - fair) > 6 * Math.sqrt(fair))
      deepStrictEqual(unfair, [])
    })
  )
})

describe("IdGenerator.layerCounter", () => {
  const four = Effect.all([mint("msg"), mint("scd"), mint("msg"), mint("")])
  const first = ["msg_1", "scd_1", "msg_2", "_1"]

  it.effect("counts from 1 for each prefix", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* four, first)
      const { unsafeNext } = yield* IdGenerator
      strictEqual(unsafeNext("msg"), "msg_3")
    }).pipe(Effect.provide(IdGenerator.layerCounter))
  )

  it.effect("begins anew each time the layer is built", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* Effect.provide(four, IdGenerator.layerCounter), first)
      deepStrictEqual(yield* Effect.provide(four, IdGenerator.layerCounter), first)
    })
  )

  it.effect("takes prefixes by any name", () =>
    Effect.gen(function* () {
      strictEqual(yield* mint("__proto__"), "__proto___1")
      strictEqual(yield* mint("constructor"), "constructor_1")
    }).pipe(Effect.provide(IdGenerator.layerCounter))
  )
})
