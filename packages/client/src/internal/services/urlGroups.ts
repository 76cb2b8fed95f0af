import { UrlGroupNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import type { UrlGroupEndpoint } from "@effect-qstash/domain/UrlGroup"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as UrlGroupInput from "@effect-qstash/domain/input/UrlGroupInput"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import * as Effect from "effect/Effect"
import { secretsOfUrl } from "../redact.ts"
import { jsonBody, type QStashHttp, withSpan } from "../http.ts"
import { listOf } from "../listOf.ts"
import { withPathId } from "../withPathId.ts"
import { quotaError } from "../refusal.ts"

const path = "/v2/topics"

const span = (method: keyof QStashUrlGroups.Service, urlGroup?: UrlGroupName) =>
  withSpan(`QStashUrlGroups.${method}`, urlGroup === undefined ? {} : { "qstash.url_group": urlGroup })

const withUrlGroup = withPathId(
  path,
  "urlGroup",
  (urlGroup: UrlGroupName) => new UrlGroupNotFound({ urlGroup })
)

const secretsOf = (endpoints: ReadonlyArray<Partial<UrlGroupEndpoint>>) => (): ReadonlyArray<string> =>
  endpoints.flatMap(({ url }) => (url === undefined ? [] : secretsOfUrl(url)))

export const makeUrlGroups = (http: QStashHttp): QStashUrlGroups.Service => ({
  upsertEndpoints: (urlGroup, endpoints) =>
    withUrlGroup(urlGroup, ({ target }) =>
      Effect.flatMap(UrlGroupInput.checkEndpoints(endpoints), (checked) =>
        http.done({
          method: "POST",
          target: `${target}/endpoints`,
          ...jsonBody(JSON.stringify(UrlGroupRecord.encodeEndpoints(checked))),
          secrets: secretsOf(checked),
          ownError: quotaError
        })
      )
    ).pipe(span("upsertEndpoints", urlGroup)),
  removeEndpoints: (urlGroup, endpoints) =>
    withUrlGroup(urlGroup, ({ ownError, target }) =>
      Effect.flatMap(UrlGroupInput.checkEndpointSelectors(endpoints), (checked) =>
        http.done({
          method: "DELETE",
          target: `${target}/endpoints`,
          ...jsonBody(JSON.stringify(UrlGroupRecord.encodeEndpointSelectors(checked))),
          secrets: secretsOf(checked),
          ownError
        })
      )
    ).pipe(span("removeEndpoints", urlGroup)),
  get: (urlGroup) =>
    withUrlGroup(urlGroup, (call) => http.json({ method: "GET", ...call }, UrlGroupRecord.decode)).pipe(
      span("get", urlGroup)
    ),
  list: http
    .json({ method: "GET", target: path }, listOf("URL group", UrlGroupRecord.decode))
    .pipe(span("list")),
  delete: (urlGroup) =>
    withUrlGroup(urlGroup, (call) => http.done({ method: "DELETE", ...call })).pipe(
      Effect.catchTag("UrlGroupNotFound", () => Effect.void),
      span("delete", urlGroup)
    )
})
