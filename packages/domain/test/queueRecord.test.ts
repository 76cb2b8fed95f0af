import { type QStashQueue, type QStashQueues, QStashInvalidRequest, QueueName } from "@effect-qstash/domain"
import { QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import * as QueueInput from "@effect-qstash/domain/input/QueueInput"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertInstanceOf, deepStrictEqual } from "@effect/vitest/utils"
import { Either, FastCheck, Schema } from "effect"
import { junk, junkField, reportedCount, reportedInstant, reportedQueueName } from "./arbitraries.ts"
import { at, checked, each, isQuiet, isRefused, isUnreadable, overTheWire, valueOf } from "./support.ts"

const queueName = QueueName.make("mails")

const json = {
  name: "mails",
  createdAt: 1_754_565_618_803,
  updatedAt: 1_754_565_618_804,
  parallelism: 2,
  paused: true,
  lag: 7
}

const queue: QStashQueue = {
  name: queueName,
  createdAt: at(1_754_565_618_803),
  updatedAt: at(1_754_565_618_804),
  parallelism: 2,
  isPaused: true,
  lag: 7
}

const isRead = (fields: object, expected: Partial<QStashQueue>) =>
  deepStrictEqual(valueOf(QueueRecord.decode({ name: "mails", createdAt: 1_754_565_618_803, ...fields })), {
    name: queueName,
    createdAt: at(1_754_565_618_803),
    updatedAt: at(1_754_565_618_803),
    parallelism: 1,
    isPaused: false,
    lag: 0,
    ...expected
  })

describe("a queue", () => {
  it("is read and written as QStash answers it", () => {
    deepStrictEqual(valueOf(QueueRecord.decode(json)), queue)
    deepStrictEqual(QueueRecord.encode(queue), json)
    isRead({ more: 1, constructor: 1 }, {})
  })

  it("takes what Go leaves out, null and zero for what they stand for", () => {
    isRead({}, {})
    isRead(each(["updatedAt", "parallelism", "paused", "lag"], null), {})
    isRead({ parallelism: 0, lag: 0, paused: false, updatedAt: 0 }, { updatedAt: at(0) })
  })

  it("is read under a name that this library would not send", () => {
    isRead({ name: "an old/queue" }, { name: Schema.decodeSync(QueueNameFromAnswer)("an old/queue") })
  })

  it.prop(
    "comes back as it was written, through JSON",
    [
      FastCheck.record({
        name: reportedQueueName,
        createdAt: reportedInstant,
        updatedAt: reportedInstant,
        parallelism: reportedCount,
        isPaused: FastCheck.boolean(),
        lag: FastCheck.nat()
      })
    ],
    ([given]) => {
      deepStrictEqual(valueOf(QueueRecord.decode(overTheWire(QueueRecord.encode(given)))), given)
    }
  )

  it.each<[object, string]>([
    [{ name: "" }, "name is not of the expected shape"],
    [{ createdAt: "now" }, "createdAt is not of the expected shape"],
    [{ updatedAt: -1 }, "updatedAt is not of the expected shape"],
    [{ parallelism: "2" }, "parallelism is not of the expected shape"],
    [{ paused: "true" }, "paused is not of the expected shape"],
    [{ lag: -1 }, "lag is not of the expected shape"]
  ])("is refused by the field's name: %j", (fields, reason) => {
    isUnreadable(QueueRecord.decode({ ...json, ...fields }), reason)
  })

  it.prop(
    "of junk is read or refused by a field's name",
    [
      FastCheck.oneof(
        FastCheck.dictionary(FastCheck.constantFrom(...Object.keys(json)), junkField),
        junkField
      )
    ],
    ([given]) => {
      isQuiet(QueueRecord.decode, QueueRecord.encode)(given)
      isQuiet(
        QueueRecord.decode,
        QueueRecord.encode
      )(typeof given === "object" ? { ...json, ...given } : given)
    },
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )
})

