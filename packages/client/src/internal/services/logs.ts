import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import type { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import * as CriteriaParameters from "@effect-qstash/domain/wire/CriteriaParameters"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as PageInput from "@effect-qstash/domain/input/PageInput"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { type QStashHttp, withSpan } from "../http.ts"
import { expectProgress, paginateReads, type Place, placeOf, placeParameters } from "../paging.ts"
import { secretsOfCriteria } from "../selection.ts"

/** Which entries, checked, in which order. */
interface Selection {
  readonly criteria: Criteria.Criteria
  readonly order: PageInput.Order | undefined
}

const check = ({
  order,
  ...filter
}: QStashLogs.StreamInput): Either.Either<Selection, QStashInvalidRequest> =>
  Either.all({ criteria: Criteria.fromLogFilter(filter), order: PageInput.checkOrder(order) })

export const makeLogs = (http: QStashHttp): QStashLogs.Service => {
  const page = ({ criteria, order }: Selection, place: Place, count?: number) =>
    http.json(
      {
        method: "GET",
        target: "/v2/events",
        query: [
          ...CriteriaParameters.encode(criteria),
          ...(order === undefined ? [] : [["order", order] as const]),
          ...placeParameters({ cursor: place.cursor, count })
        ],
        secrets: () => secretsOfCriteria(criteria)
      },
      (json) => Either.flatMap(LogRecord.decodePage(json), expectProgress(place))
    )

  const list = (options: QStashLogs.ListInput | undefined) =>
    Effect.gen(function* () {
      const { count, cursor, ...rest } = options ?? {}
      const checked = yield* PageInput.check({ count, cursor }, PageInput.maxLogEntries)
      const selection = yield* check(rest)
      // The contract's default. QStash's own would be 1,000 here.
      return yield* page(selection, placeOf(checked.cursor), checked.count ?? 100)
    })

  return {
    list: (options) => list(options).pipe(withSpan("QStashLogs.list")),
    stream: (options) =>
      Stream.unwrap(
        Effect.map(check(options ?? {}), (selection) =>
          paginateReads((place, count) => page(selection, place, count).pipe(withSpan("QStashLogs.stream")))
        )
      )
  }
}
