import { FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import type { MessageFilter } from "@effect-qstash/domain/MessageFilter"
import { QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Command from "../Command.ts"
import * as Flag from "../Flag.ts"
import type { Parse } from "../Parameter.ts"
import * as flags from "./flags.ts"

/** What can be asked of messages, of dead letters and of the logs alike. */
type Filter = Pick<
  MessageFilter,
  "queueName" | "scheduleId" | "urlGroup" | "label" | "flowControlKey" | "url" | "fromDate" | "toDate"
>

/** A filter that may be repeated, as the fields that it adds: none where it was not given. */
export const filterOption = <A, F extends object>(
  name: string,
  placeholder: string,
  parse: Parse<A>,
  fields: (values: Arr.NonEmptyReadonlyArray<A>) => F,
  description: string
): Flag.Flag<F | undefined> =>
  Flag.map(Flag.several(name, placeholder, parse, `${description} May be repeated.`), (values) =>
    Arr.isNonEmptyReadonlyArray(values) ? fields(values) : undefined
  )

const anyText = flags.known(Schema.NonEmptyString)

export const filters = {
  queue: filterOption(
    "queue",
    "name",
    flags.known(QueueNameFromAnswer),
    (queueName): Pick<Filter, "queueName"> => ({ queueName }),
    "Only messages of this queue."
  ),
  schedule: filterOption(
    "schedule",
    "id",
    flags.known(ScheduleIdFromAnswer),
    (scheduleId): Pick<Filter, "scheduleId"> => ({ scheduleId }),
    "Only messages that this schedule has made."
  ),
  urlGroup: filterOption(
    "url-group",
    "name",
    flags.known(UrlGroupNameFromAnswer),
    (urlGroup): Pick<Filter, "urlGroup"> => ({ urlGroup }),
    "Only messages to this URL group."
  ),
  label: filterOption(
    "label",
    "text",
    anyText,
    (label): Pick<Filter, "label"> => ({ label }),
    "Only messages with this label."
  ),
  flowControlKey: filterOption(
    "flow-control-key",
    "key",
    flags.known(FlowControlKeyFromAnswer),
    (flowControlKey): Pick<Filter, "flowControlKey"> => ({ flowControlKey }),
    "Only messages with this flow-control key."
  ),
  url: filterOption(
    "url",
    "url",
    anyText,
    (url): Pick<Filter, "url"> => ({ url }),
    "Only messages to this URL, written in full."
  )
}

const sinceText = (what: string) =>
  `Only what ${what} at this instant or later: 2026-03-28T12:00:00Z, or 2h for the last two hours.`
const untilText = (what: string) =>
  `Only what ${what} at this instant or before: 2026-03-28, or 7d for longer ago.`

/** The bounds of time; the words say what happened within them. */
export const sinceOption = (what: string) => flags.moment("since", sinceText(what))
export const untilOption = (what: string) => flags.moment("until", untilText(what))

/** The bounds of time as fields of a filter. */
export const dates = ({
  since,
  until
}: {
  readonly since: flags.Moment | undefined
  readonly until?: flags.Moment | undefined
}) =>
  Effect.map(DateTime.now, (now): Pick<Filter, "fromDate" | "toDate"> => ({
    ...(since === undefined ? {} : { fromDate: since(now) }),
    ...(until === undefined ? {} : { toDate: until(now) })
  }))

/** The fields of all filters, and of the bounds of time. */
export const filterOf = (options: Command.Input<typeof filters> & Parameters<typeof dates>[0]) =>
  Effect.map(dates(options), (bounds) => ({
    ...options.queue,
    ...options.schedule,
    ...options.urlGroup,
    ...options.label,
    ...options.flowControlKey,
    ...options.url,
    ...bounds
  }))
