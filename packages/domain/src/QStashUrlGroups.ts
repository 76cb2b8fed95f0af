/**
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { QStashError, QStashQuotaExceeded, UrlGroupNotFound } from "./QStashError.ts"
import type { UrlGroup } from "./UrlGroup.ts"
import type { UrlGroupName } from "./UrlGroupName.ts"

/**
 * @since 0.1.0
 */
export declare namespace QStashUrlGroups {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Adds endpoints to a group, which QStash makes on first use. One with the same URL or the same name takes the place
     * of the old one.
     */
    readonly upsertEndpoints: (
      urlGroup: UrlGroupName,
      endpoints: Arr.NonEmptyReadonlyArray<UrlGroup.EndpointInput>
    ) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /**
     * Removes endpoints; with the last one the group is gone. Fails with `UrlGroupNotFound` also where the group has no
     * such endpoint, and then removes none. Messages that are made already are still delivered.
     */
    readonly removeEndpoints: (
      urlGroup: UrlGroupName,
      endpoints: Arr.NonEmptyReadonlyArray<UrlGroup.EndpointSelector>
    ) => Effect.Effect<void, UrlGroupNotFound | QStashError>

    /** One group, its endpoints in their order. */
    readonly get: (urlGroup: UrlGroupName) => Effect.Effect<UrlGroup, UrlGroupNotFound | QStashError>

    /** All groups of the account. QStash promises no order. */
    readonly list: Effect.Effect<ReadonlyArray<UrlGroup>, QStashError>

    /**
     * Deletes a group; its absence is no error. Messages that are made already are still delivered. Delete the schedules
     * that aim at it first: they would find no destination.
     */
    readonly delete: (urlGroup: UrlGroupName) => Effect.Effect<void, QStashError>
  }
}

/**
 * The URL groups of one QStash account: a message to a group goes to each of its endpoints.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashUrlGroups extends Context.Tag("@effect-qstash/domain/QStashUrlGroups")<
  QStashUrlGroups,
  QStashUrlGroups.Service
>() {}
