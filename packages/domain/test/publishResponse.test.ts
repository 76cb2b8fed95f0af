import { type Page, type Published, QStashInvalidRequest } from "@effect-qstash/domain"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { Either, FastCheck, Schema } from "effect"
import { junkField, reportedMessageId, reportedText } from "./arbitraries.ts"
import { isQuiet, isUnreadable, overTheWire, valueOf } from "./support.ts"

const id = Schema.decodeSync(MessageIdFromAnswer)

const one: Published = { messageId: id("msg_1"), isDeduplicated: false }
const two: Published = { messageId: id("msg_2"), url: "https://b.example", isDeduplicated: true }

const published: FastCheck.Arbitrary<Published> = FastCheck.record(
  { messageId: reportedMessageId, url: reportedText, isDeduplicated: FastCheck.boolean() },
  { requiredKeys: ["messageId", "isDeduplicated"] }
)
const answer = FastCheck.oneof(published, FastCheck.array(published, { maxLength: 3 }))
const page: FastCheck.Arbitrary<Page<Published>> = FastCheck.record(
  { items: FastCheck.array(published, { maxLength: 3 }), cursor: reportedText },
  { requiredKeys: ["items"] }
)

const isRead = (json: unknown, expected: Published | ReadonlyArray<Published>) =>
  deepStrictEqual(valueOf(PublishResponse.decode(json)), expected)

describe("the answer for one destination", () => {
  it.prop("comes back as it was written, through JSON", [answer], ([given]) => {
    isRead(overTheWire(PublishResponse.encode(given)), given)
  })

  it("is an object for a URL, and an array for a URL group", () => {
    deepStrictEqual(PublishResponse.encode(one), { messageId: "msg_1" })
    deepStrictEqual(PublishResponse.encode([one, two]), [
      { messageId: "msg_1" },
      { messageId: "msg_2", url: "https://b.example", deduplicated: true }
    ])
    deepStrictEqual(PublishResponse.encode([]), [])
  })

  it("is read in each form that QStash documents", () => {
    isRead({ messageId: "msg_1" }, one)
    isRead({ messageId: "msg_2", url: "https://b.example", deduplicated: true }, two)
    isRead([{ messageId: "msg_1" }], [one])
    isRead({ messages: [{ messageId: "msg_1" }] }, [one])
    isRead([], [])
    isRead({ messages: [] }, [])
    isRead({ messages: null }, [])
  })

  it("takes null and empty text for what is left out, and passes over what it does not know", () => {
    isRead({ messageId: "msg_1", url: null, deduplicated: null }, one)
    isRead({ messageId: "msg_1", url: "", deduplicated: false, more: { deep: 1 } }, one)
  })

  it.each<[unknown, string]>([
    [null, "the JSON is not of the expected shape"],
    ["msg_1", "the JSON is not of the expected shape"],
    [{}, "messageId is missing"],
    [{ messageId: "" }, "messageId is not of the expected shape"],
    [{ messageId: 5 }, "messageId is not of the expected shape"],
    [{ messageId: "a", url: { s3cret: 1 } }, "url is not of the expected shape"],
    [{ messageId: "a", deduplicated: "s3cret" }, "deduplicated is not of the expected shape"],
    [{ messages: "s3cret" }, "messages is not of the expected shape"],
    [{ messages: [{ messageId: "a" }, {}] }, "messages[1].messageId is missing"],
    [[{ messageId: "a" }, { messageId: "b" }, {}], "[2].messageId is missing"],
    [[null], "[0] is not of the expected shape"]
  ])("is refused by the field's name: %j", (json, reason) => {
    isUnreadable(PublishResponse.decode(json), reason)
  })
})

type Items = ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>

const batchIsRead = (json: unknown, expected: Items) =>
  deepStrictEqual(valueOf(PublishResponse.decodeBatch(json)).map(shown), expected.map(shown))

const shown = Either.match({
  onLeft: (error: QStashInvalidRequest) => ({ error }),
  onRight: (messages: ReadonlyArray<Published>) => ({ messages })
})

