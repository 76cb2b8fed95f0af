/**
 * How a URL group stands in an answer, and how the endpoints travel that are to be added to it or removed from it.
 * Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { checkEndpoints, checkEndpointSelectors, type EndpointSelector } from "../input/UrlGroupInput.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import type { Checked } from "../internal/optionChecks.ts"
import { emptyToUndefined, Instant, optional, decoder, toMillis } from "../internal/record.ts"
import type { UrlGroup, UrlGroupEndpoint } from "../UrlGroup.ts"
import { UrlGroupNameFromAnswer } from "../UrlGroupName.ts"

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
export const decodeEndpoints = (json: unknown): Checked<Arr.NonEmptyReadonlyArray<UrlGroupEndpoint>> =>
  checkEndpoints(listOf(json))

/**
 * Reads the JSON of the request that removes endpoints.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeEndpointSelectors = (
  json: unknown
): Checked<Arr.NonEmptyReadonlyArray<EndpointSelector>> => checkEndpointSelectors(listOf(json))
