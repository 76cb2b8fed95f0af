import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { QueueName } from "@effect-qstash/domain/QueueName"
import type { FlowControlChange } from "../../Rows.ts"
import * as Duration from "effect/Duration"
import * as FastCheck from "effect/FastCheck"
import { acme, minute, second } from "./given.ts"

/*
 * What the model and the Store are told to do.
 */

export const tenants = [acme, "other"]

const tag = <const T extends string>(name: T) => FastCheck.constant(name)
const oneOf = FastCheck.constantFrom

const tenant = oneOf(acme, acme, acme, "other")
const name = oneOf("a", "b")
const limit = oneOf(0, 1, 2, 100, 100)

const flowControl = {
  narrow: { key: FlowControlKey.make("f"), parallelism: 1 },
  slow: { key: FlowControlKey.make("f"), rate: 1, period: minute },
  both: { key: FlowControlKey.make("f"), parallelism: 2, rate: 2, period: 30 * second },
  other: { key: FlowControlKey.make("g"), parallelism: 1, rate: 3 }
}

/** How messages are, whoever sends them. */
const anySettings = FastCheck.record({
  to: oneOf("https://a.example.com", "https://b.example.com", { urlGroup: UrlGroupName.make("group") }),
  delay: oneOf(0, 0, 30, 60),
  body: oneOf(undefined, "four", "eleven more"),
  queueName: oneOf(undefined, undefined, "a", "b"),
  flow: oneOf(undefined, undefined, "narrow" as const, "slow" as const, "both" as const, "other" as const),
  callback: oneOf(undefined, undefined, "https://done.example.com"),
  failureCallback: oneOf(undefined, undefined, "https://failed.example.com")
})
type Settings = typeof anySettings extends FastCheck.Arbitrary<infer A> ? A : never

export const inputOf = ({ body, callback, delay, failureCallback, flow, queueName, to }: Settings) => ({
  destination: to,
  delay: Duration.seconds(delay),
  body,
  callback,
  failureCallback,
  queueName: queueName === undefined ? undefined : QueueName.make(queueName),
  flowControl: flow === undefined ? undefined : flowControl[flow]
})

const flowKey = oneOf(FlowControlKey.make("f"), FlowControlKey.make("g"))

const change: FastCheck.Arbitrary<FlowControlChange> = FastCheck.oneof(
  oneOf<FlowControlChange>({ _tag: "Pause" }, { _tag: "Resume" }, { _tag: "Resume" }, { _tag: "ResetRate" }),
  FastCheck.record({
    _tag: tag("Pin"),
    parallelism: oneOf(undefined, 1, 3),
    rate: oneOf(undefined, 2),
    period: oneOf(undefined, 10 * second)
  }),
  FastCheck.record({ _tag: tag("Unpin"), parallelism: FastCheck.boolean(), rate: FastCheck.boolean() })
)

/** Some of the things that were there, by their numbers. */
const some = FastCheck.array(FastCheck.nat(), { minLength: 1, maxLength: 3 })

const endpoints = FastCheck.array(
  FastCheck.record(
    { url: oneOf("https://1.example.com", "https://2.example.com"), name: oneOf("x", "y") },
    { requiredKeys: ["url"] }
  ),
  { minLength: 1, maxLength: 2 }
)

