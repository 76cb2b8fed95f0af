/**
 * The endpoints to add to a URL group or to remove from it.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { parsePrintableUrl } from "../internal/httpUrl.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { type Checked, inPart, optional, refuse, rejectUnknownKeys } from "../internal/optionChecks.ts"
import type { Parsed } from "../internal/parser.ts"
import { quote, typeName } from "../internal/quote.ts"
import type { UrlGroupEndpoint } from "../UrlGroup.ts"

/**
 * An endpoint to remove, checked: by its URL or by its name.
 *
 * @since 0.1.0
 * @category models
 */
export type EndpointSelector = { readonly url: string } | { readonly name: string }

const parseUrl = (input: unknown): Parsed<string> =>
  typeof input === "string" || input instanceof URL
    ? parsePrintableUrl(input)
    : Either.left(`expected a URL, got ${quote(input)}`)

const parseName = (input: unknown): Parsed<string> =>
  typeof input === "string" && input !== ""
    ? Either.right(input)
    : Either.left(`expected non-empty text, got ${quote(input)}`)

const names = new Set(["url", "name"])

const checkParts = (input: unknown) =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(input)) {
      return yield* refuse(`expected an object with "url" or "name", got ${typeName(input)}`)
    }
    yield* rejectUnknownKeys(input, names, "an endpoint")
    return {
      url: yield* optional("url", input["url"], parseUrl),
      name: yield* optional("name", input["name"], parseName)
    }
  })

const checkList = <A>(
  input: unknown,
  check: (parts: { readonly url: string | undefined; readonly name: string | undefined }) => Checked<A>
): Checked<Arr.NonEmptyReadonlyArray<A>> => {
  const list: ReadonlyArray<unknown> = Array.isArray(input) ? Array.from(input) : []
  return Arr.isNonEmptyReadonlyArray(list)
    ? Either.all(
        Arr.map(list, (endpoint, index) =>
          Either.mapLeft(Either.flatMap(checkParts(endpoint), check), inPart(`endpoints[${index}]`))
        )
      )
    : refuse(`expected a list of at least one endpoint, got ${typeName(input)}`, "endpoints")
}

/**
 * Checks the endpoints to add. A URL is kept if it is printable ASCII, else it is normalised.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkEndpoints = (input: unknown): Checked<Arr.NonEmptyReadonlyArray<UrlGroupEndpoint>> =>
  checkList(input, ({ name, url }) =>
    url === undefined ? refuse("is missing", "url") : Either.right({ url, ...omitUndefined({ name }) })
  )

/**
 * Checks the endpoints to remove. A URL is normalised as it was when it was added, so that it is found. It identifies
 * the endpoint, so it counts if both are present.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkEndpointSelectors = (
  input: unknown
): Checked<Arr.NonEmptyReadonlyArray<EndpointSelector>> =>
  checkList<EndpointSelector>(input, ({ name, url }) => {
    if (url !== undefined) return Either.right({ url })
    return name === undefined ? refuse("expected a URL or a name") : Either.right({ name })
  })
