import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import type { UrlGroup } from "@effect-qstash/domain/UrlGroup"
import { UrlGroupName, UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import { failed, type Failure, wrongUsage } from "../Failure.ts"
import { printable } from "../render/text.ts"
import { safeUrl } from "../render/url.ts"
import { urlGroupCard, urlGroupTable } from "../render/urlGroups.ts"
import { Target, withTarget } from "../Target.ts"
import { change } from "./each.ts"
import * as flags from "./flags.ts"
import type { Noun } from "./noun.ts"
import { printJson, printLines } from "./print.ts"
import { reader } from "./reader.ts"

const urlGroup: Noun = { one: "URL group", many: "URL groups", key: "urlGroup" }

const groupArgument = flags
  .existing("group", UrlGroupNameFromAnswer)
  .pipe(Args.withDescription("The name of a URL group."))

const byName = Order.mapInput(Order.string, ({ name }: UrlGroup) => name)

const sorted = Effect.flatMap(QStashUrlGroups, (groups) =>
  Effect.map(groups.list, (found) => found.toSorted(byName))
)

const list = Command.make("list", { json: flags.json }, ({ json }) =>
  Effect.gen(function* () {
    const { origin } = yield* Target
    const groups = yield* sorted
    if (json) return yield* printJson(groups.map(UrlGroupRecord.encode))
    if (groups.length > 0) return yield* printLines(urlGroupTable(groups, yield* reader))
    yield* printLines([
      `There are no URL groups at ${origin}. Create one:`,
      "",
      "  effect-qstash url-groups add alerts https://example.com/alerts"
    ])
  }).pipe(withTarget)
).pipe(Command.withDescription("List the URL groups, by name."))

const get = Command.make("get", { json: flags.json, group: groupArgument }, ({ group, json }) =>
  Effect.gen(function* () {
    const found = yield* Effect.flatMap(QStashUrlGroups, (groups) => groups.get(group))
    yield* json ? printJson(UrlGroupRecord.encode(found)) : printLines(urlGroupCard(found, yield* reader))
  }).pipe(withTarget)
).pipe(
  Command.withDescription("Show one URL group and its endpoints, without URL queries; --json shows them.")
)

/** What the library refuses before it sends anything, in the words of the command line. */
const refused = (error: QStashInvalidRequest): Effect.Effect<never, Failure | QStashInvalidRequest> => {
  if (error.status !== undefined) return Effect.fail(error)
  const name = error.field?.endsWith(".name") ? "--name: " : error.field?.endsWith(".url") ? "<url>: " : ""
  return wrongUsage(`${name}${error.reason}.`, "Nothing was sent.")
}

const add = Command.make(
  "add",
  {
    name: Options.text("name").pipe(
      Options.withPseudoName("text"),
      Options.optional,
      Options.withDescription("The name of the endpoint within the group (default none).")
    ),
    json: flags.json,
    group: flags
      .fresh("group", UrlGroupName)
      .pipe(Args.withDescription("The name of the group, which is made on first use.")),
    url: flags.word("url").pipe(Args.withDescription("The http or https URL of the endpoint."))
  },
  ({ group, json, name, url }) =>
    Effect.gen(function* () {
      const { origin } = yield* Target
      const groups = yield* QStashUrlGroups
      yield* Effect.catchTag(
        groups.upsertEndpoints(group, [{ url, name: Option.getOrUndefined(name) }]),
        "QStashInvalidRequest",
        refused
      )
      if (json) return yield* printJson({ urlGroup: group, outcome: "added" })
      yield* Console.log(`Added ${safeUrl(url)} to ${printable(group)} at ${origin}.`)
    }).pipe(withTarget)
).pipe(
  Command.withDescription(
    "Add an endpoint to a URL group. One with the same URL or the same name takes the place of the old one."
  )
)

const remove = Command.make(
  "remove",
  {
    name: Options.text("name").pipe(
      Options.withPseudoName("text"),
      Options.optional,
      Options.withDescription("The name of the endpoint within the group, instead of its URL.")
    ),
    json: flags.json,
    group: groupArgument,
    url: flags.word("url").pipe(Args.optional, Args.withDescription("The URL of the endpoint."))
  },
  ({ group, json, name, url }) =>
    Effect.gen(function* () {
      const endpoint = Option.isSome(name)
        ? Option.isNone(url) && { name: name.value }
        : Option.isSome(url) && { url: url.value }
      if (endpoint === false) {
        return yield* wrongUsage(
          Option.isSome(name) ? "Both a URL and --name were given." : "No endpoint was named.",
          "Give the URL of the endpoint to remove, or its name with --name."
        )
      }
      const { origin } = yield* Target
      const groups = yield* QStashUrlGroups
      yield* groups.removeEndpoints(group, [endpoint]).pipe(
        Effect.catchTags({
          QStashInvalidRequest: refused,
          UrlGroupNotFound: () =>
            Effect.fail(
              failed(
                `There is no URL group "${group}" with this endpoint at ${origin}.`,
                "`effect-qstash url-groups list` lists the groups, and `get` the endpoints of one."
              )
            )
        })
      )
      if (json) return yield* printJson({ urlGroup: group, outcome: "removed" })
      const what = "url" in endpoint ? safeUrl(endpoint.url) : printable(endpoint.name)
      yield* Console.log(`Removed ${what} from ${printable(group)} at ${origin}.`)
    }).pipe(withTarget)
).pipe(Command.withDescription("Remove an endpoint from a URL group. With the last one the group is gone."))

const removeGroup = change({
  name: "delete",
  description: "Delete URL groups. Messages that are made already are still delivered.",
  noun: urlGroup,
  done: "deleted",
  argument: groupArgument,
  every: Effect.map(sorted, (groups) => groups.map(({ name }) => name)),
  apply: (name) => Effect.flatMap(QStashUrlGroups, (groups) => groups.delete(name)),
  asksAlways: true
})

export const urlGroups = Command.make("url-groups").pipe(
  Command.withDescription("URL groups: a message to a group goes to each of its endpoints."),
  Command.withSubcommands([list, get, add, remove, removeGroup])
)