const upsertInput: FastCheck.Arbitrary<QStashQueues.UpsertInput> = FastCheck.record(
  {
    queueName: FastCheck.constantFrom(queueName, QueueName.make("a.b_c-D9")),
    parallelism: FastCheck.oneof(reportedCount, FastCheck.constant(undefined)),
    isPaused: FastCheck.oneof(FastCheck.boolean(), FastCheck.constant(undefined))
  },
  { requiredKeys: ["queueName"] }
)

const encode = (input: unknown) => Either.map(QueueInput.checkUpsert(input), QueueRecord.encodeUpsert)

describe("the request that creates or changes a queue", () => {
  it("says of the pause only what was asked for", () => {
    deepStrictEqual(checked(encode({ queueName })), { queueName: "mails", parallelism: 1 })
    deepStrictEqual(checked(encode({ queueName, parallelism: 3, isPaused: false })), {
      queueName: "mails",
      parallelism: 3,
      paused: false
    })
    deepStrictEqual(checked(encode({ queueName, isPaused: undefined })), {
      queueName: "mails",
      parallelism: 1
    })
  })

  it("is read with null for what is left out", () => {
    deepStrictEqual(checked(QueueRecord.decodeUpsert({ queueName: "mails" })), { queueName })
    deepStrictEqual(
      checked(QueueRecord.decodeUpsert({ queueName: "mails", parallelism: null, paused: null, lag: 5 })),
      { queueName }
    )
    deepStrictEqual(checked(QueueRecord.decodeUpsert({ queueName: "mails", parallelism: 2, paused: true })), {
      queueName,
      parallelism: 2,
      isPaused: true
    })
  })

  it.prop("comes back as it was written, with the default parallelism", [upsertInput], ([input]) => {
    const { isPaused, parallelism = 1, queueName: name } = checked(QueueInput.checkUpsert(input))
    deepStrictEqual(checked(QueueRecord.decodeUpsert(overTheWire(checked(encode(input))))), {
      queueName: name,
      parallelism,
      ...(isPaused === undefined ? {} : { isPaused })
    })
  })

  const name = (shown: string) =>
    `expected a queue name of letters, digits, ".", "_" and "-", and not "." or "..", got ${shown}`

  it.each<[unknown, string, string?]>([
    [null, "expected the options of a queue, got null"],
    ["mails", "expected the options of a queue, got text"],
    [{}, name("undefined"), "queueName"],
    [{ queueName: "a b" }, name('"a b"'), "queueName"],
    [{ queueName, parallelism: 0 }, "expected a whole number of at least 1, got 0", "parallelism"],
    [{ queueName, parallelism: "2" }, 'expected a whole number of at least 1, got "2"', "parallelism"],
    [{ queueName, isPaused: "yes" }, 'expected true or false, got "yes"', "isPaused"]
  ])("is refused before it is sent, by the option's name: %j", (input, reason, field) => {
    isRefused(encode(input), reason, field)
  })

  it.each<[unknown, string, string?]>([
    [null, "expected the options of a queue, got null"],
    [[], "expected the options of a queue, got an empty list"],
    [{ queueName: null }, name("null"), "queueName"],
    [{ queueName, parallelism: 1.5 }, "expected a whole number of at least 1, got 1.5", "parallelism"],
    [{ queueName, paused: 1 }, "expected true or false, got 1", "paused"]
  ])("is refused by the field's name: %j", (input, reason, field) => {
    isRefused(QueueRecord.decodeUpsert(input), reason, field)
  })

  it.prop(
    "of junk is read or refused in one short line",
    [
      FastCheck.oneof(
        FastCheck.dictionary(
          FastCheck.constantFrom("queueName", "parallelism", "paused", "isPaused"),
          junkField
        ),
        junk
      )
    ],
    ([given]) => {
      for (const result of [encode(given), QueueRecord.decodeUpsert(given)]) {
        if (Either.isRight(result)) continue
        assertInstanceOf(result.left, QStashInvalidRequest)
        assertFalse(/\n/.test(result.left.message) || result.left.message.length > 500, result.left.message)
      }
    },
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )
})
