import * as SigningKeysRecord from "@effect-qstash/domain/wire/SigningKeysRecord"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import type { Handlers } from "../call.ts"
import { json } from "../http.ts"

export const signingKeys = (engine: Engine.Service): Handlers<"GetKeys" | "RotateKeys"> => ({
  GetKeys: ({ tenant }) =>
    Effect.map(engine.signingKeys(tenant).get, (keys) => json(SigningKeysRecord.encode(keys))),
  RotateKeys: ({ tenant }) =>
    Effect.map(engine.signingKeys(tenant).rotate, (keys) => json(SigningKeysRecord.encode(keys)))
})
