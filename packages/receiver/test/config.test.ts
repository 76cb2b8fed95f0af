import { QStashReceiver, QStashReceiverMisconfigured, SignatureWrongSubject } from "@effect-qstash/receiver"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertInclude, assertInstanceOf, assertTrue } from "@effect/vitest/utils"
import { Config, ConfigError, ConfigProvider, Effect, Redacted } from "effect"
import { at, homes } from "./homes.ts"
import { currentKey, delivery, nextKey } from "./token.ts"

const environment = (values: Record<string, string>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(values))))

const both = { QSTASH_CURRENT_SIGNING_KEY: currentKey, QSTASH_NEXT_SIGNING_KEY: nextKey }

const program = Effect.gen(function* () {
  yield* at(1)
  const receiver = yield* QStashReceiver.QStashReceiver
  return yield* receiver.verify(delivery())
})

for (const [name, home] of homes) {
  describe(`layerConfig on ${name}`, () => {
    it.effect("reads both keys from QStash's own variables", () =>
      program.pipe(Effect.provide(home.layerConfig()), environment(both))
    )

    it.effect("reads the same in the form of Config.Wrap", () => {
      const options: Config.Config.Wrap<
        Pick<QStashReceiver.Options, "currentSigningKey" | "nextSigningKey">
      > = {
        currentSigningKey: Config.redacted("CURRENT"),
        nextSigningKey: Config.redacted("NEXT")
      }
      assertTrue(!Config.isConfig(options))
      return program.pipe(
        Effect.provide(home.layerConfig(options)),
        environment({ CURRENT: currentKey, NEXT: nextKey })
      )
    })

    it.effect("keeps the keys' variables beside other options", () =>
      Effect.gen(function* () {
        const layer = home.layerConfig({
          subject: Config.map(Config.string("PUBLIC_URL"), (publicUrl) => ({ publicUrl })),
          clockTolerance: Config.duration("TOLERANCE")
        })
        const given = { ...both, PUBLIC_URL: "https://elsewhere.example.com", TOLERANCE: "5 seconds" }
        const error = yield* program.pipe(Effect.provide(layer), environment(given), Effect.flip)
        assertInstanceOf(error, SignatureWrongSubject)
      })
    )

    it.effect("names a variable that is missing and an option that is empty", () =>
      Effect.gen(function* () {
        const missing = yield* program.pipe(
          Effect.provide(home.layerConfig()),
          environment({ QSTASH_CURRENT_SIGNING_KEY: currentKey }),
          Effect.flip
        )
        assertTrue(ConfigError.isConfigError(missing))
        assertInclude(JSON.stringify(missing), "QSTASH_NEXT_SIGNING_KEY")
        assertEquals(
          yield* program.pipe(
            Effect.provide(home.layerConfig()),
            environment({ ...both, QSTASH_NEXT_SIGNING_KEY: "" }),
            Effect.flip
          ),
          new QStashReceiverMisconfigured({
            option: "nextSigningKey",
            reason: "is empty, so anyone could sign"
          })
        )
      })
    )

    it.effect("fails with a typed error for a tolerance of a day", () =>
      Effect.gen(function* () {
        const layer = home.layerConfig({ clockTolerance: Config.duration("TOLERANCE") })
        assertEquals(
          yield* program.pipe(
            Effect.provide(layer),
            environment({ ...both, TOLERANCE: "1 day" }),
            Effect.flip
          ),
          new QStashReceiverMisconfigured({
            option: "clockTolerance",
            reason: "is not a time span from 0 to 5 minutes"
          })
        )
      })
    )

    it.effect("takes an option that is undefined for one that is left out", () =>
      program.pipe(
        Effect.provide(
          home.layerConfig({
            currentSigningKey: undefined,
            subject: undefined,
            clockTolerance: undefined,
            maxBodyBytes: undefined
          })
        ),
        environment(both)
      )
    )

    it.effect("refuses a key with something around it, and does not show it", () =>
      Effect.gen(function* () {
        for (const [key, reason] of [
          [`"${currentKey}"`, "is in quotes, which are not part of a key"],
          [`'${currentKey}'`, "is in quotes, which are not part of a key"],
          [`${currentKey}\n`, "contains whitespace or another character that is not allowed in a key"],
          [` ${currentKey}`, "contains whitespace or another character that is not allowed in a key"],
          ["ключ", "contains whitespace or another character that is not allowed in a key"]
        ] as const) {
          for (const option of ["currentSigningKey", "nextSigningKey"] as const) {
            const keys = {
              currentSigningKey: Redacted.make(currentKey),
              nextSigningKey: Redacted.make(nextKey)
            }
            assertEquals(
              yield* Effect.flip(home.make({ ...keys, [option]: Redacted.make(key) })),
              new QStashReceiverMisconfigured({ option, reason })
            )
          }
        }
      })
    )

    it.effect("takes the keys as values", () =>
      program.pipe(
        Effect.provide(
          home.layer({ currentSigningKey: Redacted.make(currentKey), nextSigningKey: Redacted.make(nextKey) })
        )
      )
    )
  })
}
