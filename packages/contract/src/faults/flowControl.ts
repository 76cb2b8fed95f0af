import { type Fault, faultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashFlowControl")

const store = inFile("engine/src/MemoryStore.ts")
const limits = inFile("engine/src/internal/memory/flowControl.ts")
const record = inFile("domain/src/wire/FlowControlRecord.ts")
const client = inFile("client/src/internal/services/flowControl.ts")
const segment = inFile("domain/src/wire/PathSegment.ts")
const handlers = inFile("server/src/internal/routes/flowControl.ts")

/** In the limits that messages share. */
export const faults: ReadonlyArray<Fault> = [
  limits("one-slot-more", "one delivery more is under way than may be", [
    "flow.parallelism - flow.underWay",
    "flow.parallelism - flow.underWay + 1"
  ]),
  limits("one-start-more", "one delivery more starts in a period than may", [
    "Infinity : flow.rate - flow.started",
    "Infinity : flow.rate - flow.started + 1"
  ]),
  store("retries-free", "a retry does not count against the rate", [
    "flow.started += 1",
    "flow.started += row.message.retried === 0 ? 1 : 0"
  ]),
  store("period-slides", "a period begins anew with each delivery", [
    "flow.windowStart ??= now",
    "flow.windowStart = now"
  ]),
  store("first-limits-stay", "the limits of the first message hold", [
    "setLimits(flow, settings.flowControl)",
    "if (flow.parallelism === undefined && flow.rate === undefined) setLimits(flow, settings.flowControl)"
  ]),
  store("retry-keeps-slot", "a message that waits for its retry takes a slot", [
    "isFinished = false\n    }",
    "isFinished = false\n      if (row.flow !== undefined) row.flow.underWay += 1\n    }"
  ]),
  limits("flow-pause-ignored", "a paused key goes on", ["if (flow.isPaused) return 0", ""]),
  store("flow-resume-asleep", "a resumed key waits for its next message", [
    "planWindow(flow)\n        recheck(flow)",
    ""
  ]),
  limits("parallelism-not-pinned", "a message changes a pinned parallelism", [
    "if (!flow.isPinnedParallelism) flow.parallelism",
    "flow.parallelism"
  ]),
  limits("rate-not-pinned", "a message changes a pinned rate", ["if (!flow.isPinnedRate) {", "{"]),
  limits("unpins-both", "an unpin takes both limits", [
    "if (change.rate) flow.isPinnedRate = false",
    "flow.isPinnedRate = false"
  ]),
  limits("pin-in-old-period", "a pinned rate goes on in the old period", [
    "flow.isPinnedRate = true\n        endWindow(flow)",
    "flow.isPinnedRate = true"
  ]),
  limits("reset-in-vain", "a reset of the rate does nothing", [
    'case "ResetRate":\n      endWindow(flow)',
    'case "ResetRate":'
  ]),
  limits("waiting-hidden", "a key does not tell how many wait", [
    "flowControlKey: key, waiting }",
    "flowControlKey: key, waiting: 0 }"
  ]),
  store("under-way-hidden", "nobody tells how many deliveries are under way", [
    "tenants.get(tenantId)?.leased ?? 0",
    "Math.min(tenants.get(tenantId)?.leased ?? 0, 0)"
  ]),
  store("keys-mixed", "two accounts share the limits of a key", [
    "flowOf(tenant, settings.flowControl.key)",
    "flowOf(tenants.values().next().value ?? tenant, settings.flowControl.key)"
  ]),
  store("schedule-without-key", "a schedule's messages go past its limits", [
    "const newMessage: NewMessage = {\n        settings,",
    "const newMessage: NewMessage = {\n        settings: { ...settings, flowControl: undefined },"
  ]),
  store("waiting-for-ever", "what waits for a rate is not called when the period is over", [
    "isHeldByRate && flow.windowStart !== undefined ?",
    "isHeldByRate && flow.windowStart === null ?"
  ]),
  record("period-start-in-millis", "the start of a period travels in milliseconds", [
    "Math.floor((toMillis(state.ratePeriodStart) ?? 0) / 1000)",
    "(toMillis(state.ratePeriodStart) ?? 0)"
  ]),
  record("pin-without-period", "the period of a pin does not travel", [
    "omitUndefined({ parallelism, rate, period: toSeconds(period) })",
    "omitUndefined({ parallelism, rate })"
  ]),
  client("unpin-is-pin", "the client pins what is to be unpinned", [
    'change<never>(\n        none,\n        "unpin",',
    'change(\n        quotaError,\n        "pin",'
  ]),
  segment("names-not-encoded", "the client writes names into the path as they are", [
    "Encoding.encodeUriComponent(value)",
    "Either.right(value)"
  ]),
  handlers("resume-of-key-is-pause", "the server takes the resume of a key for a pause", [
    "all.resume(key)",
    "all.pause(key)"
  ])
]
