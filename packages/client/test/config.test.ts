import { QStashClient, QStashClientMisconfigured } from "@effect-qstash/client"
import { describe, it } from "@effect/vitest"
import { assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Cause, Config, ConfigProvider, Effect, Exit, FastCheck as fc, Layer, Logger, Redacted } from "effect"
import { calls, methods } from "./calls.ts"
import { fine, stub, token } from "./stub.ts"

const working = () => stub((sent) => Effect.succeed(fine(sent)))

/** Where a client that is built so sends its token. */
const home = (variables: Readonly<Record<string, string>>, options?: QStashClient.ConfigOptions) =>
  Effect.gen(function* () {
    const transport = working()
    const warnings: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      warnings.push(`${logLevel.label} ${String(message)}`)
    })
    yield* calls["QStashSchedules.list"].pipe(
      Effect.provide(QStashClient.layerConfig(options).pipe(Layer.provide(transport.layer))),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables)))),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
    const [sent] = transport.sent
    return { url: sent?.url.origin, token: sent?.headers["authorization"]?.slice("Bearer ".length), warnings }
  })

/** How an application would print why its layer could not be built. */
const refusal = (...given: Parameters<typeof home>) =>
  Effect.map(Effect.flip(Effect.sandbox(home(...given))), (cause) => Cause.pretty(cause))

const us = { US_EAST_1_QSTASH_URL: "https://us.example", US_EAST_1_QSTASH_TOKEN: "us-token" }
const eu = { EU_CENTRAL_1_QSTASH_URL: "https://eu.example", EU_CENTRAL_1_QSTASH_TOKEN: "eu-token" }
const plain = { QSTASH_URL: "https://plain.example", QSTASH_TOKEN: "plain-token" }

