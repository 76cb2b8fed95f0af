import { QStashServices } from "@effect-qstash/domain/QStashServices"
import type { TenantServices } from "../TenantServices.ts"
import { makeDlq } from "./services/dlq.ts"
import { makeFlowControl } from "./services/flowControl.ts"
import { makeLogs } from "./services/logs.ts"
import { makeMessages } from "./services/messages.ts"
import { makeQueues } from "./services/queues.ts"
import { makeSchedules } from "./services/schedules.ts"
import { makeContext, type Options } from "./services/context.ts"
import { makeSigningKeys } from "./services/signingKeys.ts"
import { makeUrlGroups } from "./services/urlGroups.ts"

/** Everything that the engine offers its callers, except for `redeliver`. */
export const makeService = (options: Options): Omit<TenantServices, "redeliver"> => {
  const context = makeContext(options)
  const service = {
    ...makeSchedules(context),
    ...makeMessages(context),
    ...makeQueues(context),
    ...makeUrlGroups(context),
    ...makeDlq(context),
    ...makeFlowControl(context),
    ...makeLogs(context),
    ...makeSigningKeys(context)
  }
  return {
    ...service,
    services: (tenant) =>
      QStashServices.context({
        schedules: service.schedules(tenant),
        messages: service.messages(tenant),
        queues: service.queues(tenant),
        urlGroups: service.urlGroups(tenant),
        dlq: service.dlq(tenant),
        flowControl: service.flowControl(tenant),
        logs: service.logs(tenant),
        signingKeys: service.signingKeys(tenant)
      })
  }
}
