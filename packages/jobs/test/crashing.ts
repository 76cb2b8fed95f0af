/** A process that dies while it applies a plan. */
import { QStashSchedules, QStashUnavailable, QStashUrlGroups } from "@effect-qstash/domain"
import { Effect, Layer } from "effect"

/** Services of which the write number `step` fails: before it is done, or after, when only the response is lost. */
export const crashing = (step: number, when: "before" | "after") => {
  let writes = 0
  const guard = <A, E, R>(write: Effect.Effect<A, E, R>): Effect.Effect<A, E | QStashUnavailable, R> =>
    Effect.suspend(() => {
      if (++writes < step) return write
      const down = new QStashUnavailable({ reason: "the process died" })
      return writes === step && when === "after" ? Effect.zipRight(write, down) : down
    })
  return Layer.mergeAll(
    Layer.effect(
      QStashSchedules,
      Effect.map(QStashSchedules, (schedules) => ({
        ...schedules,
        create: (input) => guard(schedules.create(input)),
        delete: (id) => guard(schedules.delete(id)),
        pause: (id) => guard(schedules.pause(id)),
        resume: (id) => guard(schedules.resume(id))
      }))
    ),
    Layer.effect(
      QStashUrlGroups,
      Effect.map(QStashUrlGroups, (groups) => ({
        ...groups,
        upsertEndpoints: (name, endpoints) => guard(groups.upsertEndpoints(name, endpoints)),
        removeEndpoints: (name, endpoints) => guard(groups.removeEndpoints(name, endpoints))
      }))
    )
  )
}
