import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { create, fireOne, get, headerOf, only, plain } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"

const redacted = (value: string | Uint8Array): RedactedValue =>
  new RedactedValue({ sha256: createHash("sha256").update(value).digest("hex") })

const headers = { "X-Secret": "swordfish", "X-Open": "sesame" }

export const redacting = chapter("redacting", ({ law, timed }) => {
  law("a redacted body reads back as its hash only", () =>
    Effect.gen(function* () {
      const bytes = Uint8Array.of(0, 0xff, 0xfe)
      for (const body of ["swordfish", bytes]) {
        const schedule = yield* Effect.flatMap(create({ body, headers, redact: { body: true } }), get)
        assertEquals<unknown>(schedule.body, redacted(body))
        deepStrictEqual(schedule.headers["X-Secret"], ["swordfish"])
      }
    })
  )

  law("redacted headers read back as hashes of their values", () =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(
        create({ body: "open", headers, redact: { headers: true } }),
        get
      )
      assertEquals<unknown>(schedule.headers["X-Secret"]?.[0], redacted("swordfish"))
      assertEquals<unknown>(schedule.headers["X-Open"]?.[0], redacted("sesame"))
      strictEqual(schedule.body, "open")
    })
  )

  law("redacting one header by name, in any case, leaves the others readable", () =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(create({ headers, redact: { headers: ["x-SECRET"] } }), get)
      assertEquals<unknown>(schedule.headers["X-Secret"]?.[0], redacted("swordfish"))
      deepStrictEqual(schedule.headers["X-Open"], ["sesame"])
    })
  )

  law("the list redacts like get", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create({ body: "swordfish", headers, redact: { body: true, headers: true } })
      const all = yield* schedules.list
      const listed = only(all.filter((schedule) => schedule.scheduleId === scheduleId))
      deepStrictEqual(plain(listed), plain(yield* get(scheduleId)))
      strictEqual(JSON.stringify(listed).includes("swordfish"), false)
    })
  )

  timed("a redacted schedule delivers its original content", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* fireOne(time, {
        destination: endpoint.url,
        body: "swordfish",
        headers,
        redact: { body: true, headers: true }
      })
      const delivery = only(yield* endpoint.deliveries)
      strictEqual(new TextDecoder().decode(delivery.body), "swordfish")
      strictEqual(headerOf(delivery, "X-Secret"), "swordfish")
      strictEqual(headerOf(delivery, "X-Open"), "sesame")
    })
  )
})
