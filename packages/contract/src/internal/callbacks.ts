import * as Schema from "effect/Schema"
import type { Delivery } from "../Harness.ts"
import { textOf } from "./given.ts"

const Headers = Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) })

const Body = Schema.parseJson(
  Schema.Struct({
    status: Schema.Number,
    header: Headers,
    body: Schema.String,
    retried: Schema.Number,
    maxRetries: Schema.Number,
    sourceMessageId: Schema.String,
    url: Schema.String,
    method: Schema.String,
    sourceHeader: Headers,
    sourceBody: Schema.String,
    notBefore: Schema.Number,
    createdAt: Schema.Number,
    dlqId: Schema.optionalWith(Schema.String, { exact: true }),
    topicName: Schema.optionalWith(Schema.String, { exact: true }),
    endpointName: Schema.optionalWith(Schema.String, { exact: true }),
    scheduleId: Schema.optionalWith(Schema.String, { exact: true }),
    callerIP: Schema.optionalWith(Schema.String, { exact: true })
  })
)

const decode = Schema.decodeSync(Body, { onExcessProperty: "error" })

/** The body of a callback, parsed by hand from QStash's documentation. */
export const callbackBody = (delivery: Delivery): typeof Body.Type => decode(textOf(delivery))

export const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString("base64")
