import type { FlowControlState } from "@effect-qstash/domain/FlowControlState"
import * as Duration from "effect/Duration"
import { card } from "./card.ts"
import { inZoneExactly } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { colourOfPause, pauseOf } from "./state.ts"
import { tableOf } from "./table.ts"
import { printable } from "./text.ts"

const pinned = (isPinned: boolean): string => (isPinned ? ", pinned" : "")

/** Such as `2 of 3, pinned`. */
const parallelismOf = (state: FlowControlState): string | undefined =>
  state.parallelismMax === undefined
    ? undefined
    : `${state.parallelismCount} of ${state.parallelismMax}${pinned(state.isPinnedParallelism)}`

/** Such as `5 of 10 in 1m`. */
const rateOf = ({ isPinnedRate, rateCount, rateMax, ratePeriod }: FlowControlState): string | undefined => {
  if (rateMax === undefined) return undefined
  const period = ratePeriod === undefined ? "" : ` in ${Duration.format(ratePeriod)}`
  return `${rateCount} of ${rateMax}${period}${pinned(isPinnedRate)}`
}

const limitsOf = (state: FlowControlState): string => {
  const [parallelism, rate] = [parallelismOf(state), rateOf(state)]
  const limits = [
    ...(parallelism === undefined ? [] : [`parallelism ${parallelism}`]),
    ...(rate === undefined ? [] : [`rate ${rate}`])
  ]
  return limits.join("; ") || "none"
}

export const flowControlTable = tableOf<FlowControlState>((column) => ({
  columns: [
    column("KEY", ({ flowControlKey }) => printable(flowControlKey)),
    column("STATE", pauseOf, colourOfPause),
    column("WAITING", ({ waitListSize }) => String(waitListSize))
  ],
  last: column("LIMITS", limitsOf)
}))

export const flowControlCard = (state: FlowControlState, { zone }: Reader): ReadonlyArray<string> =>
  card(state.flowControlKey, colourOfPause(pauseOf(state)), [
    ["waiting", String(state.waitListSize)],
    ["parallelism", parallelismOf(state) ?? "no limit"],
    ["rate", rateOf(state) ?? "no limit"],
    ["period began", state.ratePeriodStart && inZoneExactly(state.ratePeriodStart, zone)]
  ])
