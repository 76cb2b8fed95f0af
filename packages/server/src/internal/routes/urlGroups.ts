import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import { checkingId, done, type Handlers, jsonOf, nameOf } from "../call.ts"
import { json } from "../http.ts"

export const urlGroups = (
  engine: Engine.Service
): Handlers<"ListUrlGroups" | "GetUrlGroup" | "DeleteUrlGroup" | "UpsertEndpoints" | "RemoveEndpoints"> => {
  const byName = checkingId(engine.urlGroups, nameOf(UrlGroupName, "topicName"))
  return {
    ListUrlGroups: ({ tenant }) =>
      Effect.map(engine.urlGroups(tenant).list, (all) => json(all.map(UrlGroupRecord.encode))),
    GetUrlGroup: byName((all, name) =>
      Effect.map(all.get(name), (group) => json(UrlGroupRecord.encode(group)))
    ),
    DeleteUrlGroup: byName((all, name) => Effect.as(all.delete(name), done)),
    UpsertEndpoints: byName((all, name, call) =>
      jsonOf(call).pipe(
        Effect.flatMap(UrlGroupRecord.decodeEndpoints),
        Effect.flatMap((endpoints) => all.upsertEndpoints(name, endpoints)),
        Effect.as(done)
      )
    ),
    RemoveEndpoints: byName((all, name, call) =>
      jsonOf(call).pipe(
        Effect.flatMap(UrlGroupRecord.decodeEndpointSelectors),
        Effect.flatMap((endpoints) => all.removeEndpoints(name, endpoints)),
        Effect.as(done)
      )
    )
  }
}
