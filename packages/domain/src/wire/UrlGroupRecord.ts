/**
 * A URL group in a response, and the endpoints to add or remove in a request. The client uses one direction, the server
 * the other.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { checkEndpoints, checkEndpointSelectors, type EndpointSelector } from "../input/UrlGroupInput.ts"
import { id, instant, optionalInstant, optionalText, orElse, records, text } from "../internal/fields.ts"
import type { Checked } from "../internal/optionChecks.ts"
import { record } from "../internal/record.ts"
import type { UrlGroup, UrlGroupEndpoint } from "../UrlGroup.ts"

const endpoint = record<UrlGroupEndpoint>({ url: text("url"), name: optionalText("name") })
const createdAt = instant("createdAt")

const group = record<UrlGroup>({
  name: id("name"),
  createdAt,
  updatedAt: orElse(optionalInstant("updatedAt"), createdAt.read),
  endpoints: records("endpoints", endpoint)
})

/**
 * Reads a URL group of a response. The error names the field and contains nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<UrlGroup, string> = group.decode

/**
 * Writes a URL group as QStash does.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (group: UrlGroup) => unknown = group.encode

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
