import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** @since 0.1.0 */
export declare namespace IdGenerator {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** A new id such as `msg_5RLBWxdLydTNr99CiaTBCRb6UtrU`: the prefix, `_`, and a random part. */
    readonly next: (prefix: string) => Effect.Effect<string>
    /** The same as a plain function, for synchronous code. */
    readonly unsafeNext: (prefix: string) => string
  }
}

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
const tailLength = 28

/** Random bytes are drawn in blocks, because each call costs far more than a byte. Each byte is used once. */
const pool = new Uint8Array(4096)
let used = pool.length

const nextByte = (): number => {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  return pool[used++] ?? 0
}

/**
 * 58 letters fit into a byte four times (232). Larger bytes are discarded, or the first letters would be more frequent.
 */
const randomTail = (): string => {
  let tail = ""
  while (tail.length < tailLength) {
    const byte = nextByte()
    if (byte < 232) tail += alphabet.charAt(byte % 58)
  }
  return tail
}

const make = (unsafeNext: (prefix: string) => string): IdGenerator.Service => ({
  unsafeNext,
  next: (prefix) => Effect.sync(() => unsafeNext(prefix))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface IdGenerator {
  readonly key: "@effect-qstash/domain/IdGenerator"
}

const reference = Context.Reference<IdGenerator>()("@effect-qstash/domain/IdGenerator", {
  defaultValue: (): IdGenerator.Service => make((prefix) => `${prefix}_${randomTail()}`)
})

/**
 * Makes every id of this library. Needs no layer: the default draws from `crypto.getRandomValues`, because a seeded
 * generator such as Effect's Random can repeat itself between processes.
 *
 * @since 0.1.0
 * @category tags
 */
export const IdGenerator: Context.Reference<IdGenerator, IdGenerator.Service> & {
  /**
   * Counts from 1 for each prefix (`msg_1`, `msg_2`, `scd_1`), so that a test sees the same ids every time.
   *
   * @since 0.1.0
   * @category layers
   */
  readonly layerCounter: Layer.Layer<IdGenerator>
} = Object.assign(reference, {
  layerCounter: Layer.sync(reference, () => {
    const counts = new Map<string, number>()
    return make((prefix) => {
      const count = (counts.get(prefix) ?? 0) + 1
      counts.set(prefix, count)
      return `${prefix}_${count}`
    })
  })
})
