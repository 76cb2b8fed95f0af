/**
 * How a URL group stands in an answer, and how the endpoints travel that are to be added to it or removed from it.
 * Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { parsePrintableUrl } from "../internal/httpUrl.ts"
import { rejectUnknownKeys } from "../internal/optionChecks.ts"
import type { Parsed } from "../internal/parser.ts"
import { typeName, quote } from "../internal/quote.ts"
import { emptyToUndefined, Instant, optional, decoder, toMillis } from "../internal/record.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import type { UrlGroup, UrlGroupEndpoint } from "../UrlGroup.ts"
import { UrlGroupNameFromAnswer } from "../UrlGroupName.ts"

/**
 * An endpoint to be removed, checked: by its URL or by its name.
 *
 * @since 0.1.0
 * @category models
 */
export type EndpointSelector = { readonly url: string } | { readonly name: string }

const readJson = decoder(
  Schema.Struct({
    name: UrlGroupNameFromAnswer,
    createdAt: Instant,
    updatedAt: optional(Instant),
    endpoints: optional(Schema.Array(Schema.Struct({ url: Schema.String, name: optional(Schema.String) })))
  })
)

/**
 * Reads a URL group of an answer. What QStash leaves out is absent. The reason of a refusal names the field and nothing
 * of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<UrlGroup, string> =>
  Either.map(readJson(json), (record) => ({
    name: record.name,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt ?? record.createdAt,
    endpoints: (record.endpoints ?? []).map(({ name, url }) => ({
      url,
      ...omitUndefined({ name: emptyToUndefined(name) })
    }))
  }))

/**
 * Writes a URL group as QStash answers it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (group: UrlGroup): unknown => ({
  name: group.name,
  createdAt: toMillis(group.createdAt),
  updatedAt: toMillis(group.updatedAt),
  endpoints: group.endpoints
})

type Checked<A> = Either.Either<Arr.NonEmptyReadonlyArray<A>, QStashInvalidRequest>

const refuse = (field: string, reason: string) => Either.left(new QStashInvalidRequest({ field, reason }))

const parseUrl = (input: unknown): Parsed<string> =>
  typeof input === "string" || input instanceof URL
    ? parsePrintableUrl(input)
    : Either.left(`expected a URL, got ${quote(input)}`)

const parseName = (input: unknown): Parsed<string> =>
  typeof input === "string" && input !== ""
    ? Either.right(input)
    : Either.left(`expected text that is not empty, got ${quote(input)}`)

const optionalPart = <A>(field: string, value: unknown, parse: (value: unknown) => Parsed<A>) =>
  value === undefined
    ? Either.right(undefined)
    : Either.mapLeft(parse(value), (reason) => new QStashInvalidRequest({ field, reason }))

const checkParts = (input: unknown, field: string) =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(input)) {
      return yield* refuse(field, `expected an object with "url" or "name", got ${typeName(input)}`)
    }
    yield* Either.mapLeft(
      rejectUnknownKeys(input, new Set(["url", "name"]), "an endpoint"),
      (error) => new QStashInvalidRequest({ field: `${field}.${error.field}`, reason: error.reason })
    )
    return omitUndefined({
      url: yield* optionalPart(`${field}.url`, input["url"], parseUrl),
      name: yield* optionalPart(`${field}.name`, input["name"], parseName)
    })
  })

const checkList = <A>(
  input: unknown,
  check: (input: unknown, field: string) => Either.Either<A, QStashInvalidRequest>
): Checked<A> => {
  const list: ReadonlyArray<unknown> = Array.isArray(input) ? Array.from(input) : []
  return Arr.isNonEmptyReadonlyArray(list)
    ? Either.all(Arr.map(list, (one, index) => check(one, `endpoints[${index}]`)))
    : refuse("endpoints", `expected a list of at least one endpoint, got ${typeName(input)}`)
}

/**
 * Checks the endpoints that a user adds. A URL is kept as it is if it is printable ASCII, else it is normalised.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkEndpoints = (input: ReadonlyArray<UrlGroup.EndpointInput>): Checked<UrlGroupEndpoint> =>
  checkList(input, checkEndpoint)

const checkEndpoint = (input: unknown, field: string) =>
  Either.flatMap(checkParts(input, field), ({ name, url }) =>
    url === undefined
      ? refuse(`${field}.url`, "is missing")
      : Either.right({ url, ...omitUndefined({ name }) })
  )

/**
 * Checks the endpoints that a user removes. A URL is read as it is when it is added, so that it is found.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkEndpointSelectors = (
  input: ReadonlyArray<UrlGroup.EndpointSelector>
): Checked<EndpointSelector> => checkList(input, checkSelector)

/** The URL is what tells an endpoint from others, so it counts where both are given. */
const checkSelector = (
  input: unknown,
  field: string
): Either.Either<EndpointSelector, QStashInvalidRequest> =>
  Either.gen(function* () {
    const { name, url } = yield* checkParts(input, field)
    if (url !== undefined) return { url }
    return name === undefined ? yield* refuse(field, "expected a URL or a name") : { name }
  })

/**
 * Writes checked endpoints as the JSON of the request.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeEndpoints = (endpoints: ReadonlyArray<UrlGroupEndpoint>): unknown => ({ endpoints })

/**
 * Writes checked selectors of endpoints as the JSON of the request.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeEndpointSelectors = (endpoints: ReadonlyArray<EndpointSelector>): unknown => ({
  endpoints
})

/** Null and empty text are an absent part. */
const present = (value: unknown): unknown => (value === null || value === "" ? undefined : value)

const listOf = (json: unknown): unknown => {
  const list = Predicate.isReadonlyRecord(json) ? json["endpoints"] : undefined
  return Array.isArray(list)
    ? Array.from(list, (one: unknown) =>
        Predicate.isReadonlyRecord(one) ? { url: present(one["url"]), name: present(one["name"]) } : one
      )
    : list
}

/**
 * Reads the JSON of the request that adds endpoints.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeEndpoints = (json: unknown): Checked<UrlGroupEndpoint> =>
  checkList(listOf(json), checkEndpoint)

/**
 * Reads the JSON of the request that removes endpoints.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeEndpointSelectors = (json: unknown): Checked<EndpointSelector> =>
  checkList(listOf(json), checkSelector)
