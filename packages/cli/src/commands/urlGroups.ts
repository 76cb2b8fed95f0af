import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import type { UrlGroup } from "@effect-qstash/domain/UrlGroup"
import { UrlGroupName, UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Order from "effect/Order"
import * as Argument from "../Argument.ts"
import * as Flag from "../Flag.ts"
import { command } from "../Command.ts"
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

const groupArgument = flags.existing("group", UrlGroupNameFromAnswer, "The name of a URL group.")

const byName = Order.mapInput(Order.string, ({ name }: UrlGroup) => name)

const sorted = Effect.flatMap(QStashUrlGroups, (groups) =>
  Effect.map(groups.list, (found) => found.toSorted(byName))
)

export const list = command({
  flags: { json: flags.json },
  run: ({ json }) =>
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
})

export const get = command({
  flags: { json: flags.json },
  arguments: { group: groupArgument },
  run: ({ group, json }) =>
    Effect.gen(function* () {
      const found = yield* Effect.flatMap(QStashUrlGroups, (groups) => groups.get(group))
      yield* json ? printJson(UrlGroupRecord.encode(found)) : printLines(urlGroupCard(found, yield* reader))
    }).pipe(withTarget)
})

/** What the library refuses before it sends anything, in the words of the command line. */
const refused = (error: QStashInvalidRequest): Effect.Effect<never, Failure | QStashInvalidRequest> => {
  if (error.status !== undefined) return Effect.fail(error)
  const name = error.field?.endsWith(".name") ? "--name: " : error.field?.endsWith(".url") ? "<url>: " : ""
  return wrongUsage(`${name}${error.reason}.`, "Nothing was sent.")
}

export const add = command({
  flags: {
    name: Flag.text("name", "text", "The name of the endpoint within the group (default none)."),
    json: flags.json
  },
  arguments: {
    group: Argument.required(
      "group",
      flags.decoded(UrlGroupName),
      "The name of the group, which is made on first use."
    ),
    url: Argument.required("url", Either.right<string>, "The http or https URL of the endpoint.")
  },
  run: ({ group, json, name, url }) =>
    Effect.gen(function* () {
      const { origin } = yield* Target
      const groups = yield* QStashUrlGroups
      yield* Effect.catchTag(groups.upsertEndpoints(group, [{ url, name }]), "QStashInvalidRequest", refused)
      if (json) return yield* printJson({ urlGroup: group, outcome: "added" })
      yield* Console.log(`Added ${safeUrl(url)} to ${printable(group)} at ${origin}.`)
    }).pipe(withTarget)
})

export const remove = command({
  flags: {
    name: Flag.text("name", "text", "The name of the endpoint within the group, instead of its URL."),
    json: flags.json
  },
  arguments: {
    group: groupArgument,
    url: Argument.optional(Argument.required("url", Either.right<string>, "The URL of the endpoint."))
  },
  run: ({ group, json, name, url }) =>
    Effect.gen(function* () {
      const endpoint = name !== undefined ? { name } : url !== undefined ? { url } : undefined
      if ((name !== undefined && url !== undefined) || endpoint === undefined) {
        return yield* wrongUsage(
          endpoint !== undefined ? "Both a URL and --name were given." : "No endpoint was named.",
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
})

export const removeGroup = change({
  name: "delete",
  noun: urlGroup,
  done: "deleted",
  argument: groupArgument,
  every: Effect.map(sorted, (groups) => groups.map(({ name }) => name)),
  apply: (name) => Effect.flatMap(QStashUrlGroups, (groups) => groups.delete(name)),
  asksAlways: true
})
