import type { StoredSchedule } from "@effect-qstash/engine/Rows"
import type { Store } from "@effect-qstash/engine/Store"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import { type Fault, faultsOf, storeFaultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashSchedules")

const memorySchedules = inFile("engine/src/internal/memory/schedules.ts")
const memoryLeases = inFile("engine/src/internal/memory/leases.ts")
const rules = inFile("engine/src/ScheduleRules.ts")
const core = inFile("engine/src/internal/core.ts")
const service = inFile("engine/src/internal/services/schedules.ts")
const attempt = inFile("engine/src/internal/attempt.ts")
const record = inFile("engine/src/internal/record.ts")
const retryAfter = inFile("engine/src/RetryAfter.ts")
const time = inFile("engine/src/internal/VirtualTime.ts")
const cronParser = inFile("domain/src/internal/cronParser.ts")
const cronSearch = inFile("domain/src/internal/cronSearch.ts")
const cronTable = inFile("domain/src/internal/cronTable.ts")
const check = inFile("domain/src/internal/settings.ts")
const headers = inFile("domain/src/internal/headers.ts")
const destination = inFile("domain/src/Destination.ts")
const settings = faultsOf("QStashSchedules", "server")("domain/src/internal/settings.ts")
const parts = inFile("domain/src/internal/requestParts.ts")
const answer = inFile("domain/src/wire/ScheduleRecord.ts")
const fields = inFile("domain/src/internal/fields.ts")
const duration = inFile("domain/src/wire/DurationText.ts")
const contract = inFile("domain/src/QStashSchedules.ts")
const client = inFile("client/src/internal/services/schedules.ts")
const list = inFile("client/src/internal/listOf.ts")
const http = inFile("client/src/internal/http.ts")
const exchange = inFile("client/src/internal/exchange.ts")
const api = inFile("server/src/internal/api.ts")
const call = inFile("server/src/internal/call.ts")
const handlers = inFile("server/src/internal/routes/schedules.ts")
const route = inFile("server/src/internal/route.ts")
const testing = inFile("testing/src/internal/handler.ts")
const port = storeFaultsOf("QStashSchedules")

/** Changes how schedules read back. */
const readsSchedules =
  (change: (schedule: StoredSchedule) => StoredSchedule) =>
  (store: Store.Service): Partial<Store.Service> => ({
    getSchedule: (...id) => Effect.map(store.getSchedule(...id), Option.map(change)),
    listSchedules: (tenantId) => Effect.map(store.listSchedules(tenantId), Arr.map(change))
  })

/** In what schedules do, and in what all deliveries and the wire have in common. */
export const faults: ReadonlyArray<Fault> = [
  memorySchedules(
    "resume-backfills",
    "a resume backfills the firings of the pause",
    ["Object.assign(row, pausedOrResumed(row, isPaused, now))", "row.isPaused = isPaused"],
    [
      "advanceSchedule(row, now)\n          if (row.isPaused) continue",
      "if (row.isPaused) continue\n          advanceSchedule(row, row.nextTime ?? now)"
    ]
  ),
  memorySchedules("pause-stops-clock", "the next firing stands still while a schedule is paused", [
    "advanceSchedule(row, now)\n          if (row.isPaused) continue",
    "if (row.isPaused) continue\n          advanceSchedule(row, now)"
  ]),
  memorySchedules("pause-notes-firing", "a paused schedule records firings that it skips", [
    "if (row.isPaused) continue",
    "if (row.isPaused) {\n            row.lastTime = now\n            continue\n          }"
  ]),
  memorySchedules("pause-ignored", "a paused schedule keeps firing", ["if (row.isPaused) continue", ""]),
  port("pause-one-way", "a paused schedule cannot be resumed", (store) => ({
    setPaused: (request) =>
      request.isPaused
        ? store.setPaused(request)
        : Effect.map(store.getSchedule(request.tenantId, request.scheduleId), Option.isSome)
  })),
  memoryLeases("pause-holds-messages", "a pause holds back existing messages", [
    "const { message } = row\n          const token",
    "const { message, tenant } = row\n          if (message.scheduleId !== undefined && tenant.schedules.get(message.scheduleId)?.isPaused === true) continue\n          const token"
  ]),
  port("overwrite-unpauses", "an overwrite loses the pause", (store) => ({
    upsertSchedule: (request) =>
      Effect.tap(store.upsertSchedule(request), store.setPaused({ ...request, isPaused: false }))
  })),
  port("overwrite-merges", "an overwrite keeps the settings it leaves out", (store) => ({
    upsertSchedule: (request) =>
      Effect.flatMap(store.getSchedule(request.tenantId, request.scheduleId), (known) =>
        store.upsertSchedule({
          ...request,
          settings: { ...Option.getOrUndefined(known)?.settings, ...request.settings }
        })
      )
  })),
  rules("overwrite-keeps-next", "an overwrite keeps the next firing of the old cron", [
    "error: undefined,\n  nextTime: nextTime(settings.cron, now)",
    "error: undefined"
  ]),
  memorySchedules("overwrite-recreates", "an overwrite resets the creation time", [
    "Object.assign(known, overwritten(",
    "Object.assign(known, { createdAt: now }, overwritten("
  ]),
  port("message-follows-schedule", "a waiting message takes on the settings of an overwrite", (store) => ({
    claimDueMessages: (request) =>
      Effect.flatMap(store.claimDueMessages(request), ({ events, leases }) =>
        Effect.map(
          Effect.forEach(leases, ({ message, token }) =>
            message.scheduleId === undefined
              ? Effect.succeed({ message, token })
              : Effect.map(store.getSchedule(message.tenantId, message.scheduleId), (schedule) => ({
                  message: { ...message, settings: Option.getOrElse(schedule, () => message).settings },
                  token
                }))
          ),
          (changed) => ({ events, leases: changed })
        )
      )
  })),
  memoryLeases("delete-takes-messages", "a delete removes existing messages", [
    "const { message } = row\n          const token",
    "const { message, tenant } = row\n          if (message.scheduleId !== undefined && !tenant.schedules.has(message.scheduleId)) continue\n          const token"
  ]),
  memorySchedules(
    "delete-late",
    "a deleted schedule fires once more",
    ["schedules.plan(row, undefined)", ""],
    [
      "advanceSchedule(row, now)\n          if (row.isPaused) continue",
      "if (scheduleRow(row.tenantId, row.scheduleId) === row) advanceSchedule(row, now)\n          if (row.isPaused) continue"
    ]
  ),
  memorySchedules("fires-twice", "each firing creates two messages", [
    "makeMessage(tenant, messageId, newMessage, now, log)",
    "makeMessage(tenant, messageId, newMessage, now, log)\n      makeMessage(tenant, memory.mintMessageId(), newMessage, now, log)"
  ]),
  memorySchedules("every-other", "every second firing is skipped", [
    "advanceSchedule(row, now)\n          if (row.isPaused) continue",
    "advanceSchedule(row, now)\n          advanceSchedule(row, row.nextTime ?? now)\n          if (row.isPaused) continue"
  ]),
  rules("delay-ignored", "the delay of a schedule is ignored", [
    "const notBefore = now + (delay === undefined ? 0 : Duration.toMillis(delay))",
    "const notBefore = now"
  ]),
  port(
    "last-firing-lost",
    "a schedule does not record its last firing",
    readsSchedules((schedule) => ({ ...schedule, lastTime: undefined }))
  ),
  memorySchedules("states-pile-up", "the last firing keeps the messages of earlier ones", [
    "row.states = new Map()",
    ""
  ]),
  port(
    "failure-hidden",
    "a message that failed for good shows as delivered",
    readsSchedules((schedule) => ({
      ...schedule,
      lastStates: Record.map(schedule.lastStates, (state) => (state === "FAIL" ? "SUCCESS" : state))
    }))
  ),
  port("retry-at-once", "a failed delivery is retried without waiting", (store) => ({
    settle: (request) =>
      store.settle({
        ...request,
        settlements: request.settlements.map((settlement) =>
          settlement._tag === "Retry" ? { ...settlement, dueAt: request.now } : settlement
        )
      })
  })),
  memorySchedules("tenants-mixed", "an account finds another account's schedules", [
    "tenants.get(tenantId)?.schedules.get(scheduleId)",
    "Array.from(tenants.values(), (tenant) => tenant.schedules.get(scheduleId)).find((row) => row !== undefined)"
  ]),
  port("quota-off-by-one", "an account can have one schedule more than its quota", (store) => ({
    upsertSchedule: (request) => store.upsertSchedule({ ...request, limit: request.limit + 1 })
  })),
  port("quota-on-overwrite", "a full account cannot overwrite", (store) => ({
    upsertSchedule: (request) =>
      Effect.flatMap(store.listSchedules(request.tenantId), ({ length }) =>
        length >= request.limit ? Effect.succeed("full") : store.upsertSchedule(request)
      )
  })),
  service("delete-forgives", "deleting an unknown schedule succeeds", [
    "change(() => store.deleteSchedule(tenantId, scheduleId)),\n          known(scheduleId)",
    "change(() => store.deleteSchedule(tenantId, scheduleId)),\n          () => Effect.void"
  ]),
  core("timeout-ignored", "a schedule's timeout is ignored", [
    "settings.timeout === undefined",
    "settings.timeout !== null"
  ]),
  core("jti-repeats", "all attempts are signed with the same id", [
    'ids.unsafeNext("jwt")',
    "`jwt_${message.messageId}`"
  ]),
  attempt("retries-off-by-one", "a message is tried once too often", [
    "message.retried >= maxRetriesOf(",
    "message.retried > maxRetriesOf("
  ]),
  attempt("retries-default", "a schedule is retried five times by default", [
    "const defaultRetries = 3",
    "const defaultRetries = 5"
  ]),
  attempt("success-is-200", "only 200 is a success", ["outcome.status <= 299", "outcome.status <= 200"]),
  attempt("success-is-3xx", "a redirect is a success", ["outcome.status <= 299", "outcome.status <= 399"]),
  attempt("489-alone", "489 fails a message without the header", [
    'String(outcome.headers["upstash-nonretryable-error"]).toLowerCase() === "true"',
    "true"
  ]),
  attempt("nonretryable-alone", "Upstash-NonRetryable-Error fails a message with any status", [
    "outcome.status === 489 &&",
    ""
  ]),
  attempt("retry-after-loses", "a schedule's retry delay takes precedence over Retry-After", [
    "asked ?? own",
    "retryDelay === undefined ? (asked ?? own) : own"
  ]),
  attempt("retry-delay-shifted", "a retry delay is computed for the retry after the next", [
    "retryDelay.delay(message.retried)",
    "retryDelay.delay(message.retried + 1)"
  ]),
  attempt("header-dropped", "deliveries have no Content-Type", [
    '"content-length",',
    '"content-length",\n  "content-type",'
  ]),
  attempt("headers-forged", "a schedule's headers override QStash's", ['  "user-agent",\n', ""]),
  attempt("retried-from-one", "attempts are counted from one", [
    "String(message.retried)",
    "String(message.retried + 1)"
  ]),
  attempt("caller-lost", "deliveries do not say who created the schedule", [
    "if (message.callerIp !== undefined)",
    "if (message.callerIp === null)"
  ]),
  record("redact-body", "a redacted body reads back in clear text", [
    "settings.redact?.body === true",
    "false"
  ]),
  record("redact-named", "a header redacted by name reads back in clear text", [
    "hidden !== false && hidden.includes(name)",
    "hidden !== false && hidden.includes(name.toLowerCase())"
  ]),
  record("body-lossy", "bytes that are not text read back garbled", [
    "isUtf8(bytes)",
    "isUtf8(bytes.slice(0, 0))"
  ]),
  retryAfter("backoff-constant", "retries come after e^(2n) seconds", [
    "Math.exp(2.5 * retry)",
    "Math.exp(2 * retry)"
  ]),
  retryAfter("retry-after-millis", "Retry-After is read as milliseconds", [
    "Math.round(Number(value) * 1000)",
    "Math.round(Number(value))"
  ]),
  retryAfter("retry-after-clamped", "a Retry-After of more than a day counts as a day", [
    "millis <= dayMillis ? millis : undefined",
    "Math.min(millis, dayMillis)"
  ]),
  retryAfter("retry-after-date", "a Retry-After with a date is ignored", [
    " ?? untilDate(value, nowMillis)",
    ""
  ]),
  time("events-late", "events on the way happen only after time has moved", [
    "this.now = next\n",
    "this.now = target\n"
  ]),
  time("end-excluded", "what is due at the very end of a move waits for the next one", [
    "if (next > target)",
    "if (next >= target)"
  ]),
  cronParser("zone-ignored", "a cron's time zone is ignored", [
    "const timeZone = timeZoneOf(name)",
    "const timeZone = timeZoneOf(name) && utc"
  ]),
  cronParser("sunday-is-7", "7 is accepted as a weekday", ["min: 0n, max: 6n", "min: 0n, max: 7n"]),
  cronSearch("repeated-hour-once", "a local time that the clocks repeat fires once", [
    "from = firstMinute(period.start, period)",
    "from = Math.max(end, firstMinute(period.start, period))"
  ]),
  cronSearch("change-ignored", "the next clock change is not foreseen", [
    "Math.min(firstMinute(period.end, period), from + yearOfMinutes)",
    "from + yearOfMinutes"
  ]),
  cronTable("both-days", "both day fields have to match", [
    "this.#daysOfMonth | byWeekday",
    "this.#daysOfMonth & byWeekday"
  ]),
  check("retries-unchecked", "retries can be negative", [
    "setting(header, parseCount(0), wholeNumberText)",
    "setting(header, parseCount(-1), wholeNumberText)"
  ]),
  check("zero-is-none", "zero retries are taken as the default", [
    "setting(header, parseCount(0), wholeNumberText)",
    "setting(header, nonEmpty(parseCount(0), (count) => count === 0), wholeNumberText)"
  ]),
  headers("names-as-given", "header names keep their case", [
    "part.charAt(0).toUpperCase() + part.slice(1).toLowerCase()",
    "part"
  ]),
  headers("header-splits", "a header value can contain a line break", [
    "const printable = /^[\\t",
    "const printable = /^[\\t\\r\\n"
  ]),
  destination("always-normalised", "a destination is always normalised", [
    "if (survives(text)) return Either.right(text)",
    ""
  ]),
  destination("never-normalised", "a destination can escape its place in the request path", [
    "if (survives(text)) return Either.right(text)",
    "if (text !== null) return Either.right(text)"
  ]),
  settings("method-dropped", "the method is not sent", [
    'method: method("Upstash-Method")',
    'method: { ...method("Upstash-Method"), encode: () => [] }'
  ]),
  settings("content-type-dropped", "the Content-Type is not sent", [
    '[["Content-Type", contentType] as const]',
    "[]"
  ]),
  settings("labels-joined", "several labels arrive as one", ['labels.join(",")', 'labels.join(";")']),
  settings("redact-body-only", "the redaction of all headers is not sent", ['? ["header"]', "? []"]),
  parts("destination-query-decoded", "a destination's query arrives decoded", [
    "kept.length === parameters.length ? target",
    "kept.length === parameters.length ? path + decodeURIComponent(target.slice(path.length))"
  ]),
  answer("paused-not-told", "the response does not show that a schedule is paused", [
    'isPaused: flag("isPaused")',
    'isPaused: { ...flag("isPaused"), read: () => false }'
  ]),
  fields("bytes-as-text", "bytes are returned as text", [
    "if (shown === undefined) asBase64.write(value, json)\n      else json[name] = shown",
    "json[name] = value instanceof Uint8Array ? new TextDecoder().decode(value) : shown"
  ]),
  fields("spans-in-millis", "a duration in seconds is read as milliseconds", [
    "Duration.seconds(value)",
    "Duration.millis(value)"
  ]),
  fields("redacted-as-text", "a redacted value reads back as its own placeholder", [
    "Option.getOrElse(RedactedValue.fromText(value), () => value)",
    "value"
  ]),
  duration("minutes-lost", "the minutes of a duration are lost", [
    'text += count > 0 ? `${count}${unit}` : ""',
    'text += count > 0 && unit !== "m" ? `${count}${unit}` : ""'
  ]),
  client("pause-for-resume", "resume calls pause", ["`${target}/resume`", "`${target}/pause`"]),
  client("body-not-sent", "the client sends no body", [
    "          body,\n          secrets",
    "          secrets"
  ]),
  client("delete-not-found-hidden", "deleting an unknown schedule is an unexpected response", [
    'http.done({ method: "DELETE", ...call })',
    'http.done({ method: "DELETE", target: call.target })'
  ]),
  list("list-first-page", "the list contains at most one schedule", [
    "const record of json)",
    "const record of json.slice(0, 1))"
  ]),
  exchange("refusals-ignored", "the client takes every response for a success", [
    "status >= 200 && status < 300",
    "status >= 200"
  ]),
  http("content-type-overridden", "the client sets its own Content-Type", [
    'HttpClientRequest.bodyUint8Array(request, call.body, "")',
    "HttpClientRequest.bodyUint8Array(request, call.body)"
  ]),
  api("one-account-for-all", "every token opens the first account", [
    "const user = known.byToken.get(hashed)",
    "const user = users[0]"
  ]),
  call("not-found-is-400", "an unknown id is a bad request", [
    "status: 404, error: `${what}",
    "status: 400, error: `${what}"
  ]),
  call("quota-is-429", "a used-up quota is a rate limit", [
    'case "QStashQuotaExceeded":\n      return new Refusal({ status: error.status',
    'case "QStashQuotaExceeded":\n      return new Refusal({ status: 429'
  ]),
  handlers("resume-is-pause", "the server pauses a schedule instead of resuming it", [
    "all.resume(id)",
    "all.pause(id)"
  ]),
  route("query-cut", "the server removes the query of a destination", [
    "destination: target.slice(found[0].length)",
    "destination: path.slice(found[0].length)"
  ]),
  route("slash-cut", "the server removes the slash at the end of a destination", [
    "destination: target.slice(found[0].length)",
    'destination: target.slice(found[0].length).replace(/\\/+$/, "")'
  ]),
  testing("answers-are-200", "a test's destination always responds with 200", [
    "if (isStatus(status)) return status",
    "if (isStatus(status)) return 200"
  ]),
  testing("answer-headers-lost-in-test", "the headers of a test's response are lost", [
    "response.headers ?? {}",
    "{}"
  ]),
  contract("upsert-forgets-pause", "an upsert resumes a paused schedule", [
    "isPaused ?? (yield* isPausedNow(schedules, schedule.scheduleId))",
    "isPaused ?? (yield* Effect.tap(isPausedNow(schedules, schedule.scheduleId), Effect.ignore(schedules.resume(schedule.scheduleId))), false)"
  ]),
  contract("upsert-cannot-resume", "an upsert with isPaused false does not resume", [
    "else if (isPaused === false)",
    "else if (isPaused === null)"
  ]),
  contract("json-without-its-type", "a JSON schedule has no JSON content type", [
    "headers: withJsonType(schedule.headers)",
    "headers: schedule.headers ?? {}"
  ]),
  service("create-error-without-schedule", "the error of a create does not name the schedule", [
    "Effect.mapError(namingSchedule(input?.scheduleId))",
    "Effect.mapError(namingSchedule(undefined))"
  ]),
  client("client-error-without-schedule", "the client's error does not name the schedule", [
    "Effect.mapError(namingSchedule(input?.scheduleId))",
    "Effect.mapError(namingSchedule(undefined))"
  ]),
  service("schedule-retries-unlimited", "a schedule can have any number of retries", [
    "yield* checkRetries(settings)\n",
    ""
  ])
]
