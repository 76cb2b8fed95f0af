import { Job, Jobs } from "@effect-qstash/jobs"
import { make, Worker } from "@effect-qstash/jobs/Worker"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual, throws } from "@effect/vitest/utils"
import { ConfigProvider, Effect, Either } from "effect"

const reasonOf = (options: Parameters<typeof make>[0]) =>
  Either.match(make(options), { onLeft: (e) => e.message, onRight: ({ url }) => url })

describe("the worker's options", () => {
  it.each([
    ["https://api.example.com/jobs", "https://api.example.com/jobs"],
    ["https://api.example.com/jobs/", "https://api.example.com/jobs"],
    ["https://api.example.com", "https://api.example.com"],
    ["HTTP://API.example.com:80/a%20b/", "http://api.example.com/a%20b"]
  ])("take %s", (url, expected) => {
    strictEqual(reasonOf({ url }), expected)
  })

  it.each([
    ["", "must be a URL that starts with http:// or https://"],
    ["api.example.com/jobs", "must be a URL that starts with http:// or https://"],
    ["ftp://api.example.com", "must be a URL that starts with http:// or https://"],
    ["https:///jobs", "must be a URL that starts with http:// or https://"],
    ["https://api.example.com/?a=1", "must have neither a query nor a fragment"],
    ["https://api.example.com/#a", "must have neither a query nor a fragment"]
  ])("reject the URL %s", (url, reason) => {
    strictEqual(reasonOf({ url }), `The worker's option url ${reason}`)
  })

  it("reject an environment that cannot be part of an id", () => {
    strictEqual(
      reasonOf({ url: "https://a.test", environment: "pre view" }),
      "The worker's option environment must consist of letters, digits, - and _"
    )
  })

  it.effect("come from the environment", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* Worker, {
        url: "https://a.test/jobs",
        environment: "preview",
        propagateTrace: true
      })
    }).pipe(
      Effect.provide(Jobs.layerConfig()),
      Effect.withConfigProvider(
        ConfigProvider.fromMap(
          new Map([
            ["JOBS_URL", "https://a.test/jobs/"],
            ["JOBS_ENVIRONMENT", "preview"]
          ])
        )
      )
    )
  )
})

describe("a job's declaration", () => {
  it.each(["", "a/b", "a b", ".", "..", "outcome", "ä"])("rejects the name %j", (name) => {
    throws(() => Job.make(name, { payload: {} }))
  })

  it("rejects a wrong cron, key or duration where it is written", () => {
    const job = Job.make("j", { payload: {} })
    throws(() => job.schedule({ cron: "61 * * * *", payload: {} }))
    throws(() => job.schedule({ key: "a/b", cron: "@daily", payload: {} }))
    throws(() => Job.retryAfter(Number.NaN))
    throws(() => Job.make("k", { payload: {}, skipIfOlderThan: -1 }))
  })
})
