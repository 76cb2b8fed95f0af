import {
  DlqId,
  QStashDlq,
  QStashLogs,
  type QStashServices,
  QStashResponseTooLarge,
  QStashUnavailable,
  QStashUnexpectedResponse
} from "@effect-qstash/domain"
import { HttpClientError } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Chunk, Deferred, Effect, Either, Fiber, Stream, TestClock } from "effect"
import { type RawRequest, rawServer, reply, transports } from "./rawServer.ts"
import { type Answer, json, letter, logEntry, over, type Sent, stub } from "./stub.ts"

interface Paged {
  /** Reads or does it all, and answers for each item something of its own. */
  readonly all: Effect.Effect<ReadonlyArray<string> | number, unknown, QStashServices>
  /** The JSON of a page with these items. */
  readonly page: (items: ReadonlyArray<string>, cursor?: string | null) => unknown
}

const paged: Readonly<Record<string, Paged>> = {
  "QStashDlq.stream": {
    all: Effect.flatMap(QStashDlq, (dlq) =>
      Effect.map(Stream.runCollect(dlq.stream()), (found) =>
        Chunk.toReadonlyArray(found).map(({ dlqId }) => dlqId)
      )
    ),
    page: (items, cursor) => ({ messages: items.map((dlqId) => ({ ...letter, dlqId })), cursor })
  },
  "QStashLogs.stream": {
    all: Effect.flatMap(QStashLogs, (logs) =>
      Effect.map(Stream.runCollect(logs.stream()), (found) =>
        Chunk.toReadonlyArray(found).map(({ messageId }) => messageId)
      )
    ),
    page: (items, cursor) => ({ events: items.map((messageId) => ({ ...logEntry, messageId })), cursor })
  },
  "QStashDlq.deleteMany": {
    all: Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany({ all: true })),
    page: (items, cursor) => ({ deleted: items.length, cursor })
  }
}

const cursorsOf = (sent: ReadonlyArray<Sent>) => sent.map(({ url }) => url.searchParams.get("cursor"))

/** A transport that gives these pages in turn. */
const pages = (...answers: ReadonlyArray<unknown>) =>
  stub((_, index) => Effect.sync(() => json(answers[index] ?? "no such page")))

/** A list of so many items, of which a response may hold `fitting`. A call without a count asks for 100. */
const listing = (length: number, fitting: number, page: (typeof paged)[string]["page"]) =>
  stub(({ url }) =>
    Effect.sync(() => {
      const begin = Number(url.searchParams.get("cursor") ?? 0)
      const end = Math.min(begin + Number(url.searchParams.get("count") ?? 100), length)
      const ids = Array.from({ length: end - begin }, (_, index) => `${begin + index}`)
      const padding = ids.length > fitting ? " ".repeat(100_000) : ""
      return new Response(JSON.stringify(page(ids, end === length ? undefined : `${end}`)) + padding)
    })
  )

for (const name of ["QStashDlq.stream", "QStashLogs.stream"]) {
  describe(`${name}, where a page is larger than the client reads`, () => {
    const { all, page } = paged[name] ?? { all: Effect.succeed([]), page: () => ({}) }
    const counts = (sent: ReadonlyArray<Sent>) => sent.map(({ url }) => url.searchParams.get("count"))

    it.effect("asks for half as many until a page fits, and for no more after that", () =>
      Effect.gen(function* () {
        const transport = listing(40, 15, page)
        deepStrictEqual(
          yield* all.pipe(over(transport, { maxResponseBytes: 99_000 })),
          Array.from({ length: 40 }, (_, index) => `${index}`)
        )
        deepStrictEqual(counts(transport.sent), [null, "50", "25", "12", "12", "12", "12"])
      })
    )

    it.effect("fails where one item alone is too large, and says so", () =>
      Effect.gen(function* () {
        const transport = listing(40, 0, page)
        const failure = yield* Effect.flip(all.pipe(over(transport, { maxResponseBytes: 99_000 })))
        assertInstanceOf(failure, QStashResponseTooLarge)
        strictEqual(failure.limit, 99_000)
        deepStrictEqual(counts(transport.sent), [null, "50", "25", "12", "6", "3", "1"])
      })
    )
  })
}