describe("the answer to a batch", () => {
  it("has for each message one, one for each endpoint, or why it was refused", () => {
    batchIsRead(
      [
        { messageId: "msg_1" },
        [{ messageId: "msg_1" }, { messageId: "msg_2", url: "https://b.example", deduplicated: true }],
        { error: "topic billing not found" },
        [],
        { messages: [{ messageId: "msg_1" }] }
      ],
      [
        Either.right([one]),
        Either.right([one, two]),
        Either.left(new QStashInvalidRequest({ reason: "topic billing not found", status: 400 })),
        Either.right([]),
        Either.right([one])
      ]
    )
  })

  it("may be empty, and that to a batch of one may lack its array", () => {
    batchIsRead([], [])
    batchIsRead({ messageId: "msg_1" }, [Either.right([one])])
    batchIsRead({ error: "no" }, [Either.left(new QStashInvalidRequest({ reason: "no", status: 400 }))])
  })

  it("takes a message with an empty error for a message", () => {
    batchIsRead([{ messageId: "msg_1", error: "" }], [Either.right([one])])
  })

  it.prop(
    "comes back as it was written, through JSON",
    [FastCheck.array(answer, { maxLength: 4 })],
    ([answers]) => {
      batchIsRead(
        overTheWire(answers.map(PublishResponse.encode)),
        answers.map((given) => Either.right("messageId" in given ? [given] : given))
      )
    }
  )

  it.each<[unknown, string]>([
    [null, "the JSON is not of the expected shape"],
    [[null], "[0] is not of the expected shape"],
    [[{ messageId: "a" }, { error: { s3cret: 1 } }], "[1].messageId is missing"],
    [[[{ messageId: "a" }, {}]], "[0][1].messageId is missing"]
  ])("is refused by the field's name: %j", (json, reason) => {
    isUnreadable(PublishResponse.decodeBatch(json), reason)
  })
})

describe("the answer to a retry", () => {
  const isPage = (json: unknown, expected: Page<Published>) =>
    deepStrictEqual(valueOf(PublishResponse.decodeRetried(json)), expected)

  it.prop("comes back as it was written, through JSON", [page], ([given]) => {
    isPage(overTheWire(PublishResponse.encodeRetried(given)), given)
  })

  it("has no cursor on the last page, however that is said", () => {
    const responses = [{ messageId: "msg_1" }]
    isPage({ responses }, { items: [one] })
    isPage({ responses, cursor: null }, { items: [one] })
    isPage({ responses, cursor: "" }, { items: [one] })
    isPage({ responses, cursor: "1-2" }, { items: [one], cursor: "1-2" })
    isPage({ responses: null }, { items: [] })
    deepStrictEqual(PublishResponse.encodeRetried({ items: [one] }), { responses })
  })

  it.each<[unknown, string]>([
    [null, "the JSON is not of the expected shape"],
    [[], "the JSON is not of the expected shape"],
    [{}, "responses is missing"],
    [{ responses: {} }, "responses is not of the expected shape"],
    [{ responses: [{}] }, "responses[0].messageId is missing"],
    [{ responses: [], cursor: 5 }, "cursor is not of the expected shape"]
  ])("is refused by the field's name: %j", (json, reason) => {
    isUnreadable(PublishResponse.decodeRetried(json), reason)
  })
})

describe("junk", () => {
  const item = FastCheck.oneof(
    FastCheck.dictionary(
      FastCheck.constantFrom("messageId", "url", "deduplicated", "error", "messages"),
      junkField
    ),
    junkField
  )
  const json = FastCheck.oneof(item, FastCheck.array(item, { maxLength: 3 }))

  it.prop(
    "is read or refused by a field's name",
    [json],
    ([given]) => {
      isQuiet(PublishResponse.decode, PublishResponse.encode)(given)
      const batch = PublishResponse.decodeBatch(given)
      if (Either.isLeft(batch))
        assertTrue(/ is (missing|not of the expected shape)$/.test(batch.left), batch.left)
    },
    { fastCheck: { numRuns: 500 }, timeout: 60_000 }
  )

  it.prop(
    "instead of a page is read or refused by a field's name",
    [FastCheck.dictionary(FastCheck.constantFrom("responses", "cursor"), FastCheck.oneof(json, junkField))],
    ([given]) => isQuiet(PublishResponse.decodeRetried, PublishResponse.encodeRetried)(given),
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )
})
