import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import * as CriteriaParameters from "@effect-qstash/domain/wire/CriteriaParameters"
import * as Arr from "effect/Array"
import { queryForms, secretsOfUrl } from "./redact.ts"
import type { Parameters } from "./http.ts"

/** How many ids the query of one call holds at most: proxies limit the length of a URL. */
const mostIds = 100

/** The query of each call that a selection takes. A selection by ids has no other criteria. */
export const queriesOf = (criteria: Criteria): Arr.NonEmptyReadonlyArray<Parameters> => {
  const parameters = CriteriaParameters.encode(criteria)
  const isOfIds = criteria.messageIds !== undefined || criteria.dlqIds !== undefined
  // `Arr.chunksOf` copies what is left for each chunk, which is quadratic.
  return isOfIds
    ? Arr.makeBy(Math.ceil(parameters.length / mostIds), (call) =>
        parameters.slice(call * mostIds, (call + 1) * mostIds)
      )
    : [parameters]
}

export const secretsOfCriteria = ({ url }: Criteria): ReadonlyArray<string> =>
  (url ?? []).flatMap(secretsOfUrl).flatMap(queryForms)
