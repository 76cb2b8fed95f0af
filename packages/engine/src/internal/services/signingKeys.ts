import type { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Tenant } from "../../TenantServices.ts"
import type { ServiceContext } from "./context.ts"

export const makeSigningKeys = ({ firstKeys, forgetKeys, ids, store }: ServiceContext) => {
  /** Those of the last rotation, or else the tenant's first. */
  const keysOf = (tenantId: string) =>
    Effect.map(
      store.getSigningKeys(tenantId),
      Option.getOrElse(() => firstKeys(tenantId))
    )

  const signingKeys = ({ tenantId }: Tenant): QStashSigningKeys.Service => ({
    get: Effect.suspend(() => keysOf(tenantId)),
    rotate: Effect.gen(function* () {
      const initial = yield* keysOf(tenantId)
      const next = Redacted.make(yield* ids.next("sig"))
      return yield* store.rotateSigningKeys({ tenantId, initial, next })
    }).pipe(
      // Also after a failure, because the rotation may have happened.
      Effect.ensuring(Effect.sync(() => forgetKeys(tenantId))),
      Effect.uninterruptible
    )
  })

  return { signingKeys }
}
