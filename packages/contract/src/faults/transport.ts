import { type Fault, faultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashSchedules", "transport")
const dispatch = inFile("client/src/internal/dispatch.ts")
const client = inFile("client/src/UndiciHttpClient.ts")

/** In the client's transport on undici. */
export const faults: ReadonlyArray<Fault> = [
  dispatch("interruption-ignored", "an interrupted call leaves its request open", [
    "return Effect.sync(() => started.abort(aborted))",
    "return Effect.void"
  ]),
  dispatch("interrupted-body-read-on", "a call that is interrupted within the body leaves its request open", [
    "return Effect.sync(() => this.abort(aborted))",
    "return Effect.void"
  ]),
  dispatch("queued-request-sent", "a request that was given up before it had a connection is sent", [
    "if (this.body !== undefined) controller.abort(aborted)",
    ""
  ]),
  dispatch("no-timeout", "an attempt has no timeout", ["time <= longestTimer ?", "time < 0 ?"]),
  dispatch("long-timeout-at-once", "a timeout of more than 24 days fires at once", [
    "time <= longestTimer ?",
    "time <= Infinity ?"
  ]),
  dispatch("timeout-leaves-request", "a timeout leaves the request open", [
    "this.end(Either.left(cause))\n    this.controller?.abort(aborted)",
    "this.end(Either.left(cause))"
  ]),
  dispatch("timers-left", "the timer of a call that has ended stays", ["clearTimeout(this.timer)", ""]),
  dispatch("no-size-limit", "a response of any size is read", [
    "if (this.size > this.limit) this.abort(tooLarge)",
    "if (this.size < 0) this.abort(tooLarge)"
  ]),
  dispatch("gzip-unlimited", "a small response may become any size when it is decompressed", [
    "{ maxOutputLength: this.limit }",
    "{}"
  ]),
  dispatch("header-case", "the encoding of a body is looked up under a name in another case", [
    'this.headers["content-encoding"]',
    'this.headers["Content-Encoding"]'
  ]),
  dispatch("early-hints-are-the-response", "103 Early Hints counts as the response", [
    "if (status < 200) return",
    "if (status < 100) return"
  ]),
  dispatch("connections-not-reused", "each request closes its connection", [
    "bodyTimeout: 0",
    "bodyTimeout: 0,\n            reset: true"
  ]),
  dispatch("held-response-left-open", "a response that a transformClient holds back stays open", [
    "Effect.sync(() => exchange?.abort(aborted))",
    "Effect.void"
  ]),
  client("connections-outlive-layer", "the connections stay open after the layer", [
    "Effect.promise(() => agent.destroy())",
    "Effect.asVoid(Effect.succeed(agent))"
  ])
]