describe("layerConfig", () => {
  const cases: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, string, string]> = [
    ["the token alone", { QSTASH_TOKEN: "plain-token" }, "https://qstash.upstash.io", "plain-token"],
    ["an empty URL", { ...plain, QSTASH_URL: " " }, "https://qstash.upstash.io", "plain-token"],
    ["the plain variables", { ...plain, ...us, ...eu }, "https://plain.example", "plain-token"],
    [
      "a slash too many",
      { ...plain, QSTASH_URL: "http://localhost:8080//" },
      "http://localhost:8080",
      "plain-token"
    ],
    ["an empty region", { ...plain, ...us, QSTASH_REGION: "" }, "https://plain.example", "plain-token"],
    ["US_EAST_1", { ...plain, ...us, ...eu, QSTASH_REGION: "US_EAST_1" }, "https://us.example", "us-token"],
    ["us-east-1", { ...plain, ...us, ...eu, QSTASH_REGION: "us-east-1" }, "https://us.example", "us-token"],
    ["eu-central-1 alone", { ...eu, QSTASH_REGION: "eu-central-1" }, "https://eu.example", "eu-token"]
  ]
  for (const [what, variables, url, text] of cases) {
    it.effect(`reads ${what}`, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* home(variables), { url, token: text, warnings: [] })
      })
    )
  }

  it.effect("passes over an unknown region and half a pair, with a warning", () =>
    Effect.gen(function* () {
      for (const variables of [
        { ...plain, ...us, QSTASH_REGION: "MARS" },
        { ...plain, ...us, QSTASH_REGION: "EU_CENTRAL_1" },
        { ...plain, US_EAST_1_QSTASH_URL: us.US_EAST_1_QSTASH_URL, QSTASH_REGION: "US_EAST_1" },
        { ...plain, ...us, US_EAST_1_QSTASH_TOKEN: "", QSTASH_REGION: "US_EAST_1" }
      ]) {
        const { warnings, ...found } = yield* home(variables)
        deepStrictEqual(found, { url: "https://plain.example", token: "plain-token" })
        strictEqual(warnings.length, 1)
        assertTrue(warnings[0]?.startsWith("WARN "))
      }
    })
  )

  it.effect("warns of plain http to another machine too", () =>
    Effect.gen(function* () {
      const { warnings } = yield* home({ ...plain, QSTASH_URL: "http://plain.example" })
      strictEqual(warnings.length, 1)
      assertTrue(warnings[0]?.startsWith("WARN The token is sent to http://plain.example unencrypted."))
    })
  )

  it.effect("puts an option that is given before every variable", () =>
    Effect.gen(function* () {
      const given = { token: Config.redacted("MY_TOKEN"), url: Config.string("MY_URL") }
      const variables = {
        ...plain,
        ...us,
        QSTASH_REGION: "US_EAST_1",
        MY_TOKEN: "my-token",
        MY_URL: "https://my.example"
      }
      deepStrictEqual(yield* home(variables, given), {
        url: "https://my.example",
        token: "my-token",
        warnings: []
      })
      deepStrictEqual(yield* home(variables, { token: given.token }), {
        url: "https://us.example",
        token: "my-token",
        warnings: []
      })
      deepStrictEqual(yield* home(plain, { url: Config.succeed(new URL("https://my.example")) }), {
        url: "https://my.example",
        token: "plain-token",
        warnings: []
      })
    })
  )

  const refused: ReadonlyArray<
    readonly [Readonly<Record<string, string>>, string, QStashClient.ConfigOptions?]
  > = [
    [{}, "QSTASH_TOKEN"],
    [{ QSTASH_TOKEN: "" }, "QSTASH_TOKEN"],
    [{ QSTASH_TOKEN: "a b" }, "QSTASH_TOKEN"],
    [{ ...plain, QSTASH_URL: "localhost:8080" }, "QSTASH_URL"],
    [{ ...plain, QSTASH_URL: "https://qstash.upstash.io/v2/publish" }, "QSTASH_URL"],
    [
      { ...eu, EU_CENTRAL_1_QSTASH_URL: "nonsense", QSTASH_REGION: "EU_CENTRAL_1" },
      "EU_CENTRAL_1_QSTASH_URL"
    ],
    [{ ...plain, LIMIT: "0" }, "LIMIT", { maxResponseBytes: Config.integer("LIMIT") }],
    [{ ...plain, WAIT: "0 millis" }, "WAIT", { requestTimeout: Config.duration("WAIT") }]
  ]
  for (const [variables, name, options] of refused) {
    it.effect(`refuses ${JSON.stringify(variables)} by the variable's name`, () =>
      Effect.gen(function* () {
        assertTrue((yield* refusal(variables, options)).includes(`data at ${name}: `))
      })
    )
  }

  it.effect("names the option where the variable is not known", () =>
    Effect.gen(function* () {
      const text = yield* refusal({ MINE: "a b" }, { token: Config.redacted("MINE") })
      assertTrue(text.includes("token contains whitespace"))
    })
  )

  it.effect("tells of all that is wrong at once", () =>
    Effect.gen(function* () {
      const text = yield* refusal({ QSTASH_URL: "nonsense" })
      assertTrue(text.includes("QSTASH_TOKEN") && text.includes("QSTASH_URL"))
    })
  )
})

