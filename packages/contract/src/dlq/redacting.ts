import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { headerOf, settle, textOf } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { bury, lettersOf } from "../internal/sending.ts"

const redacted = (value: string): RedactedValue =>
  new RedactedValue({ sha256: createHash("sha256").update(value).digest("hex") })

const secret = {
  body: "swordfish",
  headers: { "X-Secret": "swordfish", "X-Open": "sesame" },
  redact: { body: true, headers: ["X-Secret"] }
}

export const redacting = chapter("redacting", ({ timed }) => {
  timed("a redacted dead letter reads back as hashes only", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { letter } = yield* bury(time, secret)
      for (const read of [letter, yield* dlq.get(letter.dlqId)]) {
        assertEquals<unknown>(read.body, redacted("swordfish"))
        assertEquals<unknown>(read.headers["X-Secret"]?.[0], redacted("swordfish"))
        deepStrictEqual(read.headers["X-Open"], ["sesame"])
      }
    })
  )

  timed("a redacted dead letter is retried with its original content and stays redacted", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { endpoint, letter } = yield* bury(time, secret)
      const { messageId } = yield* dlq.retry(letter.dlqId)
      yield* settle(time)
      const [, delivery] = yield* endpoint.deliveries
      strictEqual(delivery === undefined ? "" : textOf(delivery), "swordfish")
      strictEqual(delivery === undefined ? "" : headerOf(delivery, "X-Secret"), "swordfish")
      assertEquals<unknown>((yield* lettersOf(messageId))[0]?.body, redacted("swordfish"))
    })
  )
})
