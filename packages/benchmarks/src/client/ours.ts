import { QStashClient } from "@effect-qstash/client"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { batchSize, body, type Calls, cron, destination, scheduleId, tokenFor } from "./tasks.ts"

/** Our client with its defaults: it checks, decodes, limits and would retry. */
export const ours = async (
  url: string,
  transport: Layer.Layer<HttpClient.HttpClient>,
  isTraced: boolean
): Promise<Calls> => {
  const runtime = ManagedRuntime.make(transport)
  const clientFor = (schedules: number): Promise<Context.Context<QStashServices>> =>
    runtime.runPromise(
      // 64 of the longest lists at once take longer than the default.
      QStashClient.make({ url, token: Redacted.make(tokenFor(schedules)), requestTimeout: "5 minutes" })
    )
  const context = await clientFor(1)
  const schedules = Context.get(context, QStashSchedules)
  const messages = Context.get(context, QStashMessages)
  const thousand = Context.get(await clientFor(1000), QStashSchedules)
  const tenThousand = Context.get(await clientFor(10_000), QStashSchedules)
  const id = ScheduleId.make(scheduleId)
  const message = { destination, body, delay: "1 day" } as const
  const batch = Array.from({ length: batchSize }, () => message)
  const run = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.runPromise(isTraced ? effect : Effect.withTracerEnabled(effect, false))
  return {
    resume: () => run(schedules.resume(id)),
    get: () => run(schedules.get(id)),
    create: () => run(schedules.create({ scheduleId: id, cron, destination, body })),
    publish: () => run(messages.publish(message)),
    "batch of 100": () => run(messages.batch(batch)),
    "list of 1,000": () => run(thousand.list),
    "list of 10,000": () => run(tenThousand.list)
  }
}
