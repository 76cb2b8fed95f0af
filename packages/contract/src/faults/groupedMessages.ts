import { type Fault, faultsOf } from "../internal/fault.ts"

const grouped = faultsOf("QStashMessages", "groupedMessages")("client/src/GroupedMessages.ts")

/** In publishes that travel as one batch. */
export const faults: ReadonlyArray<Fault> = [
  grouped("group-without-wait", "a batch is sent before the calls of its moment have joined", [
    "Effect.zipRight(Effect.yieldNow(), flush)",
    "flush"
  ]),
  grouped("group-first-result", "every call of a batch gets the first result", [
    "results[index]",
    "results[0]"
  ]),
  grouped("group-refused-together", "one wrong message fails all messages of its batch", [
    "error instanceof QStashInvalidRequest || error instanceof QStashQuotaExceeded",
    "error instanceof QStashMessages"
  ]),
  grouped("group-in-doubt-repeated", "a batch that may have been sent is sent again", [
    "error instanceof QStashInvalidRequest || error instanceof QStashQuotaExceeded",
    "error instanceof Error"
  ]),
  grouped("group-interrupted-sent", "an interrupted call is sent with its batch", [
    "waiting.delete(one)",
    "waiting.has(one)"
  ]),
  grouped("group-lost-at-the-end", "a call hangs if the layer ends while its batch is sent", [
    ".pipe(Effect.uninterruptible)",
    ""
  ])
]