const common = [
  FastCheck.record({
    _tag: tag("ClaimSchedules"),
    limit,
    maxMessages: oneOf(4, 100, 100, 100),
    maxPendingBytes: oneOf(0, 5000, Infinity)
  }),
  FastCheck.record({
    _tag: tag("Accept"),
    tenant,
    drafts: FastCheck.array(
      FastCheck.record({ settings: anySettings, key: oneOf(undefined, undefined, "x", "y") }),
      {
        minLength: 1,
        maxLength: 3
      }
    ),
    deliveryOf: FastCheck.option(FastCheck.nat(), { nil: undefined }),
    limits: FastCheck.record({
      maxQueues: oneOf(1, 100, 100),
      maxFlowControlKeys: oneOf(1, 100, 100),
      maxMessages: oneOf(8, 100, 100),
      maxPendingBytes: oneOf(0, 5000, Infinity),
      maxMessagesPerRequest: oneOf(2, 100, 100),
      maxBytesPerRequest: oneOf(10, 100, 100),
      maxHops: oneOf(1, 100)
    })
  }),
  FastCheck.record({ _tag: tag("ClaimMessages"), limit, leaseFor: oneOf(1, 45 * second, 3 * minute) }),
  FastCheck.record({
    _tag: tag("Settle"),
    settlements: FastCheck.array(
      FastCheck.record({
        lease: FastCheck.nat(),
        as: oneOf("Delivered" as const, "Failed" as const, "Retry" as const),
        delay: oneOf(0, 12 * second, 2 * minute)
      }),
      { minLength: 1, maxLength: 4 }
    ),
    maxPendingBytes: oneOf(0, 1000, 5000, Infinity)
  }),
  FastCheck.record({ _tag: tag("Wait"), millis: oneOf(1, 15 * second, minute, 5 * minute) }),
  FastCheck.record({
    _tag: tag("ChangeSlots"),
    perTenant: oneOf(Infinity, 1, 2, 3),
    perDestination: oneOf(Infinity, 1, 2)
  })
]

const rare = [
  FastCheck.record({
    _tag: tag("UpsertSchedule"),
    tenant,
    name,
    settings: anySettings,
    cron: oneOf("* * * * *", "*/2 * * * *", "*/3 * * * *", "0 0 31 2 *"),
    limit: oneOf(1, 100)
  }),
  FastCheck.record({ _tag: tag("DeleteSchedule"), tenant, name }),
  FastCheck.record({ _tag: tag("PauseSchedule"), tenant, name, isPaused: FastCheck.boolean() }),
  FastCheck.record({ _tag: tag("Release"), leases: some }),
  FastCheck.record({ _tag: tag("Renew"), leases: some, leaseFor: oneOf(1, 45 * second, 3 * minute) }),
  FastCheck.record({
    _tag: tag("Cancel"),
    tenant,
    selector: FastCheck.oneof(
      FastCheck.record({ messages: some }),
      oneOf({ queueName: "a" }, { urlGroup: "group" }, {})
    ),
    limit: oneOf(1, 2, Infinity)
  }),
  FastCheck.record({
    _tag: tag("TakeDeadLetters"),
    tenant,
    letters: FastCheck.option(some, { nil: undefined }),
    count: oneOf(1, 2, Infinity),
    retry: oneOf(undefined, { retries: undefined }, { retries: 0 })
  }),
  FastCheck.record({
    _tag: tag("UpsertQueue"),
    tenant,
    name,
    parallelism: oneOf(1, 2, 3),
    isPaused: oneOf(undefined, true, false),
    limit: oneOf(1, 100)
  }),
  FastCheck.record({ _tag: tag("PauseQueue"), tenant, name, isPaused: FastCheck.boolean() }),
  FastCheck.record({ _tag: tag("DeleteQueue"), tenant, name }),
  FastCheck.record({
    _tag: tag("UpsertEndpoints"),
    tenant,
    endpoints,
    limits: FastCheck.record({ maxUrlGroups: oneOf(0, 1, 1), maxEndpointsPerUrlGroup: oneOf(1, 9, 9) })
  }),
  FastCheck.record({ _tag: tag("DeleteGroup"), tenant }),
  FastCheck.record({ _tag: tag("ChangeFlow"), tenant, key: flowKey, change, limit: oneOf(1, 100) }),
  FastCheck.record({
    _tag: tag("Prune"),
    logs: oneOf(0, minute, 5 * minute),
    deadLetters: oneOf(0, 5 * minute),
    maxEntries: oneOf(1, 3, Infinity)
  })
]

export const command = FastCheck.oneof(
  { arbitrary: FastCheck.oneof(...common), weight: 3 },
  { arbitrary: FastCheck.oneof(...rare), weight: 1 }
)
export type Command = typeof command extends FastCheck.Arbitrary<infer A> ? A : never
