/**
 * Plausible bugs, each of which must break a law. `scripts/mutants.ts` plants one at a time.
 *
 * @since 0.1.0
 */
import { fileURLToPath } from "node:url"
import { faults as deliveries } from "./faults/deliveries.ts"
import { faults as deploy } from "./faults/deploy.ts"
import { faults as dlq } from "./faults/dlq.ts"
import { faults as groupedMessages } from "./faults/groupedMessages.ts"
import { faults as jobs } from "./faults/jobs.ts"
import { faults as flowControl } from "./faults/flowControl.ts"
import { faults as logs } from "./faults/logs.ts"
import { faults as lostReplies } from "./faults/lostReplies.ts"
import { faults as messages } from "./faults/messages.ts"
import { faults as outages } from "./faults/outages.ts"
import { faults as queues } from "./faults/queues.ts"
import { faults as schedules } from "./faults/schedules.ts"
import { faults as signingKeys } from "./faults/signingKeys.ts"
import { faults as sql } from "./faults/sql.ts"
import { faults as storeSql } from "./faults/storeSql.ts"
import { faults as transport } from "./faults/transport.ts"
import { faults as urlGroups } from "./faults/urlGroups.ts"
import type { Fault, HomeFile, PortFault, TextFault } from "./internal/fault.ts"

export type {
  /**
   * A bug to plant, in the text of a file or at a port.
   *
   * @since 0.1.0
   * @category models
   */
  Fault,
  /**
   * The test file of a home, without its extension.
   *
   * @since 0.1.0
   * @category models
   */
  HomeFile
}

/** Code used only over the wire. The engine writes callbacks itself. */
const wire =
  /^(?:client|server)\/|^domain\/src\/(?:wire\/(?!CallbackBody)|internal\/(?:record|fields|messageRecord|requestParts)\.ts)/

/**
 * The homes whose laws run: those in which the changed code matters. For the engine, these are the two homes in memory,
 * because the server runs the same engine more slowly.
 *
 * @since 0.1.0
 * @category conversions
 */
export const homesOf = ({ file, home }: Fault): ReadonlyArray<HomeFile> => {
  if (home !== undefined) return [home]
  if (file.startsWith("testing/")) return ["testing"]
  return wire.test(file) ? ["server"] : ["testing", "engine"]
}

const edit = ({ file, id }: Fault, edits: TextFault["edits"], source: string): string =>
  edits.reduce((text, [find, replace]) => {
    const places = text.split(find).length - 1
    if (places !== 1)
      throw new Error(`${id}: ${file} contains ${JSON.stringify(find)} ${places} times, not once`)
    return text.replace(find, () => replace)
  }, source)

const faultyPorts = fileURLToPath(new URL("internal/faultyPorts.ts", import.meta.url))

/**
 * The source with the fault. A fault that no longer fits the source is an error: otherwise it would look as if no law
 * catches it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const plant = (fault: Fault, source: string): string =>
  "edits" in fault
    ? edit(fault, fault.edits, source)
    : [
        edit(fault, [[`export const ${fault.name}`, "const correct"]], source),
        `import { faulty } from "${faultyPorts}"`,
        `export const ${fault.name} = faulty["${fault.file}"](correct, "${fault.id}")`
      ].join("\n")

/**
 * @since 0.1.0
 * @category constants
 */
export const faults: ReadonlyArray<Fault> = [
  ...schedules,
  ...deliveries,
  ...messages,
  ...queues,
  ...urlGroups,
  ...dlq,
  ...flowControl,
  ...logs,
  ...signingKeys,
  ...lostReplies,
  ...transport,
  ...groupedMessages,
  ...jobs,
  ...sql,
  ...storeSql,
  ...deploy,
  ...outages
]

/**
 * What the fault of an id changes at a port.
 *
 * @since 0.1.0
 * @category conversions
 */
export const changesOf = (id: string): PortFault["changes"] => {
  const fault = faults.find((known) => known.id === id)
  return fault !== undefined && "changes" in fault ? fault.changes : {}
}
