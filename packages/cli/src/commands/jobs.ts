import type { Problem, Result } from "@effect-qstash/jobs/Deploy"
import {
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QStashRateLimited,
  QStashResponseTooLarge,
  QStashUnauthorized,
  QStashUnavailable,
  QStashUnexpectedResponse,
  ScheduleNotFound
} from "@effect-qstash/domain/QStashError"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Argument from "../Argument.ts"
import { command } from "../Command.ts"
import * as Confirmation from "../Confirmation.ts"
import { differs, failed, type Failure, wrongUsage } from "../Failure.ts"
import * as Flag from "../Flag.ts"
import { printable } from "../render/text.ts"
import { Shell } from "../Shell.ts"
import { explain, filled, retryBudgetOf, Target, withTarget } from "../Target.ts"
import { load, withPrintsAside } from "../UserModule.ts"
import * as flags from "./flags.ts"
import { counted, type Noun } from "./noun.ts"
import { printJson, printLines } from "./print.ts"

const schedule: Noun = { one: "schedule", many: "schedules", key: "scheduleId" }

const moduleArgument = Argument.required(
  "module",
  Either.right<string>,
  "A TypeScript or JavaScript file whose default export is the effect that Plan.make returns."
)

const shared = {
  env: Flag.text(
    "env",
    "name",
    "The deployment: it is put in front of ids and labels (default JOBS_ENVIRONMENT, else none)."
  ),
  url: Flag.text("url", "url", "The URL under which QStash reaches the jobs (default JOBS_URL)."),
  createPaused: Flag.toggle("create-paused", "Create new schedules paused."),
  json: flags.json
}

interface Input {
  readonly module: string
  readonly env: string | undefined
  readonly url: string | undefined
  readonly createPaused: boolean
}

const variable = (name: string) => Effect.map(Effect.orDie(filled(name)), Option.getOrUndefined)

/** The plan of a module, made by the packages that the module uses. */
const planOf = (input: Input) =>
  Effect.gen(function* () {
    const target = yield* Target
    const url = input.url ?? (yield* variable("JOBS_URL"))
    if (url === undefined) {
      return yield* wrongUsage(
        "JOBS_URL is not set. It is the URL under which QStash reaches the jobs.",
        "Set it, or give it with --url, as in --url https://api.example.com/jobs."
      )
    }
    const { deploy, exported, name } = yield* load(input.module)
    const options = {
      qstash: {
        url: target.origin,
        token: Redacted.value(target.token),
        retryBudgetMillis: retryBudgetOf(target)
      },
      worker: { url, environment: input.env ?? (yield* variable("JOBS_ENVIRONMENT")) },
      createPaused: input.createPaused
    }
    const finished = <A>(start: (signal: AbortSignal) => Promise<Result<A>>) =>
      Effect.flatMap(Effect.promise(start), (result) =>
        result.ok ? Effect.succeed(result.value) : explainProblem(result.problem, input, name, target)
      )
    const made = yield* finished((signal) => deploy.plan(exported, { ...options, signal }))
    return {
      ...made,
      name,
      apply: (prune: boolean) => finished((signal) => made.apply({ prune, signal }))
    }
  }).pipe(withPrintsAside)

const decodeQStashError = Schema.decodeUnknownOption(
  Schema.Union(
    QStashInvalidRequest,
    QStashQuotaExceeded,
    QStashRateLimited,
    QStashResponseTooLarge,
    QStashUnauthorized,
    QStashUnavailable,
    QStashUnexpectedResponse,
    ScheduleNotFound
  )
)

const explainProblem = (
  { fields, message, tag }: Problem,
  input: Input,
  name: string,
  target: Target.Service
): Failure => {
  const error = decodeQStashError(fields)
  if (Option.isSome(error)) return explain(error.value, target)
  switch (tag) {
    case "WorkerMisconfigured": {
      const option =
        fields["option"] === "url"
          ? input.url === undefined
            ? "JOBS_URL"
            : "--url"
          : input.env === undefined
            ? "JOBS_ENVIRONMENT"
            : "--env"
      return wrongUsage(`${option}: it ${fields["reason"]}.`)
    }
    case "NotAnEffect":
    case "NotAPlan":
      return wrongUsage(
        `The default export of ${name} is not a plan. ${message}.`,
        "Write `export default Plan.make(jobs)` in it."
      )
    case "SchedulesNotOwned":
    case "ScheduleDeclaredTwice":
      return failed(`${message}.`)
    default:
      return failed(`${name} failed: ${message.replace(/\.$/, "")}.`)
  }
}

const printPlan = (text: string) => printLines(text.split("\n").map(printable))

/** The module may have opened what keeps Node running, such as connections to a database. */
const exit = Effect.flatMap(Shell, (shell) => shell.exit)

export const plan = command({
  flags: {
    ...shared,
    check: Flag.toggle("check", "End with exit code 3 if there is anything to change.")
  },
  arguments: { module: moduleArgument },
  run: (input) =>
    Effect.gen(function* () {
      const { isEmpty, name, summary, text } = yield* planOf(input)
      yield* input.json ? printJson(summary) : printPlan(text)
      if (isEmpty || !input.check) return yield* exit
      const { origin } = yield* Target
      return yield* differs(
        `The schedules at ${origin} are not what ${name} declares.`,
        `\`effect-qstash jobs apply ${input.module}\` makes them so.`
      )
    }).pipe(withTarget)
})

export const apply = command({
  flags: {
    ...shared,
    noPrune: Flag.toggle("no-prune", "Keep the schedules that are no longer declared."),
    yes: flags.yes
  },
  arguments: { module: moduleArgument },
  run: (input) =>
    Effect.gen(function* () {
      const { json, noPrune, yes } = input
      if (!noPrune) yield* Confirmation.canBeAsked({ json, yes })
      const { origin } = yield* Target
      const { isEmpty, summary, text, ...planned } = yield* planOf(input)
      const old = counted(schedule, summary.remove.length)
      const hasOld = summary.remove.length > 0
      if (!json) yield* printPlan(text)
      if (hasOld && !noPrune && !yes) {
        // The plan has just listed them.
        yield* Confirmation.ask(`Apply this and delete ${old} at ${origin}?`, [])
      }
      yield* planned.apply(!noPrune)
      if (json) yield* printJson(summary)
      else if (isEmpty) yield* Console.log(`Nothing to change at ${origin}.`)
      else yield* Console.log(`Applied at ${origin}${hasOld && noPrune ? `, without deleting ${old}` : ""}.`)
      yield* exit
    }).pipe(withTarget)
})
