/** One side of the benchmark of decoding, in a process that does nothing else. */
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as SigningKeysRecord from "@effect-qstash/domain/wire/SigningKeysRecord"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import * as Either from "effect/Either"
import { cpuMicros, type Turns } from "./measure.ts"

const now = 1_754_565_618_803
const headers = (index: number) => ({
  "Content-Type": ["application/json"],
  Date: [`Mon, 30 Nov 2026 16:06:${index % 60} GMT`]
})

const message = (index: number) => ({
  messageId: `msg_7YoJxFpwkEy5zBp378JgvD6YBDPBEqkBPje2JGTC${index}`,
  url: `https://api.example.com/jobs/${index}?x=1`,
  method: "POST",
  createdAt: now + index,
  notBefore: now + index + 5000,
  maxRetries: 3,
  retryDelayExpression: "pow(2, retried) * 1000",
  header: headers(index),
  body: `{"tenant":"acme","id":${index}}`,
  callback: `https://api.example.com/done/${index}`,
  timeout: 30,
  queueName: "mails",
  scheduleId: `nightly-report-${index}`,
  flowControlKey: `tenant-${index}`,
  parallelism: 5,
  rate: 10,
  period: 60,
  label: "billing",
  labels: ["billing"],
  callerIP: "127.0.0.1",
  callerIp: "127.0.0.1"
})

type Decode = (json: unknown) => Either.Either<unknown, string>

/** Records of each kind with about as many fields as they can usefully have. */
const kinds: ReadonlyArray<readonly [what: string, decode: Decode, make: (index: number) => object]> = [
  [
    "a schedule",
    ScheduleRecord.decode,
    (index) => ({
      scheduleId: `nightly-report-${index}`,
      cron: `${index % 60} 4 * * *`,
      destination: `https://api.example.com/jobs/${index}?tenant=acme`,
      createdAt: now + index,
      method: "POST",
      isPaused: index % 10 === 0,
      header: headers(index),
      body: `{"tenant":"acme","id":${index}}`,
      retries: 3,
      callback: `https://api.example.com/done/${index}`,
      label: "billing",
      labels: ["billing", "nightly"],
      callerIP: "127.0.0.1",
      callerIp: "127.0.0.1",
      lastScheduleTime: now + index + 60_000,
      nextScheduleTime: now + index + 86_400_000,
      lastScheduleStates: { [`msg_${index}`]: "SUCCESS" }
    })
  ],
  ["a message", MessageRecord.decode, message],
  [
    "a dead letter",
    DlqRecord.decode,
    (index) => ({
      ...message(index),
      dlqId: `1725323658779-${index}`,
      responseStatus: 500,
      responseHeader: headers(index),
      responseBody: "Internal Server Error"
    })
  ],
  [
    "an entry of the log",
    LogRecord.decode,
    (index) => ({
      time: now + index,
      state: "DELIVERED",
      messageId: `msg_7YoJxFpwkEy5zBp378JgvD6YBDPBEqkBPje2JGTC${index}`,
      url: `https://api.example.com/jobs/${index}?x=1`,
      method: "POST",
      header: headers(index),
      body: btoa(`{"tenant":"acme","id":${index}}`),
      label: "billing",
      labels: ["billing"],
      scheduleId: `nightly-report-${index}`,
      maxRetries: 3,
      timeout: 30_000,
      responseStatus: 200,
      responseHeader: headers(index),
      responseHeaders: headers(index),
      responseBody: btoa('{"ok":true}')
    })
  ],
  [
    "a queue",
    QueueRecord.decode,
    (index) => ({
      name: `mails-${index}`,
      createdAt: now + index,
      updatedAt: now + index,
      parallelism: 2,
      paused: false,
      lag: index
    })
  ],
  [
    "a URL group",
    UrlGroupRecord.decode,
    (index) => ({
      name: `billing-${index}`,
      createdAt: now + index,
      updatedAt: now + index,
      endpoints: [
        { name: "first", url: `https://a.example.com/${index}` },
        { url: `https://b.example.com/${index}` }
      ]
    })
  ],
  [
    "a flow-control key",
    FlowControlRecord.decode,
    (index) => ({
      flowControlKey: `tenant-${index}`,
      waitListSize: index,
      parallelismMax: 5,
      parallelismCount: 1,
      rateMax: 10,
      rateCount: 3,
      ratePeriod: 60,
      ratePeriodStart: 1_754_565_618,
      isPaused: false,
      isPinnedParallelism: true,
      isPinnedRate: false
    })
  ],
  [
    "signing keys",
    SigningKeysRecord.decode,
    (index) => ({ current: `sig_7YoJxFpwkEy5zBp378Jgv${index}`, next: `sig_5zBp378JgvD6YBDPBEqk${index}` })
  ]
]

const turns = 9

export interface MeasuredKind {
  readonly what: string
  readonly turns: Turns
}

/** Microseconds a record of each kind. */
const measure = (side: string, scale: number): ReadonlyArray<MeasuredKind> => {
  const rounds = Math.max(1, Math.round(20 * scale))
  return kinds.map(([what, decode, make]) => {
    const text = JSON.stringify(Array.from({ length: 1000 }, (_, index) => make(index)))
    const run = (): unknown => {
      const records: ReadonlyArray<unknown> = JSON.parse(text)
      return side === "parse" ? records : records.map((record) => Either.getOrThrow(decode(record)))
    }
    const turn = (): number => {
      const begin = cpuMicros()
      for (let round = 0; round < rounds; round++) run()
      return (cpuMicros() - begin) / rounds / 1000
    }
    for (let warm = 0; warm < 2; warm++) turn()
    return { what, turns: Array.from({ length: turns }, turn) }
  })
}

const [side = "", scale = ""] = process.argv.slice(2)
process.send?.(measure(side, Number(scale)))
