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
import * as flags from "./flags.ts"
import { printJson } from "./print.ts"
import { deleteSome, getOne, listAll } from "./records.ts"

const kind = {
  service: QStashUrlGroups,
  noun: { one: "URL group", many: "URL groups", key: "urlGroup" },
  argument: flags.existing("group", UrlGroupNameFromAnswer, "The name of a URL group."),
  order: Order.mapInput(Order.string, ({ name }: UrlGroup) => name),
  idOf: ({ name }: UrlGroup) => name,
  encode: UrlGroupRecord.encode,
  table: urlGroupTable,
  card: urlGroupCard,
  none: ["There are no URL groups", "Create one", "url-groups add alerts https://example.com/alerts"]
} as const

export const list = listAll(kind)
export const get = getOne(kind)
export const removeGroup = deleteSome(kind)

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
    group: kind.argument,
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
