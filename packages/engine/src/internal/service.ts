import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { Destination } from "@effect-qstash/domain/Destination"
import type { DlqId } from "@effect-qstash/domain/DlqId"
import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { FlowControlState } from "@effect-qstash/domain/FlowControlState"
import type { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { Page } from "@effect-qstash/domain/Page"
import type { Published } from "@effect-qstash/domain/Published"
import { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import type { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import {
  DlqMessageNotFound,
  FlowControlKeyNotFound,
  MessageNotFound,
  namingSchedule,
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QueueNotFound,
  ScheduleNotFound,
  UrlGroupNotFound
} from "@effect-qstash/domain/QStashError"
import type { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import type { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import type { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { QStashServices } from "@effect-qstash/domain/QStashServices"
import type { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import type { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as Criteria from "@effect-qstash/domain/wire/Criteria"
import * as QuotaText from "@effect-qstash/domain/wire/QuotaText"
import { errorTexts } from "@effect-qstash/domain/wire/ErrorBody"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import * as MessageRequest from "@effect-qstash/domain/wire/MessageRequest"
import * as PageInput from "@effect-qstash/domain/wire/PageInput"
import * as PathSegment from "@effect-qstash/domain/wire/PathSegment"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { DeliveryEvent } from "../DeliveryEvent.ts"
import type { Engine, Tenant } from "../Engine.ts"
import type * as Limits from "../Limits.ts"
import { type FlowControlChange, type MessageDraft, type Store, type StoredPage } from "../Store.ts"
import { deduplicationKeyOf } from "./deduplication.ts"
import { logsByMessage as groupsOf } from "./logsByMessage.ts"
import {
  deadLetterOf,
  flowControlOf,
  logEntryOf,
  messageOf,
  queueOf,
  scheduleOf,
  urlGroupOf
} from "./record.ts"

/** What the services stand on. */
export interface ServiceOptions {
  readonly store: Store.Service
  readonly ids: IdGenerator.Service
  readonly mintMessageId: () => MessageId
  readonly now: Effect.Effect<number>
  readonly limits: Limits.Resolved
  readonly deduplicationWindow: number
  readonly parallelism: number
  /** Forgets what is too old. Comes before each look at what is kept for a while. */
  readonly prune: Effect.Effect<void>
  readonly keysOf: (tenantId: string) => Effect.Effect<SigningKeys>
  readonly rotated: (tenantId: string, keys: SigningKeys) => void
  /** Told after each change, with what it wrote to the log. */
  readonly changed: (events: ReadonlyArray<DeliveryEvent>) => Effect.Effect<void>
  readonly redeliver: Engine.Service["redeliver"]
}

/** A year, as in QStash's pay-as-you-go plan. */
const maxDelaySeconds = 365 * 24 * 60 * 60

const quotaExceeded = (name: string, limit: number): QStashQuotaExceeded =>
  new QStashQuotaExceeded({ status: 412, reason: QuotaText.make(name, limit) })

const orFail = <A, B, E>(
  found: Option.Option<A>,
  show: (stored: A) => B,
  error: () => E
): Either.Either<B, E> =>
  Option.match(found, { onNone: () => Either.left(error()), onSome: (stored) => Either.right(show(stored)) })

/** The number of a row stands behind the time at which it came, as in QStash's own cursors. */
const cursorOf = (time: number | undefined, last: number | undefined): { readonly cursor?: string } =>
  last === undefined ? {} : { cursor: `${time ?? 0}-${last}` }

const partsOf = (
  cursor: string | undefined
): Either.Either<readonly [before?: number, number?: number], QStashInvalidRequest> => {
  if (cursor === undefined) return Either.right([])
  const [, before, number] = /^(-?\d{1,15})-(\d{1,15})$/.exec(cursor) ?? []
  return number === undefined
    ? Either.left(
        // Only QStash can tell, so this is its answer wherever the engine runs.
        new QStashInvalidRequest({
          field: "cursor",
          reason: "is not the cursor of another page",
          status: 400
        })
      )
    : Either.right([Number(before), Number(number)])
}

const numberOf = (cursor: string | undefined): Either.Either<number | undefined, QStashInvalidRequest> =>
  Either.map(partsOf(cursor), ([, number]) => number)

const pageOf = <A, B>(
  { items, last }: StoredPage<A>,
  show: (stored: A) => B,
  timeOf: (stored: A) => number
): Page<B> => {
  const end = items.at(-1)
  return { items: items.map(show), ...cursorOf(end === undefined ? undefined : timeOf(end), last) }
}

const allPages = <A>(
  page: (cursor: string | undefined) => Effect.Effect<Page<A>, QStashInvalidRequest>
): Stream.Stream<A, QStashInvalidRequest> =>
  Stream.paginateChunkEffect(undefined, (cursor: string | undefined) =>
    Effect.map(page(cursor), (found) => [
      Chunk.fromIterable(found.items),
      found.cursor === undefined ? Option.none() : Option.some(found.cursor)
    ])
  )

export const makeService = (options: ServiceOptions): Engine.Service => {
  const { changed, limits, mintMessageId, now, prune, store } = options

  const overLimit = (name: keyof Limits.Limits): QStashQuotaExceeded => quotaExceeded(name, limits[name])

  /** A message may not ask for more retries than the limit, nor may its callbacks. */
  const checkRetries = ({
    callback,
    failureCallback,
    retries
  }: Pick<MessageSettings, "callback" | "failureCallback"> & {
    readonly retries?: number | undefined
  }): Either.Either<void, QStashQuotaExceeded> =>
    [retries, callback?.retries, failureCallback?.retries].some((count = 0) => count > limits.maxRetries)
      ? Either.left(overLimit("maxRetries"))
      : Either.void

  /** A change that is stored but not told of would be slept through, so the two go together. */
  const change = <A, E, R>(
    verb: (now: number) => Effect.Effect<A, E, R>,
    eventsOf: (result: A) => ReadonlyArray<DeliveryEvent> = () => []
  ): Effect.Effect<A, E, R> =>
    now.pipe(
      Effect.flatMap(verb),
      Effect.tap((result) => changed(eventsOf(result))),
      Effect.uninterruptible
    )

  const createSchedule: Engine.Service["createSchedule"] = ({ callerIp, tenantId }, settings) =>
    Effect.gen(function* () {
      if (settings.delay !== undefined && Duration.toSeconds(settings.delay) > maxDelaySeconds) {
        return yield* quotaExceeded("maxDelay", maxDelaySeconds)
      }
      yield* checkRetries(settings)
      const scheduleId =
        settings.scheduleId ?? (yield* Effect.map(options.ids.next("scd"), (text) => ScheduleId.make(text)))
      const stored = yield* change((instant) =>
        store.upsertSchedule({
          tenantId,
          scheduleId,
          settings,
          callerIp,
          now: instant,
          limit: limits.maxSchedules
        })
      )
      return stored === "full" ? yield* overLimit("maxSchedules") : scheduleId
    })

  const schedules = (tenant: Tenant): QStashSchedules.Service => {
    const { tenantId } = tenant
    const byId = about("scheduleId")
    const known = (scheduleId: ScheduleId) => (isKnown: boolean) =>
      isKnown ? Effect.void : Effect.fail(new ScheduleNotFound({ scheduleId }))
    const setPaused = (isPaused: boolean) =>
      byId((scheduleId: ScheduleId) =>
        Effect.flatMap(
          change((instant) => store.setPaused({ tenantId, scheduleId, isPaused, now: instant })),
          known(scheduleId)
        )
      )
    return {
      create: (input) =>
        Effect.flatMap(CreateSchedule.make(input), (settings) => createSchedule(tenant, settings)).pipe(
          Effect.mapError(namingSchedule(input?.scheduleId))
        ),
      get: byId((scheduleId: ScheduleId) =>
        Effect.flatMap(store.getSchedule(tenantId, scheduleId), (found) =>
          orFail(found, scheduleOf, () => new ScheduleNotFound({ scheduleId }))
        )
      ),
      list: Effect.map(store.listSchedules(tenantId), (all) => all.map(scheduleOf)),
      delete: byId((scheduleId: ScheduleId) =>
        Effect.flatMap(
          change(() => store.deleteSchedule(tenantId, scheduleId)),
          known(scheduleId)
        )
      ),
      pause: setPaused(true),
      resume: setPaused(false)
    }
  }

  const accept: Engine.Service["accept"] = ({ callerIp, deliveryOf, tenantId }, messages) =>
    Effect.gen(function* () {
      const result = yield* change(
        (instant) =>
          Effect.gen(function* () {
            const drafts: Array<MessageDraft> = []
            for (const message of messages) {
              const notBefore = Math.max(instant, startOf(message, instant))
              if (notBefore - instant > maxDelaySeconds * 1000) {
                return yield* quotaExceeded("maxDelay", maxDelaySeconds)
              }
              yield* checkRetries(message)
              const { destination } = message
              drafts.push({
                settings: message,
                destination,
                notBefore,
                deduplicationKey: deduplicationKeyOf(message)
              })
            }
            return yield* store.accept({
              tenantId,
              callerIp,
              drafts,
              now: instant,
              window: options.deduplicationWindow,
              deliveryOf,
              limits,
              mintMessageId
            })
          }),
        (accepted) => (accepted._tag === "Accepted" ? accepted.events : [])
      )
      switch (result._tag) {
        case "UrlGroupNotFound":
          return yield* new QStashInvalidRequest({
            reason: errorTexts.urlGroupNotFound(result.urlGroup),
            status: 400
          })
        case "OverLimit":
          return result.limit === "maxHops"
            ? yield* endLoop(deliveryOf, limits.maxHops)
            : yield* overLimit(result.limit)
        case "Accepted":
          return result.messages
      }
    })

  const cancelMany: Engine.Service["cancelMany"] = ({ tenantId }, criteria, count = Infinity) =>
    Effect.map(
      change(
        (instant) => store.cancel({ tenantId, criteria, limit: count, now: instant }),
        ({ events }) => events
      ),
      ({ cancelled }) => cancelled
    )

  const messages = (tenant: Tenant): QStashMessages.Service => {
    const { tenantId } = tenant
    const byId = about("messageId")
    const send = (
      check: () => Either.Either<PublishMessage, QStashInvalidRequest>
    ): Effect.Effect<Published | ReadonlyArray<Published>, QStashQuotaExceeded | QStashInvalidRequest> =>
      Effect.gen(function* () {
        const message = yield* check()
        const [made = []] = yield* accept(tenant, [message])
        const [first] = made
        return typeof message.destination === "string" && first !== undefined ? first : made
      })
    function publish<D extends Destination.Input>(
      message: PublishMessage.Input<D>
    ): Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashInvalidRequest>
    function publish(message: PublishMessage.Input) {
      return send(() => PublishMessage.make(message))
    }
    function enqueue<D extends Destination.Input>(
      queueName: QueueName,
      message: PublishMessage.EnqueueInput<D>
    ): Effect.Effect<Published.To<D>, QStashQuotaExceeded | QStashInvalidRequest>
    function enqueue(queueName: QueueName, message: PublishMessage.EnqueueInput) {
      return send(() => MessageRequest.checkEnqueue(queueName, message))
    }
    return {
      publish,
      enqueue,
      batch: (inputs) =>
        Effect.gen(function* () {
          const checked = yield* MessageRequest.checkBatch(inputs)
          return Array.from(yield* accept(tenant, checked), (made) => Either.right(made))
        }),
      get: byId((messageId: MessageId) =>
        Effect.flatMap(store.getMessage(tenantId, messageId), (found) =>
          orFail(found, messageOf, () => new MessageNotFound({ messageId }))
        )
      ),
      cancel: byId((messageId: MessageId) =>
        Effect.gen(function* () {
          // One whose cancel was asked for before is there until its attempt has ended.
          if (Option.isNone(yield* store.getMessage(tenantId, messageId))) {
            return yield* new MessageNotFound({ messageId })
          }
          yield* cancelMany(tenant, { messageIds: [messageId] })
        })
      ),
      cancelMany: (selector) =>
        Effect.flatMap(Criteria.fromMessageSelector(selector), (criteria) => cancelMany(tenant, criteria))
    }
  }

  const queues = ({ tenantId }: Tenant): QStashQueues.Service => {
    const setPaused = (isPaused: boolean) =>
      byQueue((queueName: QueueName) =>
        change((instant) => store.setQueuePaused({ tenantId, queueName, isPaused, now: instant })).pipe(
          Effect.filterOrFail(
            (isKnown) => isKnown,
            () => new QueueNotFound({ queueName })
          ),
          Effect.asVoid
        )
      )
    return {
      upsert: (input) =>
        Effect.gen(function* () {
          const { isPaused, parallelism = 1, queueName } = yield* QueueRecord.checkUpsert(input)
          const stored = yield* change((instant) =>
            store.upsertQueue({
              tenantId,
              queueName,
              parallelism,
              isPaused,
              now: instant,
              limit: limits.maxQueues
            })
          )
          if (stored === "full") yield* overLimit("maxQueues")
        }),
      get: byQueue((queueName: QueueName) =>
        Effect.flatMap(store.getQueue(tenantId, queueName), (found) =>
          orFail(found, queueOf, () => new QueueNotFound({ queueName }))
        )
      ),
      list: Effect.map(store.listQueues(tenantId), (all) => all.map(queueOf)),
      delete: byQueue((queueName: QueueName) =>
        Effect.asVoid(
          change(
            (instant) => store.deleteQueue({ tenantId, queueName, now: instant }),
            ({ events }) => events
          )
        )
      ),
      pause: setPaused(true),
      resume: setPaused(false)
    }
  }

  const urlGroups = ({ tenantId }: Tenant): QStashUrlGroups.Service => {
    const byGroup = about("urlGroup")
    return {
      upsertEndpoints: byGroup(
        (name: UrlGroupName, input: Parameters<QStashUrlGroups.Service["upsertEndpoints"]>[1]) =>
          Effect.gen(function* () {
            const endpoints = yield* UrlGroupRecord.checkEndpoints(input)
            const urlGroup = yield* parseUrlGroup(name)
            const stored = yield* change((instant) =>
              store.upsertEndpoints({ tenantId, urlGroup, endpoints, now: instant, limits })
            )
            if (stored !== "stored") yield* overLimit(stored)
          })
      ),
      removeEndpoints: byGroup(
        (urlGroup: UrlGroupName, input: Parameters<QStashUrlGroups.Service["removeEndpoints"]>[1]) =>
          Effect.flatMap(UrlGroupRecord.checkEndpointSelectors(input), (endpoints) =>
            change((instant) => store.removeEndpoints({ tenantId, urlGroup, endpoints, now: instant }))
          ).pipe(
            Effect.filterOrFail(
              (isKnown) => isKnown,
              () => new UrlGroupNotFound({ urlGroup })
            ),
            Effect.asVoid
          )
      ),
      get: byGroup((urlGroup: UrlGroupName) =>
        Effect.flatMap(store.getUrlGroup(tenantId, urlGroup), (found) =>
          orFail(found, urlGroupOf, () => new UrlGroupNotFound({ urlGroup }))
        )
      ),
      list: Effect.map(store.listUrlGroups(tenantId), (all) => all.map(urlGroupOf)),
      delete: byGroup((urlGroup: UrlGroupName) => change(() => store.deleteUrlGroup(tenantId, urlGroup)))
    }
  }

  const dlqPage: Engine.Service["dlqPage"] = (
    { tenantId },
    { count, criteria, cursor, maxBytes = limits.maxPageBytes, order }
  ) =>
    Effect.gen(function* () {
      const after = yield* numberOf(cursor)
      yield* prune
      const page = yield* store.pageDeadLetters({ tenantId, criteria, after, count, maxBytes, order })
      return pageOf(page, deadLetterOf, ({ failedAt }) => failedAt)
    })

  const take = (
    { tenantId }: Tenant,
    {
      count,
      criteria,
      cursor,
      retry
    }: Engine.Selection & Pick<Parameters<Store.Service["takeDeadLetters"]>[0], "retry">
  ) =>
    // Before the number stands how far the first page saw: what has failed again since is not taken by a later one.
    Effect.flatMap(Effect.zipRight(prune, partsOf(cursor)), ([upTo, after]) =>
      change(
        (instant) => store.takeDeadLetters({ tenantId, criteria, upTo, after, count, now: instant, retry }),
        ({ events }) => events
      )
    )

  const dlqDelete: Engine.Service["dlqDelete"] = (tenant, request) =>
    Effect.map(take(tenant, { ...request, retry: undefined }), ({ last, taken, upTo }) => ({
      deleted: taken.length,
      ...cursorOf(upTo, last)
    }))

  const dlqRetry: Engine.Service["dlqRetry"] = (tenant, { retries, ...request }) =>
    Effect.gen(function* () {
      yield* checkRetries({ retries })
      const { last, retried, upTo } = yield* take(tenant, { ...request, retry: { retries, mintMessageId } })
      return {
        items: retried.map(({ messageId, url }) => ({ messageId, url, isDeduplicated: false })),
        ...cursorOf(upTo, last)
      }
    })

  const dlq = (tenant: Tenant): QStashDlq.Service => {
    const { tenantId } = tenant
    const byId = about("dlqId")
    const only = (dlqId: DlqId) => ({ criteria: { dlqIds: [dlqId] as const }, count: 1 })
    return {
      list: (input) =>
        Effect.gen(function* () {
          const { count, cursor, ...filter } = input ?? {}
          const page = yield* PageInput.check({ count, cursor }, PageInput.maxDeadLetters)
          const criteria = yield* Criteria.fromDlqFilter(filter)
          return yield* dlqPage(tenant, {
            criteria,
            cursor: page.cursor,
            count: page.count ?? PageInput.maxDeadLetters,
            order: "earliestFirst"
          })
        }),
      stream: (filter = {}) =>
        Stream.unwrap(
          Effect.map(Criteria.fromDlqFilter(filter), (criteria) =>
            allPages((cursor) =>
              dlqPage(tenant, { criteria, cursor, count: PageInput.maxDeadLetters, order: "earliestFirst" })
            )
          )
        ),
      get: byId((dlqId: DlqId) =>
        Effect.flatMap(Effect.zipRight(prune, store.getDeadLetter(tenantId, dlqId)), (found) =>
          orFail(found, deadLetterOf, () => new DlqMessageNotFound({ dlqId }))
        )
      ),
      delete: byId((dlqId: DlqId) =>
        dlqDelete(tenant, only(dlqId)).pipe(
          Effect.filterOrFail(
            ({ deleted }) => deleted > 0,
            () => new DlqMessageNotFound({ dlqId })
          ),
          Effect.asVoid
        )
      ),
      deleteMany: (selector) =>
        Effect.flatMap(Criteria.fromDlqSelector(selector), (criteria) =>
          Effect.map(dlqDelete(tenant, { criteria, count: Infinity }), ({ deleted }) => deleted)
        ),
      retry: byId((dlqId: DlqId, input?: QStashDlq.RetryInput) =>
        Effect.gen(function* () {
          const { retries } = yield* DlqRecord.checkRetry(input)
          const { items } = yield* dlqRetry(tenant, { ...only(dlqId), retries })
          const [published] = items
          return published ?? (yield* new DlqMessageNotFound({ dlqId }))
        })
      ),
      retryMany: (selector, input) =>
        Effect.gen(function* () {
          const criteria = yield* Criteria.fromDlqSelector(selector)
          const { retries } = yield* DlqRecord.checkRetry(input)
          const { items } = yield* dlqRetry(tenant, { criteria, count: Infinity, retries })
          return items
        })
    }
  }

  const flowControl = ({ tenantId }: Tenant): QStashFlowControl.Service => {
    const byKey = about("flowControlKey")
    const alter = (given: FlowControlKey, what: FlowControlChange) =>
      Effect.flatMap(parseFlowControlKey(given), (key) =>
        change((instant) =>
          store.changeFlowControl({
            tenantId,
            key,
            change: what,
            now: instant,
            limit: limits.maxFlowControlKeys
          })
        )
      )
    /** For the changes that make a key. */
    const make = (key: FlowControlKey, what: FlowControlChange) =>
      Effect.flatMap(alter(key, what), (stored) =>
        stored === "full" ? overLimit("maxFlowControlKeys") : Effect.void
      )
    return {
      list: Effect.zipWith(store.listFlowControl(tenantId), now, (all, instant) =>
        all.map((stored) => flowControlOf(stored, instant))
      ),
      get: byKey((flowControlKey: FlowControlKey) =>
        Effect.gen(function* () {
          const instant = yield* now
          return yield* orFail(
            yield* store.getFlowControl(tenantId, flowControlKey),
            (stored) => flowControlOf(stored, instant),
            () => new FlowControlKeyNotFound({ flowControlKey })
          )
        })
      ),
      pause: byKey((key: FlowControlKey) => make(key, { _tag: "Pause" })),
      resume: byKey((key: FlowControlKey) => make(key, { _tag: "Resume" })),
      pin: byKey((key: FlowControlKey, pinned: FlowControlState.Pin) =>
        Effect.flatMap(FlowControlRecord.checkPin(pinned), ({ parallelism, period, rate }) =>
          make(key, {
            _tag: "Pin",
            parallelism,
            rate,
            period: period === undefined ? undefined : Duration.toMillis(period)
          })
        )
      ),
      unpin: byKey((key: FlowControlKey, unpinned: FlowControlState.Unpin) =>
        Effect.flatMap(FlowControlRecord.checkUnpin(unpinned), ({ parallelism, rate }) =>
          Effect.asVoid(alter(key, { _tag: "Unpin", parallelism, rate }))
        )
      ),
      resetRate: byKey((key: FlowControlKey) => Effect.asVoid(alter(key, { _tag: "ResetRate" }))),
      globalParallelism: Effect.map(store.countLeased(tenantId), (parallelismCount) => ({
        parallelismMax: options.parallelism,
        parallelismCount
      }))
    }
  }

  const logsPage: Engine.Service["logsPage"] = (
    { tenantId },
    { count, criteria, cursor, maxBytes = limits.maxPageBytes, order }
  ) =>
    Effect.gen(function* () {
      const after = yield* numberOf(cursor)
      yield* prune
      const page = yield* store.pageLogs({ tenantId, criteria, after, count, maxBytes, order })
      return pageOf(page, logEntryOf, ({ time }) => time)
    })

  const logsByMessage: Engine.Service["logsByMessage"] = (
    { tenantId },
    { cursor, maxBytes = limits.maxPageBytes, ...request }
  ) =>
    Effect.gen(function* () {
      const after = yield* numberOf(cursor)
      yield* prune
      const { groups, next } = yield* groupsOf(store, { ...request, tenantId, after, maxBytes })
      return { items: groups.map((events) => events.map(logEntryOf)), ...cursorOf(next?.time, next?.number) }
    })

  const logs = (tenant: Tenant): QStashLogs.Service => {
    const check = ({ order, ...filter }: QStashLogs.StreamInput) =>
      Either.all({
        criteria: Criteria.fromLogFilter(filter),
        order: Either.map(PageInput.checkOrder(order), (given) => given ?? "latestFirst")
      })
    return {
      list: (input) =>
        Effect.gen(function* () {
          const { count, cursor, ...rest } = input ?? {}
          const page = yield* PageInput.check({ count, cursor }, PageInput.maxLogEntries)
          const selection = yield* check(rest)
          return yield* logsPage(tenant, { ...selection, cursor: page.cursor, count: page.count ?? 100 })
        }),
      stream: (input) =>
        Stream.unwrap(
          Effect.map(check(input ?? {}), (selection) =>
            allPages((cursor) => logsPage(tenant, { ...selection, cursor, count: PageInput.maxLogEntries }))
          )
        )
    }
  }

  const signingKeys = ({ tenantId }: Tenant): QStashSigningKeys.Service => ({
    get: Effect.suspend(() => options.keysOf(tenantId)),
    rotate: Effect.gen(function* () {
      const initial = yield* options.keysOf(tenantId)
      const next = Redacted.make(yield* options.ids.next("sig"))
      const keys = yield* store.rotateSigningKeys({ tenantId, initial, next })
      options.rotated(tenantId, keys)
      return keys
    }).pipe(Effect.uninterruptible)
  })

  return {
    services: (tenant) =>
      QStashServices.context({
        schedules: schedules(tenant),
        messages: messages(tenant),
        queues: queues(tenant),
        urlGroups: urlGroups(tenant),
        dlq: dlq(tenant),
        flowControl: flowControl(tenant),
        logs: logs(tenant),
        signingKeys: signingKeys(tenant)
      }),
    redeliver: options.redeliver,
    schedules,
    messages,
    queues,
    urlGroups,
    dlq,
    flowControl,
    logs,
    signingKeys,
    createSchedule,
    accept,
    pending: ({ tenantId }) => Effect.map(store.listMessages(tenantId), (all) => all.map(messageOf)),
    cancelMany,
    dlqPage,
    dlqDelete,
    dlqRetry,
    logsPage,
    logsByMessage
  }
}

/** A message that leads back to this server again and again would never end. */
const endLoop = (
  deliveryOf: MessageId | undefined,
  maxHops: number
): Effect.Effect<never, QStashInvalidRequest> =>
  Effect.zipRight(
    Effect.logWarning(
      `Message loop: refused what the delivery of ${deliveryOf} published, beyond ${maxHops} hops`
    ),
    new QStashInvalidRequest({
      reason: `message loop: a delivery has led back here more than ${maxHops} times in a row (limit maxHops)`,
      status: 400
    })
  )

/** A call about one thing. Its id or name is checked as the client does, which writes it into a path. */
const about =
  (field: string) =>
  <Id, Rest extends ReadonlyArray<unknown>, A, E>(serve: (id: Id, ...rest: Rest) => Effect.Effect<A, E>) =>
  (id: Id, ...rest: Rest): Effect.Effect<A, E | QStashInvalidRequest> =>
    Effect.flatMap(PathSegment.encode(field, id), () => serve(id, ...rest))

const byQueue = about("queueName")

/** A name is checked although it is branded: those of answers are any text, and this makes a row of it. */
const named = <A>(schema: Schema.Schema<A, string>, field: string) => {
  const decode = Schema.decodeEither(schema)
  return (name: string): Either.Either<A, QStashInvalidRequest> =>
    Either.mapLeft(decode(name), ({ message }) => new QStashInvalidRequest({ field, reason: message }))
}

const parseUrlGroup = named(UrlGroupName, "urlGroup")
const parseFlowControlKey = named(FlowControlKey, "flowControlKey")

/** When a message asks to be delivered; an instant that is past is no obstacle. */
const startOf = ({ delay, notBefore }: PublishMessage, now: number): number =>
  notBefore === undefined
    ? now + (delay === undefined ? 0 : Duration.toMillis(delay))
    : DateTime.toEpochMillis(notBefore)
