/** The accounts of `effect-qstash serve`, as a file or the environment holds them in JSON. */
import { developmentUsers, type User } from "@effect-qstash/server/DevelopmentUsers"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import { cut, mostQuoted, printable } from "./render/text.ts"

/** One account as JSON holds it: with its token, or only with the hash of it. */
interface Entry {
  readonly name: string
  readonly token?: string
  readonly tokenSha256?: string
  readonly currentSigningKey: string
  readonly nextSigningKey: string
}

/** The JSON, checked. */
export interface Contents {
  readonly allowedHosts?: ReadonlyArray<string>
  readonly tenants: ReadonlyArray<Entry>
}

/** Everything that it says, ready for a server. */
export interface Tenants {
  readonly users: ReadonlyArray<User>
  readonly allowedHosts: ReadonlyArray<string>
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

const hashOf = ({ token, tokenSha256 = "" }: Entry): string =>
  token === undefined ? tokenSha256.toLowerCase() : sha256(token)

const publicHashes = new Set(
  developmentUsers.flatMap(({ readOnlyToken, token }) =>
    [token, readOnlyToken].map((one) => sha256(Redacted.value(one)))
  )
)
const publicKeys = new Set(
  developmentUsers.flatMap(({ currentSigningKey, nextSigningKey }) =>
    [currentSigningKey, nextSigningKey].map(Redacted.value)
  )
)

/** What a text has to be, and how to say so. */
type Form = readonly [pattern: RegExp, description: string]

const forms = {
  name: [/^[\w.-]{1,64}$/, "up to 64 letters, digits, `.`, `_` and `-`"],
  token: [/^[\x21-\x7e]{16,}$/, "at least 16 characters without whitespace"],
  hash: [/^[\da-f]{64}$/i, "64 hexadecimal digits"],
  key: [/^[\x21-\x7e]{16,}$/, "at least 16 characters without whitespace"]
} satisfies Record<string, Form>

/** The name of an account, or what is wrong with it. */
export const nameFrom = (text: string): Either.Either<string, string> => {
  const [pattern, description] = forms.name
  return pattern.test(text) ? Either.right(text) : Either.left(`expected ${description}`)
}

/** Reads the JSON. What is wrong with it is said without any value of it: most of them are secrets. */
export const parse = (text: string): Either.Either<Contents, string> =>
  Either.gen(function* () {
    const json = yield* Either.try({
      try: (): unknown => JSON.parse(text),
      catch: () => "it is not valid JSON"
    })
    const { allowedHosts, tenants } = yield* recordOf(json, "it", ["allowedHosts", "tenants"])
    const hosts = allowedHosts === undefined ? undefined : yield* listOf(allowedHosts, "allowedHosts", hostOf)
    const entries = yield* listOf(tenants, "tenants", entryOf)
    yield* allDiffer(entries, ({ name }) => name, "name")
    yield* allDiffer(entries, hashOf, "token")
    return { ...(hosts === undefined ? {} : { allowedHosts: hosts }), tenants: entries }
  })

/** Converts the JSON for a server, which is of no use without an account. */
export const tenantsOf = ({ allowedHosts = [], tenants }: Contents): Either.Either<Tenants, string> =>
  tenants.length === 0
    ? Either.left("it has no tenants")
    : Either.right({
        allowedHosts,
        users: tenants.map((entry) => ({
          name: entry.name,
          token: entry.token === undefined ? { sha256: hashOf(entry) } : Redacted.make(entry.token),
          currentSigningKey: Redacted.make(entry.currentSigningKey),
          nextSigningKey: Redacted.make(entry.nextSigningKey)
        }))
      })

const entryOf = (value: unknown, at: string): Either.Either<Entry, string> =>
  Either.gen(function* () {
    const fields = yield* recordOf(value, at, [
      "name",
      "token",
      "tokenSha256",
      "currentSigningKey",
      "nextSigningKey"
    ])
    const name = yield* textOf(fields["name"], `${at}.name`, forms.name)
    if ((fields["token"] === undefined) === (fields["tokenSha256"] === undefined)) {
      return yield* Either.left(`${at} needs either token or tokenSha256`)
    }
    const secret =
      fields["token"] === undefined
        ? { tokenSha256: yield* textOf(fields["tokenSha256"], `${at}.tokenSha256`, forms.hash) }
        : { token: yield* textOf(fields["token"], `${at}.token`, forms.token) }
    const currentSigningKey = yield* textOf(fields["currentSigningKey"], `${at}.currentSigningKey`, forms.key)
    const nextSigningKey = yield* textOf(fields["nextSigningKey"], `${at}.nextSigningKey`, forms.key)
    if (currentSigningKey === nextSigningKey)
      return yield* Either.left(`${at} has the same signing key twice`)
    const entry = { name, ...secret, currentSigningKey, nextSigningKey }
    if (publicHashes.has(hashOf(entry))) {
      return yield* Either.left(`${at} has the token of a development user, which is public`)
    }
    if (publicKeys.has(currentSigningKey) || publicKeys.has(nextSigningKey)) {
      return yield* Either.left(`${at} has a signing key of a development user, which is public`)
    }
    return entry
  })

const hostOf = (value: unknown, at: string) =>
  textOf(value, at, [/^[^\s/@?#]+$/, "a name or an address such as qstash.example.com"])

const textOf = (value: unknown, at: string, [pattern, description]: Form): Either.Either<string, string> => {
  if (value === undefined) return Either.left(`${at} is missing`)
  return Predicate.isString(value) && pattern.test(value)
    ? Either.right(value)
    : Either.left(`${at} is not ${description}`)
}

const listOf = <A>(
  value: unknown,
  at: string,
  read: (item: unknown, at: string) => Either.Either<A, string>
): Either.Either<ReadonlyArray<A>, string> =>
  Array.isArray(value)
    ? Either.all(value.map((item: unknown, index) => read(item, `${at}[${index}]`)))
    : Either.left(value === undefined ? `${at} is missing` : `${at} is not a list`)

/** The fields of an object. A misspelt key would be silently ignored, so an unknown one is an error. */
const recordOf = (
  value: unknown,
  at: string,
  keys: ReadonlyArray<string>
): Either.Either<Readonly<Record<string, unknown>>, string> => {
  if (!Predicate.isReadonlyRecord(value) || Array.isArray(value)) return Either.left(`${at} is not an object`)
  const unknown = Object.keys(value).find((key) => !keys.includes(key))
  return unknown === undefined
    ? Either.right(Object.fromEntries(Object.entries(value)))
    : Either.left(`${at} has the unknown key "${printable(cut(unknown, mostQuoted))}"`)
}

const allDiffer = (
  entries: ReadonlyArray<Entry>,
  valueOf: (entry: Entry) => string,
  what: string
): Either.Either<void, string> => {
  const first = new Map<string, number>()
  for (const [index, entry] of entries.entries()) {
    const earlier = first.get(valueOf(entry))
    if (earlier !== undefined) {
      return Either.left(`tenants[${earlier}] and tenants[${index}] have the same ${what}`)
    }
    first.set(valueOf(entry), index)
  }
  return Either.void
}
