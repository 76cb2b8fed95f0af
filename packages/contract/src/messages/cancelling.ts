import { MessageId } from "@effect-qstash/domain/MessageId"
import { MessageNotFound } from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { fireOne, freshName, get, only, secondsAfter, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  cancelMany,
  isPending,
  endpointWith,
  enqueue,
  lettersOf,
  makeQueue,
  pending,
  publish,
  statesOf
} from "../internal/sending.ts"

const cancel = (messageId: MessageId) =>
  Effect.flatMap(QStashMessages, (messages) => messages.cancel(messageId))

export const cancelling = chapter("cancelling", ({ alone, given, law, timed }) => {
  law("cancel names the message it cannot find, including one that is already cancelled", () =>
    Effect.gen(function* () {
      const absent = MessageId.make(`msg_${yield* freshName}`)
      assertEquals(yield* Effect.flip(cancel(absent)), new MessageNotFound({ messageId: absent }))
      const { messageId } = yield* pending()
      yield* cancel(messageId)
      assertEquals(yield* Effect.flip(cancel(messageId)), new MessageNotFound({ messageId }))
    })
  )

  law("cancelling one message leaves others alone", () =>
    Effect.gen(function* () {
      const first = yield* pending()
      const second = yield* pending()
      yield* cancel(first.messageId)
      strictEqual(yield* isPending(second.messageId), true)
    })
  )

  timed("a cancelled message is not delivered", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { messageId } = yield* publish({ destination: endpoint.url, delay: "1 hour" })
      yield* cancel(messageId)
      yield* time.advance("1 day")
      deepStrictEqual(yield* endpoint.deliveries, [])
    })
  )

  timed("a message cancelled before a retry is not retried and does not become a dead letter", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const { messageId } = yield* publish({ destination: endpoint.url })
      yield* settle(time)
      yield* cancel(messageId)
      yield* time.advance("2 days")
      strictEqual((yield* endpoint.deliveries).length, 1)
      deepStrictEqual(yield* lettersOf(messageId), [])
    })
  )

  timed("a delivered message cannot be cancelled", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { messageId } = yield* publish({ destination: endpoint.url })
      yield* settle(time)
      assertEquals(yield* Effect.flip(cancel(messageId)), new MessageNotFound({ messageId }))
      strictEqual(yield* cancelMany({ messageIds: [messageId] }), 0)
    })
  )

  timed("a delivery that fails after a cancel is not retried", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, "silence", 200)
      const { messageId } = yield* publish({ destination: endpoint.url, timeout: "30 seconds" })
      yield* settle(time)
      yield* cancel(messageId)
      yield* time.advance("1 day")
      strictEqual((yield* endpoint.deliveries).length, 1)
      strictEqual(yield* isPending(messageId), false)
      deepStrictEqual(yield* lettersOf(messageId), [])
      deepStrictEqual(yield* statesOf(messageId), [
        "CREATED",
        "ACTIVE",
        "CANCEL_REQUESTED",
        "ERROR",
        "CANCELED"
      ])
    })
  )

  given(
    ["time", "slowly"],
    "a delivery that succeeds after a cancel counts as a success [assumed]",
    ({ slowly, time }) =>
      Effect.gen(function* () {
        const endpoint = yield* endpointWith(time, slowly("10 minutes", 200))
        const { messageId } = yield* publish({ destination: endpoint.url })
        yield* settle(time)
        strictEqual(yield* cancelMany({ messageIds: [messageId] }), 1)
        yield* time.advance("1 day")
        strictEqual((yield* endpoint.deliveries).length, 1)
        deepStrictEqual(yield* statesOf(messageId), ["CREATED", "ACTIVE", "CANCEL_REQUESTED", "DELIVERED"])
      })
  )

  timed("a schedule shows a cancelled message as failed [assumed]", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url, delay: "1 hour" })
      const id = only(Object.keys((yield* get(scheduleId)).lastScheduleStates))
      yield* cancel(MessageId.make(id))
      deepStrictEqual((yield* get(scheduleId)).lastScheduleStates, { [id]: "FAIL" })
    })
  )

  law("cancelMany ignores unknown ids and returns how many it cancelled", () =>
    Effect.gen(function* () {
      const first = yield* pending()
      const second = yield* pending()
      const third = yield* pending()
      const absent = MessageId.make(`msg_${yield* freshName}`)
      const messageIds = [first.messageId, absent, second.messageId] as const
      strictEqual(yield* cancelMany({ messageIds }), 2)
      strictEqual(yield* isPending(first.messageId), false)
      strictEqual(yield* isPending(second.messageId), false)
      strictEqual(yield* isPending(third.messageId), true)
      strictEqual(yield* cancelMany({ messageIds }), 0)
    })
  )

  alone("cancelling all cancels every pending message and nothing else", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      const queueName = yield* makeQueue({ isPaused: true })
      const retried = yield* publish({ destination: endpoint.url })
      yield* settle(time)
      const delivered = yield* publish({ destination: endpoint.url })
      yield* settle(time)
      const delayed = yield* pending()
      const queued = yield* enqueue(queueName, { destination: endpoint.url })
      strictEqual(yield* cancelMany({ all: true }), 3)
      for (const { messageId } of [retried, delayed, queued]) {
        deepStrictEqual((yield* statesOf(messageId)).slice(-2), ["CANCEL_REQUESTED", "CANCELED"])
      }
      strictEqual((yield* statesOf(delivered.messageId)).at(-1), "DELIVERED")
      yield* time.advance("1 day")
      strictEqual((yield* endpoint.deliveries).length, 2)
      strictEqual(yield* cancelMany({ all: true }), 0)
    })
  )

  law("cancelMany rejects an empty selection, so that nobody cancels everything by accident", () =>
    Effect.gen(function* () {
      const { messageId } = yield* pending()
      for (const selector of [{}, { messageIds: [] }, { label: undefined }, { label: [] }, { label: "" }]) {
        // @ts-expect-error also a type error
        const error = yield* Effect.flip(cancelMany(selector))
        strictEqual(error._tag, "QStashInvalidRequest")
      }
      strictEqual(yield* isPending(messageId), true)
    })
  )

  timed(
    "the log shows a cancel when it is requested and when it is done, both at once for an idle message",
    (time) =>
      Effect.gen(function* () {
        const endpoint = yield* endpointWith(time, 500)
        const now = yield* time.now
        const { messageId } = yield* publish({ destination: endpoint.url, retryDelay: "3600000" })
        yield* time.advance("30 seconds")
        yield* cancel(messageId)
        deepStrictEqual(yield* statesOf(messageId), [
          "CREATED",
          "ACTIVE",
          "ERROR",
          "RETRY",
          "CANCEL_REQUESTED",
          "CANCELED"
        ])
        deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0])
      })
  )
})
