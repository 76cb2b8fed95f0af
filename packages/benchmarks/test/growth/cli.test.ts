import { describe } from "@effect/vitest"
import { Either } from "effect"
import { RedactedValue } from "@effect-qstash/domain"
import type { Command } from "../../../cli/src/Command.ts"
import { cancel } from "../../../cli/src/commands/messages/cancel.ts"
import { create } from "../../../cli/src/commands/schedules/create.ts"
import { find, parse } from "../../../cli/src/parse.ts"
import { card, namesOf, sizeOf } from "../../../cli/src/render/card.ts"
import { zoneOfCron } from "../../../cli/src/render/instant.ts"
import { fittedRows } from "../../../cli/src/render/table.ts"
import { cut, printable, quoted, unstyled, widthOf } from "../../../cli/src/render/text.ts"
import { parseUrl, safeText, safeUrl } from "../../../cli/src/render/url.ts"
import { fill, growsLinearly, items, type Work } from "./growth.ts"

const given =
  <A>(inputOf: (size: number) => A, read: (input: A) => unknown): Work =>
  (size) => {
    const input = inputOf(size)
    return () => read(input)
  }

const line = (command: Command, argsOf: (size: number) => ReadonlyArray<string>): Work =>
  given(argsOf, (args) => Either.flatMap(parse(find(args).rest, command), command.prepare))

describe("the work of cli grows with its input", () => {
  growsLinearly({
    "dots behind a URL": given((size) => `https://a/${fill(".", size)}`, safeText),
    "dots inside a URL": given((size) => `https://a/${fill(".", size)}a`, safeText),
    "many URLs": given((size) => fill("https://a/, ", size), safeText),
    "unfinished URLs": given((size) => fill("https:", size), safeText),
    "the host of a URL": given((size) => `https://xn--a-${fill("ecp", size)}`, safeText),
    "the path of a URL": given((size) => `https://a/${fill("../", size)}?${fill("a", size)}`, safeUrl),
    "the host of a URL from the environment": given((size) => `https://xn--a-${fill("ecp", size)}`, parseUrl),
    "control characters": given((size) => fill("\u0007\u202e", size), printable),
    "escape sequences": given((size) => fill("\u001b[", size), unstyled),
    "an escape sequence without an end": given((size) => `\u001b[${fill("1", size)}`, unstyled),
    "text that is cut": given(
      (size) => fill("é", size),
      (text) => [cut(text, 80), quoted(text), widthOf(text)]
    ),
    "the cron of a schedule": given((size) => fill("*,", size), zoneOfCron),
    "the rows of a table": given(
      (size) => ({
        columns: [{ title: "A", cells: items(size, 8, (index) => `a${index}`) }],
        last: { title: "B", cells: items(size, 8, (index) => `b${index}`) },
        notes: { title: "C", cells: items(size, 8, () => "") }
      }),
      (rows) => [fittedRows(rows, 80), fittedRows(rows, 20), fittedRows(rows, 0)]
    ),
    "the fields of a card": given(
      (size) => items(size, 8, (index) => ["", `endpoint ${index}`] as const),
      (fields) => card("title", "", fields)
    ),
    "the headers of a card": given(
      (size) => Object.fromEntries(items(size, 20, (index) => [`X-${index}`, ["v"]])),
      namesOf
    ),
    "the body of a card": given(
      (size) => fill("é", size),
      (text) => [sizeOf(text), RedactedValue.fromText(text)]
    ),
    "many arguments": line(cancel, (size) => [
      "messages",
      "cancel",
      ...items(size, 6, (index) => `m${index}`)
    ]),
    "many options": line(create, (size) => ["schedules", "create", ...items(size, 15, () => "--header=a:b")]),
    "a long argument": line(create, (size) => ["schedules", "create", fill("*,", size)]),
    "an argument of hyphens": line(create, (size) => ["schedules", "create", fill("-", size)]),
    "a long option": line(create, (size) => ["schedules", "create", `--${fill("a", size)}=b`]),
    "a long command": line(create, (size) => [fill("a ", size)])
  })
})