for (const [name, { all, page }] of Object.entries(paged)) {
  describe(name, () => {
    const expected = (...items: ReadonlyArray<string>) =>
      name === "QStashDlq.deleteMany" ? items.length : items

    it.effect("goes on from cursor to cursor until there is none", () =>
      Effect.gen(function* () {
        for (const last of [undefined, null, ""]) {
          const transport = pages(
            page(["a", "b"], "1 &2"),
            // A page may hold nothing although another one follows.
            page([], "9007199254740993-0"),
            page(["c"], last)
          )
          deepStrictEqual(yield* all.pipe(over(transport)), expected("a", "b", "c"))
          deepStrictEqual(cursorsOf(transport.sent), [null, "1 &2", "9007199254740993-0"])
        }
      })
    )

    it.effect("is one call where there is nothing", () =>
      Effect.gen(function* () {
        const transport = pages(page([]))
        deepStrictEqual(yield* all.pipe(over(transport)), expected())
        strictEqual(transport.sent.length, 1)
      })
    )

    it.effect("refuses to go round in a circle", () =>
      Effect.gen(function* () {
        for (const circle of [
          ["1", "1"],
          ["1", "2", "1"],
          ["1", "2", "3", "2"]
        ]) {
          const transport = pages(...circle.map((cursor) => page(["a"], cursor)))
          const failure = yield* Effect.flip(all.pipe(over(transport)))
          assertInstanceOf(failure, QStashUnexpectedResponse)
          strictEqual(failure.status, 200)
          strictEqual(transport.sent.length, circle.length)
        }
      })
    )

    it.effect("keeps the filters on every page", () =>
      Effect.gen(function* () {
        const filter = { label: "x", url: "https://x.y/?a" } as const
        const filtered: Readonly<Record<string, Effect.Effect<unknown, unknown, QStashServices>>> = {
          "QStashDlq.stream": Effect.flatMap(QStashDlq, (dlq) => Stream.runDrain(dlq.stream(filter))),
          "QStashLogs.stream": Effect.flatMap(QStashLogs, (logs) => Stream.runDrain(logs.stream(filter))),
          "QStashDlq.deleteMany": Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany(filter))
        }
        const transport = pages(page(["a"], "1"), page(["b"]))
        yield* over(transport)(filtered[name] ?? Effect.void)
        deepStrictEqual(
          transport.sent.map(({ url }) => url.searchParams.toString()),
          ["label=x&url=https%3A%2F%2Fx.y%2F%3Fa", "label=x&url=https%3A%2F%2Fx.y%2F%3Fa&cursor=1"]
        )
      })
    )

    it.effect("ends with the error of a page", () =>
      Effect.gen(function* () {
        const transport = stub((_, index) =>
          Effect.sync(() => (index === 0 ? json(page(["a"], "1")) : json({ error: "no" }, { status: 503 })))
        )
        const failure = yield* Effect.flip(all.pipe(over(transport, { retryBudget: 0 })))
        assertInstanceOf(failure, QStashUnavailable)
        deepStrictEqual(cursorsOf(transport.sent), [null, "1"])
      })
    )
  })
}

