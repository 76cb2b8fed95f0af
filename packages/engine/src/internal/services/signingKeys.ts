import type { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Tenant } from "../../TenantServices.ts"
import type { ServiceContext } from "./context.ts"

export const makeSigningKeys = ({ ids, keysOf, rotated, store }: ServiceContext) => {
  const signingKeys = ({ tenantId }: Tenant): QStashSigningKeys.Service => ({
    get: Effect.suspend(() => keysOf(tenantId)),
    rotate: Effect.gen(function* () {
      const initial = yield* keysOf(tenantId)
      const next = Redacted.make(yield* ids.next("sig"))
      const keys = yield* store.rotateSigningKeys({ tenantId, initial, next })
      rotated(tenantId, keys)
      return keys
    }).pipe(Effect.uninterruptible)
  })

  return { signingKeys }
}
