import { Job } from "@effect-qstash/jobs"
import { Schema } from "effect"

const V1 = Schema.Struct({ to: Schema.String })
const V2 = Schema.Struct({ v: Schema.Literal(2), to: Schema.Array(Schema.String) })

/** Reads both, and always gives and writes the new form. */
const Mail = Schema.transform(Schema.Union(V2, V1), Schema.typeSchema(V2), {
  strict: true,
  decode: (mail) => ("v" in mail ? mail : { v: 2 as const, to: [mail.to] }),
  encode: (mail) => mail
})

export const SendMail = Job.make("send-mail", { payload: Mail })
