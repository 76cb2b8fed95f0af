import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { Page } from "@effect-qstash/domain/Page"
import type { Published } from "@effect-qstash/domain/Published"
import type { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { DlqMessageNotFound, type QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import * as CriteriaParameters from "@effect-qstash/domain/wire/CriteriaParameters"
import * as DlqInput from "@effect-qstash/domain/input/DlqInput"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as PageInput from "@effect-qstash/domain/input/PageInput"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type Parameters, type QStashHttp, withSpan } from "../http.ts"
import { withPathId } from "../withPathId.ts"
import { expectProgress, paginate, paginateReads, type Place, placeOf, placeParameters } from "../paging.ts"
import { isNotFound, quotaError } from "../refusal.ts"
import { queriesOf, secretsOfCriteria } from "../selection.ts"

const path = "/v2/dlq"

const span = (method: keyof QStashDlq.Service, dlqId?: DlqId) =>
  withSpan(`QStashDlq.${method}`, dlqId === undefined ? {} : { "qstash.dlq_id": dlqId })

const notFound = (dlqId: DlqId) => new DlqMessageNotFound({ dlqId })

const withDlqId = withPathId(path, "dlqId", notFound)
const withDlqIdToRetry = withPathId(`${path}/retry`, "dlqId", notFound)

const decodeDeleted = Schema.decodeUnknownEither(
  Schema.Struct({
    deleted: Schema.NonNegativeInt,
    cursor: Schema.optionalWith(Schema.NullishOr(Schema.String), { exact: true })
  })
)

/** How many were deleted, as the one item of a page. */
const deleted = (json: unknown): Either.Either<Page<number>, string> =>
  Either.mapBoth(decodeDeleted(json), {
    onLeft: () => "the body does not say how many were deleted",
    onRight: ({ cursor, deleted: count }) => ({ items: [count], ...(cursor ? { cursor } : {}) })
  })

const published = (json: unknown): Either.Either<Published, string> =>
  Either.flatMap(PublishResponse.decode(json), (answer) =>
    "messageId" in answer
      ? Either.right(answer)
      : Either.left("the body is a list, although one message was retried")
  )

/** None of the ids exists, which is not an error if there are many. */
const allGone = { _tag: "AllGone" } as const

type Headers = Readonly<Record<string, ReadonlyArray<string>>>

const retryHeaders = (
  options: QStashDlq.RetryInput | undefined
): Either.Either<Headers, QStashInvalidRequest> =>
  Either.map(DlqInput.checkRetry(options), ({ retries }) =>
    retries === undefined ? {} : { "Upstash-Retries": [String(retries)] }
  )

export const makeDlq = (http: QStashHttp): QStashDlq.Service => {
  const page = (criteria: Criteria.Criteria, place: Place, count?: number) =>
    http.json(
      {
        method: "GET",
        target: path,
        query: [...CriteriaParameters.encode(criteria), ...placeParameters({ cursor: place.cursor, count })],
        secrets: () => secretsOfCriteria(criteria)
      },
      (json) => Either.flatMap(DlqRecord.decodePage(json), expectProgress(place))
    )

  const list = (options: QStashDlq.ListInput | undefined) =>
    Effect.gen(function* () {
      const { count, cursor, ...filter } = options ?? {}
      const checked = yield* PageInput.check({ count, cursor }, PageInput.maxDeadLetters)
      const criteria = yield* Criteria.fromDlqFilter(filter)
      return yield* page(criteria, placeOf(checked.cursor), checked.count)
    })

  /** The pages of all calls that the criteria take, one after the other. */
  const each = <A, E>(
    criteria: Criteria.Criteria,
    call: (
      selected: { readonly query: Parameters; readonly secrets: () => ReadonlyArray<string> },
      place: Place
    ) => Effect.Effect<Page<A>, E>
  ): Stream.Stream<A, E> =>
    Stream.flatMap(Stream.fromIterable(queriesOf(criteria)), (query) =>
      paginate((place) =>
        call(
          {
            query: [...query, ...placeParameters({ cursor: place.cursor })],
            secrets: () => secretsOfCriteria(criteria)
          },
          place
        )
      )
    )

  /**
   * The ids of the dead letters that match now. A retry that fails at once makes another dead letter, so retrying for as
   * long as something matches might never end.
   */
  const byIds = (criteria: Criteria.Criteria) =>
    criteria.dlqIds === undefined
      ? Effect.map(
          Stream.runCollect(
            Stream.map(
              paginateReads((place, count) => page(criteria, place, count)),
              ({ dlqId }) => dlqId
            )
          ),
          (found): Option.Option<Criteria.Criteria> => {
            const dlqIds = Array.from(found)
            return Arr.isNonEmptyArray(dlqIds) ? Option.some({ dlqIds }) : Option.none()
          }
        )
      : Effect.succeedSome(criteria)

  const retryAll = (criteria: Criteria.Criteria, headers: Headers) =>
    each(criteria, (selected, place) =>
      http
        .json(
          {
            method: "POST",
            target: `${path}/retry`,
            headers,
            ...selected,
            ownError: (refused) => (isNotFound(refused) ? allGone : quotaError(refused)),
            isIdempotent: false
          },
          (json) => Either.flatMap(PublishResponse.decodeRetried(json), expectProgress(place))
        )
        .pipe(Effect.catchTag("AllGone", () => Effect.succeed<Page<Published>>({ items: [] })))
    )

  return {
    list: (options) => list(options).pipe(span("list")),
    stream: (filter = {}) =>
      Stream.unwrap(
        Effect.map(Criteria.fromDlqFilter(filter), (criteria) =>
          paginateReads((place, count) => page(criteria, place, count).pipe(span("stream")))
        )
      ),
    get: (dlqId) =>
      withDlqId(dlqId, (call) => http.json({ method: "GET", ...call }, DlqRecord.decode)).pipe(
        span("get", dlqId)
      ),
    delete: (dlqId) =>
      withDlqId(dlqId, (call) => http.done({ method: "DELETE", ...call })).pipe(span("delete", dlqId)),
    deleteMany: (selector) =>
      Effect.flatMap(Criteria.fromDlqSelector(selector), (criteria) =>
        each(criteria, (selected, place) =>
          http.json({ method: "DELETE", target: path, ...selected }, (json) =>
            Either.flatMap(deleted(json), expectProgress(place))
          )
        ).pipe(Stream.runSum)
      ).pipe(span("deleteMany")),
    retry: (dlqId, options) =>
      withDlqIdToRetry(dlqId, ({ ownError, target }) =>
        Effect.flatMap(retryHeaders(options), (headers) =>
          http.json(
            {
              method: "POST",
              target,
              headers,
              ownError: (refused) => ownError(refused) ?? quotaError(refused),
              isIdempotent: false
            },
            published
          )
        )
      ).pipe(
        Effect.tap(({ messageId }) => Effect.annotateCurrentSpan("qstash.message_id", messageId)),
        span("retry", dlqId)
      ),
    retryMany: (selector, options) =>
      Effect.gen(function* () {
        const criteria = yield* Criteria.fromDlqSelector(selector)
        const headers = yield* retryHeaders(options)
        const found = yield* byIds(criteria)
        if (Option.isNone(found)) return []
        return Array.from(yield* Stream.runCollect(retryAll(found.value, headers)))
      }).pipe(span("retryMany"))
  }
}
