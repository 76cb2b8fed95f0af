import * as Either from "effect/Either"
import { CronExpression, isCronExpression } from "../CronExpression.ts"
import { parseScheduleId } from "./optionChecks.ts"
import type { Parsed } from "./parser.ts"
import { quote } from "./quote.ts"
import { setting } from "./setting.ts"
import { expressionText, plainText, scheduleHeaders } from "./settings.ts"

export const parseCron = (input: unknown): Parsed<CronExpression> =>
  typeof input === "string"
    ? Either.mapLeft(CronExpression.parse(input), (error) => error.message)
    : isCronExpression(input)
      ? Either.right(input)
      : Either.left(`expected a cron expression, got ${quote(input)}`)

/** The options of schedules alone, apart from the destination. */
export const scheduleOptions = {
  cron: setting(scheduleHeaders.cron, parseCron, expressionText),
  scheduleId: setting(scheduleHeaders.scheduleId, parseScheduleId, plainText)
}
