import type { MessageSettings } from "../MessageSettings.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { parseFlag, refuse } from "./optionChecks.ts"
import type { SettingsSource } from "./requestParts.ts"
import { decodeAll, setting } from "./setting.ts"
import { flagText, headerNames, settings } from "./settings.ts"

/**
 * With these headers a sender asks for a run or a step of Upstash Workflow. A plain message would arrive, and the
 * workflow would then fail. `Upstash-Workflow-Sdk-Version` alone asks for nothing, and is ignored like any unknown
 * header.
 */
const workflowHeaders = ["Upstash", "Upstash-Callback", "Upstash-Failure-Callback"].flatMap((prefix) =>
  ["Init", "RunId", "Url", "CallType", "Invoke"].map((name) => `${prefix}-Workflow-${name}`)
)

/** Reads the shared options. */
export const decodeSettings = (source: SettingsSource) => {
  const workflow = workflowHeaders.find((name) => source.text(name) !== undefined)
  return workflow === undefined
    ? decodeAll<Required<MessageSettings>>(settings, source)
    : refuse("starts or continues an Upstash Workflow, which is not supported", workflow)
}

/** Whether each delivery also carries the request's own headers. No option does this, only a request. */
export const headerForward = setting("Upstash-Header-Forward", parseFlag, flagText)

/**
 * Names the header in an error instead of the option. QStash's own texts about a cron and a destination need no name.
 */
export const inWireTerms = ({ field, reason }: QStashInvalidRequest): QStashInvalidRequest =>
  new QStashInvalidRequest(
    field === undefined || field === "cron" || field === "destination"
      ? { reason }
      : { field: headerNames.get(field) ?? field, reason }
  )
