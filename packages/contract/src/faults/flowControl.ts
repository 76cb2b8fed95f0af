import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Fault, faultsOf, storeFaultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashFlowControl")

const memorySchedules = inFile("engine/src/internal/memory/schedules.ts")
const memoryLeases = inFile("engine/src/internal/memory/leases.ts")
const memoryMessages = inFile("engine/src/internal/memory/messages.ts")
const memorySlots = inFile("engine/src/internal/memory/slots.ts")
const keys = inFile("engine/src/internal/memory/flowControl.ts")
const limits = inFile("engine/src/FlowControlRules.ts")
const record = inFile("domain/src/wire/FlowControlRecord.ts")
const fields = inFile("domain/src/internal/fields.ts")
const client = inFile("client/src/internal/services/flowControl.ts")
const segment = inFile("domain/src/wire/PathSegment.ts")
const handlers = inFile("server/src/internal/routes/flowControl.ts")
const port = storeFaultsOf("QStashFlowControl")

/** In the limits that messages share. */
export const faults: ReadonlyArray<Fault> = [
  limits("one-slot-more", "one delivery too many is in progress", [
    "flow.parallelism - underWay",
    "flow.parallelism - underWay + 1"
  ]),
  limits("one-start-more", "one delivery too many starts in a period", [
    "Infinity : flow.rate - flow.started",
    "Infinity : flow.rate - flow.started + 1"
  ]),
  memorySlots("retries-free", "a retry does not count against the rate", [
    "countStart(flow, now)",
    "if (row.message.retried === 0) countStart(flow, now)"
  ]),
  limits("period-slides", "each delivery starts a new period", [
    "flow.windowStart ??= now",
    "flow.windowStart = now"
  ]),
  memoryMessages("first-limits-stay", "the limits of the first message stay in force", [
    "takeLimits(flow, settings.flowControl, now)",
    "if (flow.parallelism === undefined && flow.rate === undefined) takeLimits(flow, settings.flowControl, now)"
  ]),
  memoryLeases("retry-keeps-slot", "a message waiting for its retry keeps its slot", [
    "row.message = outcome.next\n",
    "row.message = outcome.next\n    if (outcome.next !== undefined && row.flow !== undefined) row.flow.underWay += 1\n"
  ]),
  limits("flow-pause-ignored", "a paused key continues", ["if (flow.isPaused) return 0", ""]),
  keys("flow-resume-asleep", "a resumed key waits for its next message", [
    "planWindow(flow)\n        recheck(flow)",
    ""
  ]),
  limits("parallelism-not-pinned", "a message changes a pinned parallelism", [
    "if (!flow.isPinnedParallelism) flow.parallelism",
    "flow.parallelism"
  ]),
  limits("rate-not-pinned", "a message changes a pinned rate", ["if (!flow.isPinnedRate) {", "{"]),
  port("unpins-both", "unpinning one limit unpins both", (store) => ({
    changeFlowControl: (request) =>
      store.changeFlowControl({
        ...request,
        change:
          request.change._tag === "Unpin" ? { _tag: "Unpin", parallelism: true, rate: true } : request.change
      })
  })),
  limits("pin-in-old-period", "a pinned rate continues the old period", [
    "flow.isPinnedRate = true\n        endWindow(flow)",
    "flow.isPinnedRate = true"
  ]),
  port("reset-in-vain", "resetting the rate does nothing", (store) => ({
    changeFlowControl: (request) =>
      request.change._tag === "ResetRate" ? Effect.succeed("stored") : store.changeFlowControl(request)
  })),
  port("waiting-hidden", "a key does not show how many messages wait", (store) => ({
    getFlowControl: (...key) =>
      Effect.map(
        store.getFlowControl(...key),
        Option.map((flow) => ({ ...flow, waiting: 0 }))
      )
  })),
  port("under-way-hidden", "no key shows how many deliveries are in progress", () => ({
    countLeased: () => Effect.succeed(0)
  })),
  memoryMessages("keys-mixed", "two accounts share the limits of a key", [
    "flowOf(tenant, settings.flowControl.key)",
    "flowOf(memory.tenants.values().next().value ?? tenant, settings.flowControl.key)"
  ]),
  memorySchedules("schedule-without-key", "a schedule's messages ignore its limits", [
    "NewMessage = { settings, ...target",
    "NewMessage = { settings: { ...settings, flowControl: undefined }, ...target"
  ]),
  keys("waiting-for-ever", "messages waiting for a rate do not start when the period ends", [
    "isHeldByRate && flow.windowStart !== undefined ?",
    "isHeldByRate && flow.windowStart === null ?"
  ]),
  fields("period-start-in-millis", "the start of a period is sent in milliseconds", [
    "Math.floor(DateTime.toEpochMillis(value) / 1000)",
    "DateTime.toEpochMillis(value)"
  ]),
  record("pin-without-period", "the period of a pin is not sent", [
    "omitUndefined({ parallelism, rate, period: period && Duration.toSeconds(period) })",
    "omitUndefined({ parallelism, rate })"
  ]),
  client("unpin-is-pin", "the client pins instead of unpinning", [
    'change<never>(\n        none,\n        "unpin",',
    'change(\n        quotaError,\n        "pin",'
  ]),
  segment("names-not-encoded", "the client does not encode names in the path", [
    "encodeURIComponent(value)",
    "value"
  ]),
  handlers("resume-of-key-is-pause", "the server pauses a key instead of resuming it", [
    "all.resume(key)",
    "all.pause(key)"
  ])
]