describe("layer", () => {
  const build = (options: Partial<QStashClient.Options>) =>
    Effect.scoped(
      Layer.build(QStashClient.layer({ token, ...options }).pipe(Layer.provide(working().layer)))
    ).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))

  const refused: ReadonlyArray<readonly [Partial<QStashClient.Options>, string, RegExp]> = [
    [{ token: Redacted.make("") }, "token", /empty/],
    // @ts-expect-error what JavaScript makes of a variable that is not set
    [{ token: Redacted.make(undefined) }, "token", /empty/],
    [{ token: Redacted.make("a\n") }, "token", /whitespace/],
    [{ token: Redacted.make("Bearer a") }, "token", /whitespace/],
    [{ token: Redacted.make("ä") }, "token", /character/],
    [{ token: Redacted.make("'a'") }, "token", /quotes/],
    [{ token: Redacted.make('"a b"') }, "token", /quotes/],
    [{ url: "" }, "url", /not a URL/],
    [{ url: "qstash.upstash.io" }, "url", /not a URL/],
    [{ url: "localhost:8080" }, "url", /neither http nor https/],
    [{ url: "ftp://x.y" }, "url", /neither http nor https/],
    [{ url: "https://a:b@x.y" }, "url", /credentials/],
    [{ url: "https://:b@x.y" }, "url", /credentials/],
    [{ url: "https://x.y/?a" }, "url", /query/],
    [{ url: "https://x.y/#a" }, "url", /fragment/],
    [{ url: "https://x.y/proxy" }, "url", /path/],
    [{ url: "https://qstash.upstash.io/v2/publish" }, "url", /\/v2\/publish; leave the path out/],
    [{ url: "https://qstash.upstash.io/v2/" }, "url", /leave the path out/],
    [{ requestTimeout: 0 }, "requestTimeout", /duration/],
    // @ts-expect-error no duration
    [{ requestTimeout: "soon" }, "requestTimeout", /duration/],
    [{ maxResponseBytes: 0 }, "maxResponseBytes", /bytes/],
    [{ maxResponseBytes: 1.5 }, "maxResponseBytes", /bytes/],
    [{ maxResponseBytes: Number.NaN }, "maxResponseBytes", /bytes/]
  ]
  for (const [index, [options, option, reason]] of refused.entries()) {
    it.effect(`refuses a wrong ${option} when it is built (${index})`, () =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(build(options))
        assertInstanceOf(failure, QStashClientMisconfigured)
        strictEqual(failure.option, option)
        assertTrue(reason.test(failure.message))
      })
    )
  }

  it.effect("warns once that the token goes to another machine over plain http", () =>
    Effect.gen(function* () {
      const warningsOf = (url: string) =>
        Effect.gen(function* () {
          const warnings: Array<string> = []
          const logger = Logger.make(({ logLevel, message }) => {
            warnings.push(`${logLevel.label} ${String(message)}`)
          })
          const layer = QStashClient.layer({ token, url }).pipe(Layer.provide(working().layer))
          yield* Effect.all([calls["QStashSchedules.list"], calls["QStashQueues.list"]]).pipe(
            Effect.provide(Layer.provideMerge(layer, Logger.replace(Logger.defaultLogger, logger)))
          )
          return warnings
        })
      for (const url of [
        "http://qstash:8080",
        "http://192.168.1.2",
        "http://127.example",
        "http://[fd00::1]"
      ]) {
        deepStrictEqual(yield* warningsOf(`${url}/`), [
          `WARN The token is sent to ${url} unencrypted. Use https, unless nobody else can read this network.`
        ])
      }
      for (const url of [
        "https://qstash.example.com",
        "http://localhost:8080",
        "http://LOCALHOST",
        "http://127.0.0.1:8080",
        "http://127.1.2.3",
        "http://[::1]:8080",
        "http://0.0.0.0:8080",
        "http://[::]:8080"
      ]) {
        deepStrictEqual(yield* warningsOf(url), [], url)
      }
    })
  )

  it.effect.prop(
    "takes any URL that is an origin, and no other",
    {
      url: fc.oneof(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        fc.webAuthority().map((host) => `http://${host}/`),
        fc.string()
      )
    },
    ({ url }) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(build({ url }))
        if (Exit.isFailure(exit)) {
          assertInstanceOf(yield* Effect.flip(exit), QStashClientMisconfigured)
        } else {
          const { hash, password, pathname, search, username } = new URL(url)
          strictEqual(`${username}${password}${pathname.replace(/^\/+/, "")}${search}${hash}`, "")
        }
      })
  )

  it.effect("gives all services, which keep what it was built with", () =>
    Effect.gen(function* () {
      const transport = working()
      const context = yield* QStashClient.make({ token, url: new URL("http://127.0.0.1:8080") }).pipe(
        Effect.provide(transport.layer)
      )
      for (const method of methods) yield* Effect.provide(calls[method], context)
      strictEqual(transport.sent.length, methods.length)
      assertTrue(transport.sent.every(({ url }) => url.origin === "http://127.0.0.1:8080"))
    })
  )
})