describe("a page that failed", () => {
  const lossy =
    (page: Paged["page"]): Answer =>
    (sent, index) =>
      index === 1
        ? Effect.fail(new HttpClientError.RequestError({ request: sent.request, reason: "Transport" }))
        : Effect.sync(() => json(index === 0 ? page(["a"], "1") : page(["b"])))

  it.effect("is asked for again, from the same cursor, and none before it", () =>
    Effect.gen(function* () {
      for (const name of ["QStashDlq.stream", "QStashLogs.stream", "QStashDlq.deleteMany"]) {
        const { all, page } = paged[name] ?? { all: Effect.void, page: () => undefined }
        const transport = stub(lossy(page))
        const fiber = yield* Effect.fork(Effect.either(over(transport)<unknown, unknown>(all)))
        yield* TestClock.adjust("10 seconds")
        assertTrue(Either.isRight(yield* Fiber.join(fiber)))
        deepStrictEqual(cursorsOf(transport.sent), [null, "1", "1"])
      }
    })
  )

  it.effect("of a retry is not, since its messages may be on their way", () =>
    Effect.gen(function* () {
      const transport = stub((sent) =>
        sent.url.pathname === "/v2/dlq"
          ? Effect.sync(() => json({ messages: [letter] }))
          : Effect.fail(new HttpClientError.RequestError({ request: sent.request, reason: "Transport" }))
      )
      const retryAll = Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ all: true }))
      const fiber = yield* Effect.fork(Effect.flip(retryAll.pipe(over(transport))))
      yield* TestClock.adjust("10 seconds")
      assertInstanceOf(yield* Fiber.join(fiber), QStashUnavailable)
      strictEqual(transport.sent.length, 2)
    })
  )
})

describe("retryMany", () => {
  const idsOf = ({ url }: Sent) => url.searchParams.getAll("dlqIds")

  it.effect("retries what is there when it begins, by id and a hundred at a time, and no more", () =>
    Effect.gen(function* () {
      const filter = { label: "x" } as const
      const there = Array.from({ length: 150 }, (_, index) => `${index}-0`)
      const transport = stub((sent, index) =>
        Effect.sync(() => {
          if (sent.url.pathname !== "/v2/dlq") {
            return json({ responses: idsOf(sent).map((id) => ({ messageId: `msg_${id}` })) }, { status: 201 })
          }
          const messages = there.slice(index * 100, index * 100 + 100).map((dlqId) => ({ ...letter, dlqId }))
          return json(index === 0 ? { messages, cursor: "1" } : { messages })
        })
      )
      const published = yield* Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany(filter)).pipe(over(transport))
      deepStrictEqual(
        published.map(({ messageId }) => String(messageId)),
        there.map((id) => `msg_${id}`)
      )
      deepStrictEqual(
        transport.sent.slice(0, 2).map(({ url }) => url.search),
        ["?label=x", "?label=x&cursor=1"]
      )
      deepStrictEqual(transport.sent.slice(2).map(idsOf), [there.slice(0, 100), there.slice(100)])
    })
  )

  it.effect("is one call where there is nothing", () =>
    Effect.gen(function* () {
      const transport = pages({ messages: [] })
      deepStrictEqual(
        yield* Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ all: true })).pipe(over(transport)),
        []
      )
      strictEqual(transport.sent.length, 1)
    })
  )
})

describe("list", () => {
  it.effect("gives one page and its cursor, and begins where it is told to", () =>
    Effect.gen(function* () {
      const transport = pages({ messages: [letter], cursor: "2" }, { messages: [] })
      const { first, second } = yield* Effect.gen(function* () {
        const dlq = yield* QStashDlq
        const one = yield* dlq.list({ count: 1 })
        return { first: one, second: yield* dlq.list({ cursor: one.cursor }) }
      }).pipe(over(transport))
      strictEqual(first.cursor, "2")
      deepStrictEqual(second, { items: [] })
      deepStrictEqual(
        transport.sent.map(({ url }) => url.search),
        ["?count=1", "?cursor=2"]
      )
    })
  )

  it.effect("refuses the cursor that it was given as that of the next page", () =>
    Effect.gen(function* () {
      for (const call of [
        Effect.flatMap(QStashDlq, (dlq) => dlq.list({ cursor: "1" })),
        Effect.flatMap(QStashLogs, (logs) => logs.list({ cursor: "1" }))
      ] as const) {
        const transport = stub(() => Effect.sync(() => json({ messages: [], events: [], cursor: "1" })))
        const failure = yield* Effect.flip(over(transport)<unknown, unknown>(call))
        assertInstanceOf(failure, QStashUnexpectedResponse)
      }
    })
  )
})

