import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { QStashError, QStashQuotaExceeded, UrlGroupNotFound } from "./QStashError.ts"
import type { UrlGroup } from "./UrlGroup.ts"
import type { UrlGroupName } from "./UrlGroupName.ts"

/** @since 0.1.0 */
export declare namespace QStashUrlGroups {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Adds endpoints to a group, which QStash creates on first use. An endpoint replaces one with the same URL or the
     * same name.
     */
    readonly upsertEndpoints: (
      urlGroup: UrlGroupName,
      endpoints: Arr.NonEmptyReadonlyArray<UrlGroup.EndpointInput>
    ) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /**
     * Removes endpoints. Without endpoints the group no longer exists. If the group lacks one of them, the call fails
     * with `UrlGroupNotFound` and removes none. Messages that already exist are still delivered.
     */
    readonly removeEndpoints: (
      urlGroup: UrlGroupName,
      endpoints: Arr.NonEmptyReadonlyArray<UrlGroup.EndpointSelector>
    ) => Effect.Effect<void, UrlGroupNotFound | QStashError>

    /** One group, with its endpoints in order. */
    readonly get: (urlGroup: UrlGroupName) => Effect.Effect<UrlGroup, UrlGroupNotFound | QStashError>

    /** All groups of the account, in no guaranteed order. */
    readonly list: Effect.Effect<ReadonlyArray<UrlGroup>, QStashError>

    /**
     * Deletes a group if it exists. Messages that already exist are still delivered. First delete the schedules of the
     * group: they would find no destination.
     */
    readonly delete: (urlGroup: UrlGroupName) => Effect.Effect<void, QStashError>
  }
}

/**
 * The URL groups of a QStash account: a message to a group goes to each of its endpoints.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashUrlGroups extends Context.Tag("@effect-qstash/domain/QStashUrlGroups")<
  QStashUrlGroups,
  QStashUrlGroups.Service
>() {}
