/**
 * A Store in SQLite or Postgres. On SQLite one process has the file for itself; on Postgres several share the work.
 *
 * Each verb is a transaction that locks the rows of the tenants that it changes, in the order of their ids, before it reads
 * anything else. So what happens to one tenant happens one after the other, and different tenants do not wait for each
 * other.
 *
 * @since 0.1.0
 */
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import { mapVerbs, Store } from "@effect-qstash/engine/Store"
import { StoreError } from "@effect-qstash/engine/StoreError"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ClockOff, compareClocks } from "./internal/compareClocks.ts"
import { make as makeDatabase } from "./internal/Database.ts"
import { migrate, NewerSchema } from "./internal/migrate.ts"
import { makeVerbs } from "./internal/Verbs.ts"
import { upsertSchedule } from "./internal/verbs/upsertSchedule.ts"
import { getSchedule } from "./internal/verbs/getSchedule.ts"
import { listSchedules } from "./internal/verbs/listSchedules.ts"
import { deleteSchedule } from "./internal/verbs/deleteSchedule.ts"
import { setPaused } from "./internal/verbs/setPaused.ts"
import { claimDueSchedules } from "./internal/verbs/claimDueSchedules.ts"
import { accept } from "./internal/verbs/accept.ts"
import { claimDueMessages } from "./internal/verbs/claimDueMessages.ts"
import { settle } from "./internal/verbs/settle.ts"
import { renew } from "./internal/verbs/renew.ts"
import { release } from "./internal/verbs/release.ts"
import { nextWake } from "./internal/verbs/nextWake.ts"
import { getMessage } from "./internal/verbs/getMessage.ts"
import { listMessages } from "./internal/verbs/listMessages.ts"
import { cancel } from "./internal/verbs/cancel.ts"
import { countMessages } from "./internal/verbs/countMessages.ts"
import { countLeased } from "./internal/verbs/countLeased.ts"
import { getDeadLetter } from "./internal/verbs/getDeadLetter.ts"
import { pageDeadLetters } from "./internal/verbs/pageDeadLetters.ts"
import { takeDeadLetters } from "./internal/verbs/takeDeadLetters.ts"
import { pageLogs } from "./internal/verbs/pageLogs.ts"
import { upsertQueue } from "./internal/verbs/upsertQueue.ts"
import { getQueue } from "./internal/verbs/getQueue.ts"
import { listQueues } from "./internal/verbs/listQueues.ts"
import { deleteQueue } from "./internal/verbs/deleteQueue.ts"
import { setQueuePaused } from "./internal/verbs/setQueuePaused.ts"
import { upsertEndpoints } from "./internal/verbs/upsertEndpoints.ts"
import { removeEndpoints } from "./internal/verbs/removeEndpoints.ts"
import { getUrlGroup } from "./internal/verbs/getUrlGroup.ts"
import { listUrlGroups } from "./internal/verbs/listUrlGroups.ts"
import { deleteUrlGroup } from "./internal/verbs/deleteUrlGroup.ts"
import { getFlowControl } from "./internal/verbs/getFlowControl.ts"
import { listFlowControl } from "./internal/verbs/listFlowControl.ts"
import { changeFlowControl } from "./internal/verbs/changeFlowControl.ts"
import { getSigningKeys } from "./internal/verbs/getSigningKeys.ts"
import { rotateSigningKeys } from "./internal/verbs/rotateSigningKeys.ts"
import { prune } from "./internal/verbs/prune.ts"

export {
  /**
   * A newer version of this package has changed the tables.
   *
   * @since 0.1.0
   * @category errors
   */
  NewerSchema
}

/**
 * @since 0.1.0
 */
export interface ClockTolerance {
  readonly key: "@effect-qstash/store-sql/ClockTolerance"
}

/**
 * How far the Clock may be from the one of Postgres when the Store is made: 5 seconds. Servers that share a database take
 * over from each other by their clocks. `Duration.infinity` is for tests with a clock of their own.
 *
 * @since 0.1.0
 * @category references
 */
export const ClockTolerance = Context.Reference<ClockTolerance>()("@effect-qstash/store-sql/ClockTolerance", {
  defaultValue: () => Duration.seconds(5)
})

/**
 * Creates the tables, or brings them up to date, and returns the Store.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Store.Service, SqlError | NewerSchema | ClockOff, SqlClient.SqlClient> =
  Effect.gen(function* () {
    const db = makeDatabase(yield* SqlClient.SqlClient)
    yield* compareClocks(db, yield* ClockTolerance)
    yield* migrate(db)
    const verbs = yield* makeVerbs(db, yield* IdGenerator)
    return mapVerbs(
      {
        upsertSchedule: upsertSchedule(verbs),
        getSchedule: getSchedule(verbs),
        listSchedules: listSchedules(verbs),
        deleteSchedule: deleteSchedule(verbs),
        setPaused: setPaused(verbs),
        claimDueSchedules: claimDueSchedules(verbs),
        accept: accept(verbs),
        claimDueMessages: claimDueMessages(verbs),
        settle: settle(verbs),
        renew: renew(verbs),
        release: release(verbs),
        nextWake: nextWake(verbs),
        getMessage: getMessage(verbs),
        listMessages: listMessages(verbs),
        cancel: cancel(verbs),
        countMessages: countMessages(verbs),
        countLeased: countLeased(verbs),
        getDeadLetter: getDeadLetter(verbs),
        pageDeadLetters: pageDeadLetters(verbs),
        takeDeadLetters: takeDeadLetters(verbs),
        pageLogs: pageLogs(verbs),
        upsertQueue: upsertQueue(verbs),
        getQueue: getQueue(verbs),
        listQueues: listQueues(verbs),
        deleteQueue: deleteQueue(verbs),
        setQueuePaused: setQueuePaused(verbs),
        upsertEndpoints: upsertEndpoints(verbs),
        removeEndpoints: removeEndpoints(verbs),
        getUrlGroup: getUrlGroup(verbs),
        listUrlGroups: listUrlGroups(verbs),
        deleteUrlGroup: deleteUrlGroup(verbs),
        getFlowControl: getFlowControl(verbs),
        listFlowControl: listFlowControl(verbs),
        changeFlowControl: changeFlowControl(verbs),
        getSigningKeys: getSigningKeys(verbs),
        rotateSigningKeys: rotateSigningKeys(verbs),
        prune: prune(verbs)
      },
      // A commit that fails is a defect in `@effect/sql`. Whether it happened is not known.
      (effect, verb) =>
        Effect.catchAllCause(effect, (cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : Effect.fail(new StoreError({ verb, cause: Cause.squash(cause) }))
        )
    )
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Store, SqlError | NewerSchema | ClockOff, SqlClient.SqlClient> = Layer.effect(
  Store,
  make
)