describe("ids", () => {
  /** One more than a call takes. */
  const dlqIds = [
    DlqId.make("0-0"),
    ...Array.from({ length: 100 }, (_, index) => DlqId.make(`${index + 1}-0`))
  ] as const

  it.effect("that are spread over several calls are each followed to their last page", () =>
    Effect.gen(function* () {
      const transport = pages({ deleted: 60, cursor: "1" }, { deleted: 40 }, { deleted: 1, cursor: "" })
      strictEqual(
        yield* Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany({ dlqIds })).pipe(over(transport)),
        101
      )
      deepStrictEqual(cursorsOf(transport.sent), [null, "1", null])
      // The cursor of one list of ids may come up again in the next one.
      const again = pages(
        { deleted: 1, cursor: "1" },
        { deleted: 1 },
        { deleted: 1, cursor: "1" },
        { deleted: 1 }
      )
      strictEqual(yield* Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany({ dlqIds })).pipe(over(again)), 4)
    })
  )

  it.effect("of which some are gone give what was published of the others", () =>
    Effect.gen(function* () {
      const transport = stub((_, index) =>
        Effect.sync(() =>
          index === 0
            ? json({ error: "not found" }, { status: 404 })
            : json({ responses: [{ messageId: "msg_2" }] }, { status: 201 })
        )
      )
      const published = yield* Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ dlqIds })).pipe(
        over(transport)
      )
      deepStrictEqual(
        published.map(({ messageId }) => String(messageId)),
        ["msg_2"]
      )
    })
  )
})

describe("streams", () => {
  it.effect("ask for a page only when it is wanted", () =>
    Effect.gen(function* () {
      const { page } = paged["QStashLogs.stream"] ?? { page: () => undefined }
      const transport = stub((_, index) => Effect.sync(() => json(page(["a", "b"], `${index}`))))
      const taken = yield* Effect.flatMap(QStashLogs, (logs) =>
        Stream.runCollect(Stream.take(logs.stream(), 3))
      ).pipe(over(transport))
      strictEqual(Chunk.size(taken), 3)
      strictEqual(transport.sent.length, 2)
    })
  )

  it.effect("begin anew each time they are run", () =>
    Effect.gen(function* () {
      const transport = stub(({ url }) =>
        Effect.sync(() =>
          json({ messages: [letter], ...(url.searchParams.has("cursor") ? {} : { cursor: "1" }) })
        )
      )
      const sizes = yield* Effect.flatMap(QStashDlq, (dlq) => {
        const all = Effect.map(Stream.runCollect(dlq.stream()), Chunk.size)
        return Effect.all([all, all])
      }).pipe(over(transport))
      deepStrictEqual(sizes, [2, 2])
      deepStrictEqual(cursorsOf(transport.sent), [null, "1", null, "1"])
    })
  )

  it.scopedLive.each(Object.entries(transports))(
    "that are interrupted in the middle close the connection of their page, over %s",
    ([, overSockets]) =>
      Effect.gen(function* () {
        for (const call of [
          Effect.flatMap(QStashDlq, (dlq) => Stream.runDrain(dlq.stream())),
          Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany({ all: true }))
        ] as const) {
          const reached = yield* Deferred.make<RawRequest>()
          const server = yield* rawServer((request, index) => {
            if (index === 0) {
              request.socket.write(
                reply(200, JSON.stringify({ messages: [letter], deleted: 1, cursor: "1" }))
              )
            } else Deferred.unsafeDone(reached, Effect.succeed(request))
          })
          const fiber = yield* Effect.fork(overSockets(server)<unknown, unknown>(call))
          const request = yield* Deferred.await(reached)
          assertTrue(request.target.endsWith("?cursor=1"))
          yield* Fiber.interrupt(fiber)
          yield* request.closed
          strictEqual(server.requests.length, 2)
        }
      })
  )
})
