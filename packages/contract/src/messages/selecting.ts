import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { MessageId } from "@effect-qstash/domain/MessageId"
import type { LogFilter, MessageSelector } from "@effect-qstash/domain/MessageFilter"
import { type QStashError } from "@effect-qstash/domain/QStashError"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { fireOne, freshName, minute, only, somewhere } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  cancelMany,
  isPending,
  batch,
  enqueue,
  freshKey,
  getMessage,
  makeGroup,
  makeQueue,
  pending,
  publish,
  publishToGroup
} from "../internal/sending.ts"

/** Cancels a selection that includes one of two messages, and expects the other one to stay. */
const takesOnly = (
  taken: { readonly messageId: MessageId },
  other: { readonly messageId: MessageId },
  selector: MessageSelector
) =>
  Effect.gen(function* () {
    strictEqual(yield* cancelMany(selector), 1, JSON.stringify(selector))
    strictEqual(yield* isPending(taken.messageId), false)
    strictEqual(yield* isPending(other.messageId), true)
    strictEqual(yield* cancelMany(selector), 0)
  })

const pendingAt = (destination: URL) =>
  Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination, delay: "2 hours" }))

export const selecting = chapter("selecting", ({ alone, law, timed }) => {
  law("cancelMany takes any number of ids", () =>
    Effect.gen(function* () {
      const published = yield* batch(
        Array.from({ length: 105 }, (_, index) => ({
          destination: `${somewhere}/${index}`,
          delay: "2 hours"
        }))
      )
      const [first, ...rest] = published.flat().map(({ messageId }) => messageId)
      if (first === undefined) return yield* Effect.dieMessage("nothing was published")
      strictEqual(yield* cancelMany({ messageIds: [first, ...rest] }), 105)
    })
  )

  law("a URL or flow-control key to cancel by may contain commas", () =>
    Effect.gen(function* () {
      const name = yield* freshName
      const other = yield* pending({ destination: `${somewhere}/${name}` })
      const wanted = yield* pending({ destination: `${somewhere}/${name},b?c=1,2` })
      yield* takesOnly(wanted, other, { url: `${somewhere}/${name},b?c=1,2` })
      const key = FlowControlKey.make(`${name},b`)
      const limited = yield* pending({ flowControl: { key, parallelism: 1 } })
      yield* takesOnly(limited, other, { flowControlKey: key })
    })
  )

  law("messages can be cancelled by URL, host or path", () =>
    Effect.gen(function* () {
      const name = (yield* freshName).toLowerCase().replaceAll("_", "-")
      const other = yield* pending({ destination: `https://other.example.com/${name}/other` })
      const send = pending({ destination: `https://${name}.example.com:8443/${name}?x=1` })
      yield* takesOnly(yield* send, other, { url: `https://${name}.example.com:8443/${name}?x=1` })
      yield* takesOnly(yield* send, other, { host: `${name}.example.com:8443` })
      yield* takesOnly(yield* send, other, { path: `/${name}` })
    })
  )

  law("a message is found by the URL it was published to, however that is written", () =>
    Effect.gen(function* () {
      const other = yield* pending({ destination: "https://other.example.com/" })
      const name = (yield* freshName).toLowerCase().replaceAll("_", "-")
      for (const destination of [
        `https://${name}.example.com/report?for=José García`,
        `https://${name}.example.com/a/../b`,
        `https://${name}.example.com/p#top`,
        `https://${name.toUpperCase()}.Example.com/P`,
        `https://${name}.example.com:443/`,
        `https://${name}.example.com`,
        `https://${name}.example.com/%c3%a9`,
        `https://bücher-${name}.example/`
      ]) {
        yield* takesOnly(yield* pending({ destination }), other, { url: destination })
        yield* takesOnly(yield* pendingAt(new URL(destination)), other, { url: destination })
        yield* takesOnly(yield* pending({ destination: new URL(destination).href }), other, {
          url: new URL(destination)
        })
      }
      const send = pending({ destination: `https://${name.toUpperCase()}.Example.com/a b/../José` })
      yield* takesOnly(yield* send, other, { host: `${name}.EXAMPLE.com` })
      yield* takesOnly(yield* send, other, { host: `${name}.example.com:443` })
      const path = `/${name} é/../${name}/José#top`
      const sendPath = pending({ destination: `https://example.com${path}` })
      yield* takesOnly(yield* sendPath, other, { path })
      yield* takesOnly(yield* sendPath, other, { path: `/${name}/José` })
    })
  )

  law("spaces around a label do not matter, in a message or a filter", () =>
    Effect.gen(function* () {
      const other = yield* pending()
      const name = yield* freshName
      for (const [stored, wanted] of [
        [` ${name} `, ` ${name} `],
        [`\t${name}`, name],
        [name, ` \t${name}`],
        [`${name}\u00a0`, `${name}\u00a0`]
      ] as const) {
        const sent = yield* pending({ labels: [stored] })
        deepStrictEqual((yield* getMessage(sent.messageId)).labels, [stored.replace(/^[ \t]+|[ \t]+$/g, "")])
        yield* takesOnly(sent, other, { label: wanted })
      }
    })
  )

  law("cancelMany rejects a filter that could match nothing or too much", () =>
    Effect.gen(function* () {
      const { messageId } = yield* pending()
      for (const [field, selector] of [
        ["url", { url: "example.com/a" }],
        ["path", { path: "a" }],
        ["path", { path: "/a?b=1" }],
        ["label", { label: " " }],
        ["label", { label: "a,b" }],
        ["host", { host: "https://example.com" }],
        ["host", { host: "example.com/a" }],
        // In seconds.
        ["fromDate", { fromDate: 1_754_565_618 }],
        ["toDate", { toDate: 1_754_565_618 }]
      ] as const) {
        const error = yield* Effect.flip(cancelMany(selector))
        strictEqual(error._tag, "QStashInvalidRequest")
        strictEqual("field" in error && error.field, field)
      }
      strictEqual(yield* isPending(messageId), true)
    })
  )

  law("a filter whose values never contain a comma rejects one, and ignores spaces around a value", () =>
    Effect.gen(function* () {
      const [dlq, logs, messages] = [yield* QStashDlq, yield* QStashLogs, yield* QStashMessages]
      const { messageId } = yield* pending()
      const inLogs = (filter: LogFilter) => Stream.runDrain(logs.stream(filter))
      for (const [call, names] of [
        [
          messages.cancelMany,
          ["messageIds", "queueName", "urlGroup", "scheduleId", "label", "host", "callerIp"]
        ],
        [dlq.deleteMany, ["dlqIds", "messageId", "queueName", "urlGroup", "scheduleId", "label", "callerIp"]],
        [inLogs, ["messageId", "state", "queueName", "urlGroup", "scheduleId", "label", "host", "callerIp"]]
      ] as const) {
        for (const name of names) {
          for (const value of [`${messageId},x`, [`${messageId},x`], " ", ["x", "x,"]]) {
            const called: Effect.Effect<unknown, QStashError> = Reflect.apply(call, undefined, [
              { [name]: value }
            ])
            const error = yield* Effect.flip(called)
            strictEqual(error._tag, "QStashInvalidRequest")
            strictEqual("field" in error && error.field, name)
          }
        }
      }
      strictEqual(yield* isPending(messageId), true)
      const queueName = yield* makeQueue({ isPaused: true })
      const queued = yield* enqueue(queueName, { destination: somewhere })
      // A call from JavaScript, without types.
      const inQueue: MessageSelector = Object.assign({ queueName }, { queueName: [` ${queueName}\t`] })
      strictEqual(yield* cancelMany(inQueue), 1)
      strictEqual(yield* isPending(queued.messageId), false)
      strictEqual(yield* cancelMany({ messageIds: [MessageId.make(` ${messageId}`)] }), 1)
      strictEqual(yield* isPending(messageId), false)
    })
  )

  law("a flow-control key with commas matches itself and its parts [assumed]", () =>
    Effect.gen(function* () {
      const name = yield* freshName
      const other = yield* pending({ flowControl: { key: FlowControlKey.make(name), parallelism: 1 } })
      const send = (text: string) =>
        pending({ flowControl: { key: FlowControlKey.make(text), parallelism: 1 } })
      const [first, second] = [yield* send(`${name}-a`), yield* send(`${name}-b`)]
      yield* send(`${name}-a,${name}-b`)
      strictEqual(yield* cancelMany({ flowControlKey: FlowControlKey.make(`${name}-a,${name}-b`) }), 3)
      strictEqual(yield* isPending(first.messageId), false)
      strictEqual(yield* isPending(second.messageId), false)
      strictEqual(yield* isPending(other.messageId), true)
    })
  )

  law("messages can be cancelled by label, queue, flow-control key or group", () =>
    Effect.gen(function* () {
      const other = yield* pending({ labels: ["other"] })
      const label = yield* freshName
      yield* takesOnly(yield* pending({ labels: ["first", label] }), other, { label })

      const queueName = yield* makeQueue({ isPaused: true })
      yield* takesOnly(yield* enqueue(queueName, { destination: somewhere }), other, { queueName })

      const key = yield* freshKey
      const flowControl = { key, parallelism: 1 }
      yield* takesOnly(yield* pending({ flowControl }), other, { flowControlKey: key })

      const urlGroup = yield* makeGroup({ url: somewhere })
      yield* takesOnly(only(yield* publishToGroup(urlGroup, { delay: "2 hours" })), other, { urlGroup })
    })
  )

  timed("messages can be cancelled by the schedule that created them", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const other = yield* publish({ destination: endpoint.url, delay: "1 day" })
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url, delay: "1 hour" })
      strictEqual(yield* cancelMany({ scheduleId: ScheduleId.make(yield* freshName) }), 0)
      strictEqual(yield* cancelMany({ scheduleId }), 1)
      yield* time.advance("2 hours")
      deepStrictEqual(yield* endpoint.deliveries, [])
      strictEqual(yield* isPending(other.messageId), true)
    })
  )

  law("a message matches if each filter has at least one value that matches", () =>
    Effect.gen(function* () {
      const [one, two, three] = [yield* freshName, yield* freshName, yield* freshName]
      const first = yield* pending({ labels: [one, three] })
      const second = yield* pending({ labels: [two, three] })
      const third = yield* pending({ labels: [three], destination: `${somewhere}/${three}` })
      strictEqual(yield* cancelMany({ label: [one, two], url: `${somewhere}/${three}` }), 0)
      strictEqual(yield* cancelMany({ label: [one, two] }), 2)
      strictEqual(yield* isPending(first.messageId), false)
      strictEqual(yield* isPending(second.messageId), false)
      strictEqual(yield* cancelMany({ label: three, url: [`${somewhere}/${three}`, somewhere] }), 1)
      strictEqual(yield* isPending(third.messageId), false)
    })
  )

  timed("messages can be cancelled by creation time, both ends included", (time) =>
    Effect.gen(function* () {
      const label = yield* freshName
      const start = yield* time.now
      const sent: Array<MessageId> = []
      for (let index = 0; index < 5; index++) {
        sent.push((yield* pending({ labels: [label], delay: "1 day" })).messageId)
        yield* time.advance("1 minute")
      }
      const left = Effect.forEach(sent, isPending)
      strictEqual(yield* cancelMany({ label, fromDate: start + 4 * minute }), 1)
      deepStrictEqual(yield* left, [true, true, true, true, false])
      strictEqual(yield* cancelMany({ label, toDate: start + minute - 1 }), 1)
      deepStrictEqual(yield* left, [false, true, true, true, false])
      strictEqual(yield* cancelMany({ label, fromDate: start + 2 * minute, toDate: start + 2 * minute }), 1)
      deepStrictEqual(yield* left, [false, true, false, true, false])
      strictEqual(yield* cancelMany({ label, fromDate: start, toDate: start + 10 * minute }), 2)
    })
  )

  alone("messages can be cancelled by the publisher's address", () =>
    Effect.gen(function* () {
      const { messageId } = yield* pending()
      const { callerIp = "" } = yield* getMessage(messageId)
      strictEqual(yield* cancelMany({ callerIp: "198.51.100.1" }), 0)
      strictEqual(yield* cancelMany({ callerIp: ["198.51.100.1", callerIp] }), 1)
      strictEqual(yield* isPending(messageId), false)
    })
  )
})
