import { namingSchedule } from "@effect-qstash/domain/QStashError"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"

/** The failures that a test asked for, by operation. */
export class Faults {
  private readonly planned = new Map<string, Array<unknown>>()

  plan(operation: string, error: unknown): void {
    this.planned.set(operation, [...(this.planned.get(operation) ?? []), error])
  }

  /** The same services, but each call first fails as planned. */
  plant(services: Context.Context<QStashServices>): Context.Context<QStashServices> {
    const failing = Context.unsafeMake<QStashServices>(
      new Map(
        Array.from(services.unsafeMap, ([key, service]: [string, object]) => [
          key,
          this.failing(key.slice(key.lastIndexOf("/") + 1), service)
        ])
      )
    )
    const schedules = Context.get(failing, QStashSchedules)
    return Context.add(failing, QStashSchedules, {
      ...schedules,
      // As the client and the engine do.
      create: (input) => Effect.mapError(schedules.create(input), namingSchedule(input?.scheduleId))
    })
  }

  private failing(name: string, service: object): unknown {
    return Object.fromEntries(
      Object.entries(service).map(([method, member]: [string, unknown]) => {
        const operation = `${name}.${method}`
        return [
          method,
          typeof member === "function" && !Effect.isEffect(member)
            ? (...args: ReadonlyArray<unknown>) =>
                this.failFirst(operation, Reflect.apply(member, service, args))
            : this.failFirst(operation, member)
        ]
      })
    )
  }

  /** A call is an effect or a stream, and stays what it is. */
  private failFirst(operation: string, call: unknown): unknown {
    const failure = Effect.suspend(() => {
      const error = this.planned.get(operation)?.shift()
      return error === undefined ? Effect.void : Effect.fail(error)
    })
    if (Effect.isEffect(call)) return Effect.zipRight(failure, call)
    return isStream(call) ? Stream.unwrap(Effect.as(failure, call)) : call
  }
}

const isStream = (value: unknown): value is Stream.Stream<unknown, unknown> =>
  Predicate.hasProperty(value, Stream.StreamTypeId)
