import { QStashResponseTooLarge } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { collect, fitting, pageSize } from "../src/commands/pages.ts"
import { explain } from "../src/Target.ts"

const tooLarge = new QStashResponseTooLarge({ status: 200, limit: 64 * 1024 * 1024 })

/** A list of so many numbers, of which a response may hold `most`. */
const numbers = (length: number, most: number) => {
  const asked: Array<number> = []
  const page = ({ count, cursor }: { readonly cursor?: string; readonly count: number }) =>
    Effect.suspend(() => {
      asked.push(count)
      if (count > most) return Effect.fail(tooLarge)
      const begin = Number(cursor ?? 0)
      const end = Math.min(begin + count, length)
      const items = Array.from({ length: end - begin }, (_, index) => begin + index)
      return Effect.succeed(end === length ? { items } : { items, cursor: `${end}` })
    })
  return { asked, page }
}

describe("pages that are larger than the client reads", () => {
  it.effect("are asked for again with half as many items, and those that follow are no larger", () =>
    Effect.gen(function* () {
      const { asked, page } = numbers(30, 13)
      const all = yield* collect(pageSize, page, () => false)
      deepStrictEqual(all, { items: Array.from({ length: 30 }, (_, index) => index) })
      deepStrictEqual(asked, [100, 50, 25, 12, 12, 12])
    })
  )

  it.effect("are only asked for until there are enough", () =>
    Effect.gen(function* () {
      const { asked, page } = numbers(30, 10)
      const found = yield* collect(10, page, (items) => items.length >= 15)
      strictEqual(found.cursor, "20")
      strictEqual(found.items.length, 20)
      deepStrictEqual(asked, [10, 10])
    })
  )

  it.effect("fail where one item alone is too large, and the failure says how large it may be", () =>
    Effect.gen(function* () {
      const { asked, page } = numbers(30, 0)
      const error = yield* Effect.flip(fitting(5)((count) => page({ count })))
      deepStrictEqual(asked, [5, 2, 1])
      const target = { origin: "https://qstash.example.com", isLocal: false, token: Redacted.make("") }
      const { next, what } = explain(error, target)
      strictEqual(
        what,
        "The response from https://qstash.example.com is larger than this program reads (64 MiB)."
      )
      assertInclude(String(next), "--count")
    })
  )
})
