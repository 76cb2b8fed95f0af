import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Argument from "../Argument.ts"
import { command } from "../Command.ts"
import * as Confirmation from "../Confirmation.ts"
import { failed } from "../Failure.ts"
import { columnOf, table } from "../render/table.ts"
import { nameFrom, sha256 } from "../Tenants.ts"
import { read, update } from "../TenantsFile.ts"
import * as flags from "./flags.ts"
import { printJson, printLines } from "./print.ts"
import { tenantsFile, tenantsFlag } from "./tenantsFlag.ts"

const nameArgument = Argument.required(
  "name",
  nameFrom,
  "The name of the tenant: letters, digits, `.`, `_` and `-`."
)

/** Drawn at random, so nobody can guess it from its hash. */
const drawToken = Effect.flatMap(IdGenerator, (ids) => ids.next("qstash"))

const onlyOnce = (file: string) =>
  Console.error(`${file} has only the hash of the token, so this is the only time that it is shown.`)

export const add = command({
  flags: { tenants: tenantsFlag, json: flags.json },
  arguments: { name: nameArgument },
  run: ({ json, name, tenants }) =>
    Effect.gen(function* () {
      const file = yield* tenantsFile(tenants)
      const ids = yield* IdGenerator
      const token = yield* drawToken
      const keys = { currentSigningKey: yield* ids.next("sig"), nextSigningKey: yield* ids.next("sig") }
      yield* update(file, (contents) => {
        if (contents.tenants.some((entry) => entry.name === name)) {
          return failed(
            `${file} has a tenant ${name} already.`,
            `\`effect-qstash tenants rotate ${name}\` gives it another token.`
          )
        }
        const entry = { name, tokenSha256: sha256(token), ...keys }
        return Effect.succeed({ ...contents, tenants: [...contents.tenants, entry] })
      })
      if (json) return yield* printJson({ name, token, ...keys })
      yield* printLines([
        `QSTASH_TOKEN=${token}`,
        `QSTASH_CURRENT_SIGNING_KEY=${keys.currentSigningKey}`,
        `QSTASH_NEXT_SIGNING_KEY=${keys.nextSigningKey}`
      ])
      yield* onlyOnce(file)
    })
})

export const list = command({
  flags: { tenants: tenantsFlag, json: flags.json },
  run: ({ json, tenants }) =>
    Effect.gen(function* () {
      const file = yield* tenantsFile(tenants)
      const found = (yield* read(file)).tenants.map((entry) => ({
        name: entry.name,
        token: entry.token === undefined ? "hash" : "plain text"
      }))
      if (json) return yield* printJson(found)
      if (found.length === 0) {
        return yield* Console.log(`${file} has no tenants. Add one: effect-qstash tenants add shop`)
      }
      const column = columnOf(found)
      yield* printLines(table([column("NAME", (entry) => entry.name), column("TOKEN", ({ token }) => token)]))
    })
})

export const rotate = command({
  flags: { tenants: tenantsFlag, yes: flags.yes, json: flags.json },
  arguments: { name: nameArgument },
  run: ({ json, name, tenants, yes }) =>
    Effect.gen(function* () {
      const file = yield* tenantsFile(tenants)
      const unknown = failed(`${file} has no tenant ${name}.`, "`effect-qstash tenants list` lists them.")
      if (!yes) {
        yield* Confirmation.canBeAsked({ json, yes })
        const { tenants: entries } = yield* read(file)
        if (!entries.some((entry) => entry.name === name)) return yield* unknown
        yield* Confirmation.ask(`Replace the token of ${name}?`, [
          "Whoever calls with the old token is refused within a second."
        ])
      }
      const token = yield* drawToken
      yield* update(file, (contents) => {
        if (!contents.tenants.some((entry) => entry.name === name)) return unknown
        const rotated = contents.tenants.map((entry) => {
          if (entry.name !== name) return entry
          const { currentSigningKey, nextSigningKey } = entry
          return { name, tokenSha256: sha256(token), currentSigningKey, nextSigningKey }
        })
        return Effect.succeed({ ...contents, tenants: rotated })
      })
      if (json) return yield* printJson({ name, token })
      yield* printLines([`QSTASH_TOKEN=${token}`])
      yield* onlyOnce(file)
    })
})
