import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Utils from "effect/Utils"
import type { Store } from "../Store.ts"
import type { StoreError } from "../StoreError.ts"
import * as Signer from "../Signer.ts"

/** The signer of each tenant whose keys have been read, for as long as `maxAge` says, in milliseconds. */
export class Signers {
  readonly #store: Store.Service
  readonly #firstKeys: (tenantId: string) => SigningKeys
  readonly #maxAge: number
  readonly #signers = new Map<string, () => Signer.Signer>()
  #rotations = 0
  /** No keys were read before this time. */
  #readSince = -Infinity

  constructor(store: Store.Service, firstKeys: (tenantId: string) => SigningKeys, maxAge: number) {
    this.#store = store
    this.#firstKeys = firstKeys
    this.#maxAge = maxAge
  }

  /** Forgets keys that another engine may have rotated by now. A clock that went back must not make them last longer. */
  expire(now: number): void {
    if (Math.abs(now - this.#readSince) < this.#maxAge) return
    this.#readSince = now
    this.#signers.clear()
  }

  get(tenantId: string): (() => Signer.Signer) | undefined {
    return this.#signers.get(tenantId)
  }

  /** The keys have been rotated. */
  forget(tenantId: string): void {
    this.#rotations += 1
    this.#signers.delete(tenantId)
  }

  /** Keys that are rotated while they are read may be the old ones, so they are read again. */
  *load(
    tenantId: string
  ): Generator<
    Utils.YieldWrap<Effect.Effect<Option.Option<SigningKeys>, StoreError>>,
    void,
    Option.Option<SigningKeys>
  > {
    while (!this.#signers.has(tenantId)) {
      const before = this.#rotations
      const stored = yield* this.#store.getSigningKeys(tenantId)
      if (this.#rotations !== before) continue
      let signer: Signer.Signer | undefined
      this.#signers.set(
        tenantId,
        () => (signer ??= Signer.make(Option.getOrElse(stored, () => this.#firstKeys(tenantId))))
      )
    }
  }
}
