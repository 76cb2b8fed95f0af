import { MessageId } from "@effect-qstash/domain/MessageId"
import { Store } from "../../Store.ts"
import { assertNone, assertSome, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  accepting,
  acme,
  all,
  callerIp,
  cancel,
  claim,
  claimByName,
  createdIn,
  deadLetters,
  delivered,
  destination,
  draftOf,
  failed,
  fire,
  first,
  idsOf,
  job,
  minute,
  nameOf,
  retried,
  second,
  send,
  settle,
  start,
  starting,
  steps,
  limits,
  upsert,
  workers
} from "./given.ts"
import type { Law } from "./law.ts"

export const laws = (law: Law): void => {
  law(
    "an empty one has no message, leases none, and takes any settlement for stale",
    Effect.gen(function* () {
      const store = yield* Store
      const anyMessage = MessageId.make("m0")
      deepStrictEqual(yield* store.listMessages(acme), [])
      assertNone(yield* store.getMessage(acme, anyMessage))
      strictEqual(yield* store.countLeased(acme), 0)
      strictEqual(yield* cancel([anyMessage]), 0)
      deepStrictEqual(yield* claim(start), [])
      deepStrictEqual(yield* settle([]), [])
      deepStrictEqual(yield* settle([delivered({ token: 1 })]), ["stale"])
      yield* store.release([1, 2])
      deepStrictEqual(yield* store.nextWake, { schedule: undefined, message: undefined })
    })
  )

  law(
    "what is accepted is kept as it was given",
    Effect.gen(function* () {
      const store = yield* Store
      const draft = yield* draftOf({ body: "text", labels: ["a"] }, start + minute)
      const accepted = yield* store.accept({ ...accepting(start), drafts: [draft] })
      const messageId = MessageId.make("m0")
      const message = first(yield* store.listMessages(acme))
      deepStrictEqual(accepted, {
        _tag: "Accepted",
        messages: [[{ messageId, url: destination, isDeduplicated: false }]],
        events: [{ time: start, state: "CREATED", message, nextDeliveryTime: start + minute }]
      })
      deepStrictEqual(message, {
        tenantId: acme,
        messageId,
        sequence: message.sequence,
        settings: draft.settings,
        url: destination,
        urlGroup: undefined,
        endpointName: undefined,
        scheduleId: undefined,
        callbackOf: undefined,
        callerIp,
        createdAt: start,
        notBefore: start + minute,
        dueAt: start + minute,
        retried: 0,
        hops: 0
      })
      assertSome(yield* store.getMessage(acme, messageId), message)
      assertNone(yield* store.getMessage("other", messageId))
      deepStrictEqual(yield* store.listMessages("other"), [])
    })
  )

  law(
    "drafts are accepted all or none",
    Effect.gen(function* () {
      const store = yield* Store
      const good = yield* draftOf({}, start, "key")
      const lost = yield* draftOf({ destination: { urlGroup: workers } }, start)
      deepStrictEqual(yield* store.accept({ ...accepting(start), drafts: [good, lost] }), {
        _tag: "UrlGroupNotFound",
        urlGroup: workers
      })
      deepStrictEqual(yield* store.listMessages(acme), [])
      deepStrictEqual((yield* store.pageLogs({ tenantId: acme, ...all })).items, [])
      deepStrictEqual(yield* store.nextWake, { schedule: undefined, message: undefined })
      // The key was not taken either.
      const accepted = yield* store.accept({ ...accepting(start), drafts: [good] })
      deepStrictEqual(
        accepted._tag === "Accepted" ? accepted.messages.flat().map((one) => one.isDeduplicated) : [],
        [false]
      )
    })
  )

  law(
    "a group becomes one message for each of its endpoints, in their order and side by side with the others",
    Effect.gen(function* () {
      const store = yield* Store
      yield* store.upsertEndpoints({
        tenantId: acme,
        urlGroup: workers,
        endpoints: [{ url: "https://api.example.com/b", name: "B" }, { url: "https://api.example.com/a" }],
        now: start,
        limits
      })
      const drafts = yield* Effect.forEach(
        ["https://api.example.com/1", { urlGroup: workers }, "https://api.example.com/2"],
        (to) => draftOf({ destination: to }, start)
      )
      const accepted = yield* store.accept({ ...accepting(start), drafts })
      if (accepted._tag !== "Accepted") return yield* Effect.dieMessage(accepted._tag)
      deepStrictEqual(
        accepted.messages.map((messages) => messages.map(nameOf)),
        [["1"], ["b", "a"], ["2"]]
      )
      deepStrictEqual(
        createdIn(accepted.events).map(({ endpointName, urlGroup }) => [urlGroup, endpointName]),
        [
          [undefined, undefined],
          [workers, "B"],
          [workers, undefined],
          [undefined, undefined]
        ]
      )
      // Later changes of the group do not reach them.
      yield* store.deleteUrlGroup(acme, workers)
      deepStrictEqual(yield* starting(start), ["1", "b", "a", "2"])
    })
  )

  law(
    "a draft with a known key gets the messages of the first one, until the window is over",
    Effect.gen(function* () {
      const store = yield* Store
      const accept = (now: number, ...keys: ReadonlyArray<string | undefined>) =>
        Effect.gen(function* () {
          const drafts = yield* Effect.forEach(keys, (key) => draftOf({}, now, key))
          const accepted = yield* store.accept({
            ...accepting(now),
            drafts,
            window: minute
          })
          if (accepted._tag !== "Accepted") return yield* Effect.dieMessage(accepted._tag)
          strictEqual(
            createdIn(accepted.events).length,
            accepted.messages.flat().filter(({ isDeduplicated }) => !isDeduplicated).length
          )
          return accepted.messages
            .flat()
            .map(({ isDeduplicated, messageId }) => (isDeduplicated ? `(${messageId})` : messageId))
        })
      deepStrictEqual(yield* accept(start, "x", "y", "x", undefined), ["m0", "m1", "(m0)", "m2"])
      // Delivered or not makes no difference.
      yield* settle((yield* claim(start)).map(delivered))
      deepStrictEqual(yield* accept(start + minute - 1, "x", "z"), ["(m0)", "m3"])
      // The second one did not make the window any longer.
      deepStrictEqual(yield* accept(start + minute, "x", "y", "z"), ["m4", "m5", "(m3)"])
      deepStrictEqual(yield* accept(start + minute, "x"), ["(m4)"])
    })
  )

  law(
    "a key is each tenant's own",
    Effect.gen(function* () {
      const store = yield* Store
      const drafts = [yield* draftOf({}, start, "key")]
      for (const tenantId of [acme, "other"]) {
        const accepted = yield* store.accept({ ...accepting(start), tenantId, drafts })
        strictEqual(accepted._tag === "Accepted" && accepted.messages[0]?.[0]?.isDeduplicated, false)
        strictEqual((yield* store.listMessages(tenantId)).length, 1)
      }
    })
  )

  law(
    "what it has handed out does not change afterwards",
    Effect.gen(function* () {
      const store = yield* Store
      yield* upsert(job)
      const [before] = yield* store.listSchedules(acme)
      const copy = { ...before }
      yield* store.claimDueSchedules({ now: start + minute, limit: 1, limits })
      const [lease] = yield* claim(start + minute)
      const message = { ...lease?.message }
      yield* settle([retried(lease, start + 2 * minute)])
      yield* store.setPaused({ tenantId: acme, scheduleId: job, isPaused: true, now: start + minute })
      yield* upsert(job, { body: "new" }, start + minute)
      deepStrictEqual({ ...before }, copy)
      deepStrictEqual({ ...lease?.message }, message)
    })
  )

  law(
    "an idle message is cancelled at once, and cancelled it is gone",
    Effect.gen(function* () {
      const store = yield* Store
      const [one] = idsOf(yield* send(["a"], { delay: "1 minute" }))
      const messageId = one ?? MessageId.make("none")
      const result = yield* store.cancel({
        tenantId: acme,
        criteria: { messageIds: [messageId] },
        limit: Infinity,
        now: start + 1
      })
      strictEqual(result.cancelled, 1)
      deepStrictEqual(steps(result.events), ["CANCEL_REQUESTED a#0", "CANCELED a#0"])
      deepStrictEqual(
        result.events.map(({ time }) => time),
        [start + 1, start + 1]
      )
      assertNone(yield* store.getMessage(acme, messageId))
      deepStrictEqual(yield* store.nextWake, { schedule: undefined, message: undefined })
      strictEqual(yield* cancel([messageId]), 0)
      deepStrictEqual(yield* deadLetters, [])
    })
  )

  law(
    "a cancel takes no more than the limit, the oldest first, and none of another tenant",
    Effect.gen(function* () {
      const store = yield* Store
      yield* send(["a", "b", "c"])
      const drafts = [yield* draftOf({}, start)]
      yield* store.accept({ ...accepting(start), tenantId: "other", drafts })
      const request = { tenantId: acme, criteria: {}, limit: 2, now: start }
      strictEqual((yield* store.cancel(request)).cancelled, 2)
      deepStrictEqual((yield* store.listMessages(acme)).map(nameOf), ["c"])
      strictEqual((yield* store.cancel(request)).cancelled, 1)
      strictEqual((yield* store.listMessages("other")).length, 1)
    })
  )

  law(
    "a cancelled message under way is tried no more: not after a retry, a failure, a lost lease, or one given back",
    Effect.gen(function* () {
      const store = yield* Store
      const names = ["retry", "failure", "lost", "returned", "success"]
      const messageIds = idsOf(yield* send(names, { callback: "https://api.example.com/done" }))
      const { leases } = yield* claimByName(start, 10, minute)
      strictEqual(yield* cancel(messageIds), 5)
      // It is there until its attempt has ended, and counts no more.
      strictEqual((yield* store.listMessages(acme)).length, 5)
      strictEqual(yield* cancel(messageIds), 0)
      const { events } = yield* store.settle({
        settlements: [
          retried(leases["retry"], start),
          failed(leases["failure"]),
          delivered(leases["success"])
        ],
        now: start,
        maxPendingBytes: Infinity
      })
      deepStrictEqual(steps(events), [
        "ERROR retry#0",
        "CANCELED retry#0",
        "CREATED done#0",
        "ERROR failure#0",
        "CANCELED failure#0",
        "CREATED done#0",
        "DELIVERED success#0",
        "CREATED done#0"
      ])
      yield* store.release([leases["returned"]?.token ?? -1])
      deepStrictEqual(yield* starting(start + second), ["done", "done", "done"])
      deepStrictEqual((yield* store.listMessages(acme)).map(nameOf), ["lost", "done", "done", "done"])
      deepStrictEqual(yield* starting(start + minute), [])
      deepStrictEqual((yield* store.listMessages(acme)).map(nameOf), ["done", "done", "done"])
      deepStrictEqual(yield* deadLetters, [])
      const { items } = yield* store.pageLogs({
        tenantId: acme,
        ...all,
        criteria: { state: ["CANCELED"] }
      })
      deepStrictEqual(steps(items), [
        "CANCELED retry#0",
        "CANCELED failure#0",
        "CANCELED returned#0",
        "CANCELED lost#0"
      ])
    })
  )

  law(
    "a cancelled message of a schedule counts as failed there",
    Effect.gen(function* () {
      const store = yield* Store
      const [message] = yield* fire(1)
      strictEqual(yield* cancel(idsOf(message === undefined ? [] : [message])), 1)
      const [schedule] = yield* store.listSchedules(acme)
      deepStrictEqual(schedule?.lastStates, { m0: "FAIL" })
    })
  )

  law(
    "a callback is a message of its own that knows what it is about",
    Effect.gen(function* () {
      const store = yield* Store
      const [source] = yield* send(["a"], {
        retries: 5,
        callback: { url: "https://api.example.com/done", retries: 1 },
        failureCallback: "https://api.example.com/failed"
      })
      const [lease] = yield* claim(start)
      const { events } = yield* store.settle({
        settlements: [failed(lease)],
        now: start + minute,
        maxPendingBytes: Infinity
      })
      deepStrictEqual(steps(events), ["ERROR a#0", "FAILED a#0", "CREATED done#0", "CREATED failed#0"])
      const callbacks = createdIn(events)
      deepStrictEqual<ReadonlyArray<unknown>>(
        callbacks.map(({ settings, ...message }) => ({ ...message, retries: settings.retries })),
        ["done", "failed"].map((name, index) => ({
          tenantId: acme,
          messageId: MessageId.make(`m${index + 1}`),
          sequence: callbacks[index]?.sequence ?? Number.NaN,
          url: `https://api.example.com/${name}`,
          urlGroup: undefined,
          endpointName: undefined,
          scheduleId: undefined,
          callbackOf: source?.messageId,
          callerIp,
          createdAt: start + minute,
          notBefore: start + minute,
          dueAt: start + minute,
          retried: 0,
          hops: 0,
          retries: name === "done" ? 1 : 5
        }))
      )
      assertTrue(Option.isSome(yield* store.getMessage(acme, MessageId.make("m1"))))
    })
  )

  law(
    "drafts whose bodies are too many bytes are refused, and a body counts for each endpoint",
    Effect.gen(function* () {
      const store = yield* Store
      const endpoints = [{ url: "https://a.example.com" }, { url: "https://b.example.com" }]
      yield* store.upsertEndpoints({ tenantId: acme, urlGroup: workers, endpoints, now: start, limits })
      const drafts = [
        yield* draftOf({ destination: { urlGroup: workers }, body: "123" }, start),
        yield* draftOf({ body: "1234" }, start)
      ]
      const accept = (maxBytesPerRequest: number) =>
        store.accept({ ...accepting(start), drafts, limits: { ...limits, maxBytesPerRequest } })
      deepStrictEqual(yield* accept(9), { _tag: "OverLimit", limit: "maxBytesPerRequest" })
      deepStrictEqual(yield* store.listMessages(acme), [])
      strictEqual((yield* accept(10))._tag, "Accepted")
    })
  )

  law(
    "drafts and firings whose bodies are too many bytes beside those that are pending are refused until there is room",
    Effect.gen(function* () {
      const store = yield* Store
      const most = { ...limits, maxPendingBytes: 8 }
      const accept = (body?: string) =>
        Effect.gen(function* () {
          const drafts = [yield* draftOf(body === undefined ? {} : { body }, start)]
          return yield* store.accept({ ...accepting(start), drafts, limits: most })
        })
      const full = { _tag: "OverLimit", limit: "maxPendingBytes" } as const
      deepStrictEqual(yield* accept("123456789"), full)
      const [sent] = yield* send(["a"], { body: "12345" })
      deepStrictEqual(yield* accept("1234"), full)
      strictEqual((yield* accept())._tag, "Accepted")
      yield* upsert(job, { body: "1234" })
      const firing = (now: number) =>
        Effect.map(
          store.claimDueSchedules({ now, limit: 1, limits: most }),
          ({ events }) => createdIn(events).length
        )
      const error = Effect.map(store.getSchedule(acme, job), (found) => Option.getOrThrow(found).error)
      strictEqual(yield* firing(start + minute), 0)
      strictEqual(yield* error, "quota maxPendingBytes exceeded, current limit: 8")
      // A retry keeps its bytes.
      const { leases } = yield* claimByName(start)
      yield* settle([retried(leases["a"], start + minute)])
      strictEqual(yield* firing(start + 2 * minute), 0)
      yield* cancel(sent === undefined ? [] : [sent.messageId])
      strictEqual(yield* firing(start + 3 * minute), 1)
      strictEqual(yield* error, undefined)
      strictEqual((yield* accept("1234"))._tag, "Accepted")
      deepStrictEqual(yield* accept("1"), full)
    })
  )

  law(
    "callbacks are made without the source body while the pending bodies leave no byte",
    Effect.gen(function* () {
      const store = yield* Store
      const callbacks = (maxPendingBytes: number) =>
        Effect.gen(function* () {
          yield* send(["a"], {
            body: "tea",
            callback: "https://api.example.com/done",
            failureCallback: "https://api.example.com/failed"
          })
          const { leases } = yield* claimByName(start)
          yield* settle([failed(leases["a"])], start, maxPendingBytes)
          const made = yield* store.listMessages(acme)
          yield* cancel(made.map(({ messageId }) => messageId))
          return made.map((callback) => {
            const text = new TextDecoder().decode(callback.settings.body)
            return [nameOf(callback), text.includes('"sourceBody":"dGVh"'), text.includes('"sourceBody":""')]
          })
        })
      deepStrictEqual(yield* callbacks(4), [
        ["done", true, false],
        ["failed", true, false]
      ])
      deepStrictEqual(yield* callbacks(3), [
        ["done", false, true],
        ["failed", false, true]
      ])
      const body = Option.fromNullable((yield* deadLetters).at(-1)?.message.settings.body)
      assertSome(body, new TextEncoder().encode("tea"))
    })
  )
}
