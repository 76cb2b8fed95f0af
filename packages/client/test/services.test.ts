import {
  QStashDlqClient,
  QStashFlowControlClient,
  QStashLogsClient,
  QStashMessagesClient,
  QStashQueuesClient,
  QStashSchedulesClient,
  QStashSigningKeysClient,
  QStashUrlGroupsClient
} from "@effect-qstash/client"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { ConfigProvider, Effect, Layer } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { calls, methods } from "./calls.ts"
import { fine, stub, token } from "./stub.ts"

const options = { token }

const layers = Layer.mergeAll(
  QStashSchedulesClient.layer(options),
  QStashMessagesClient.layer(options),
  QStashQueuesClient.layer(options),
  QStashUrlGroupsClient.layer(options),
  QStashDlqClient.layer(options),
  QStashFlowControlClient.layer(options),
  QStashLogsClient.layer(options),
  QStashSigningKeysClient.layer(options)
)

const configured = Layer.mergeAll(
  QStashSchedulesClient.layerConfig(),
  QStashMessagesClient.layerConfig(),
  QStashQueuesClient.layerConfig(),
  QStashUrlGroupsClient.layerConfig(),
  QStashDlqClient.layerConfig(),
  QStashFlowControlClient.layerConfig(),
  QStashLogsClient.layerConfig(),
  QStashSigningKeysClient.layerConfig()
)

describe("a layer of one service", () => {
  it.effect("has every method of its service", () =>
    Effect.gen(function* () {
      const transport = stub((sent) => Effect.succeed(fine(sent)))
      for (const method of methods) {
        yield* calls[method].pipe(Effect.provide(layers.pipe(Layer.provide(transport.layer))))
      }
      assertTrue(transport.sent.length >= methods.length)
      strictEqual(transport.sent[0]?.headers["authorization"], "Bearer token-of-the-account")
    })
  )

  it.effect("reads the configuration", () =>
    Effect.gen(function* () {
      const transport = stub((sent) => Effect.succeed(fine(sent)))
      const variables = new Map([
        ["QSTASH_TOKEN", "plain-token"],
        ["QSTASH_URL", "https://plain.example"]
      ])
      for (const method of methods) {
        yield* calls[method].pipe(
          Effect.provide(configured.pipe(Layer.provide(transport.layer))),
          Effect.withConfigProvider(ConfigProvider.fromMap(variables))
        )
      }
      for (const { headers, url } of transport.sent) {
        strictEqual(headers["authorization"], "Bearer plain-token")
        strictEqual(url.origin, "https://plain.example")
      }
    })
  )
})

/** The modules of the client that a module loads, as paths from `src`. */
const loadedBy = (module: string, seen: Set<string> = new Set()): ReadonlySet<string> => {
  if (seen.has(module)) return seen
  seen.add(module)
  const source = new URL("../src/", import.meta.url)
  const code = readFileSync(fileURLToPath(new URL(module, source)), "utf8")
  for (const [, isType, specifier = ""] of code.matchAll(/^import (type )?[^"]*"(\.[^"]+)"/gm)) {
    const next = new URL(specifier, new URL(module, source)).href.slice(source.href.length)
    if (isType === undefined) loadedBy(next, seen)
  }
  return seen
}

const modules = readdirSync(new URL("../src/", import.meta.url)).filter((file) =>
  /^QStash\w+Client\.ts$/.test(file)
)

describe("the module of one service", () => {
  it("is there for every service", () => {
    strictEqual(modules.length, 8)
  })

  it.each(modules)("%s loads no other service", (module) => {
    const services = [...loadedBy(module)].filter((file) => file.startsWith("internal/services/"))
    const own = module.replace(
      /^QStash(.)(.*)Client\.ts$/,
      (_, first: string, rest: string) => `internal/services/${first.toLowerCase()}${rest}.ts`
    )
    deepStrictEqual(services, [own])
  })
})
