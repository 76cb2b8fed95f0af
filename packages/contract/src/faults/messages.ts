import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { courierFaultsOf, type Fault, faultsOf, storeFaultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashMessages")

const memoryLeases = inFile("engine/src/internal/memory/leases.ts")
const memoryMessages = inFile("engine/src/internal/memory/messages.ts")
const memorySlots = inFile("engine/src/internal/memory/slots.ts")
const lanes = inFile("engine/src/internal/memory/Lanes.ts")
const service = inFile("engine/src/internal/services/messages.ts")
const context = inFile("engine/src/internal/services/context.ts")
const limit = inFile("engine/src/ExceededLimit.ts")
const engine = inFile("engine/src/Engine.ts")
const deduplication = inFile("engine/src/internal/deduplication.ts")
const matches = inFile("engine/src/Matches.ts")
const callbacks = inFile("engine/src/Callbacks.ts")
const attempt = inFile("engine/src/internal/attempt.ts")
const callbackBody = inFile("domain/src/wire/CallbackBody.ts")
const settings = faultsOf("QStashMessages", "server")("domain/src/internal/settings.ts")
const request = inFile("domain/src/wire/MessageRequest.ts")
const response = inFile("domain/src/wire/PublishResponse.ts")
const message = inFile("domain/src/internal/messageRecord.ts")
const criteria = inFile("domain/src/input/Criteria.ts")
const parameters = inFile("domain/src/wire/CriteriaParameters.ts")
const filters = inFile("domain/src/internal/filters.ts")
const contract = inFile("domain/src/QStashMessages.ts")
const check = inFile("domain/src/internal/checkMessage.ts")
const checks = inFile("domain/src/internal/optionChecks.ts")
const headers = inFile("domain/src/internal/headers.ts")
const key = inFile("domain/src/FlowControl.ts")
const spellings = inFile("domain/src/internal/spellings.ts")
const inMemory = faultsOf("QStashMessages", "testing")("domain/src/internal/filters.ts")
const client = inFile("client/src/internal/services/messages.ts")
const selection = inFile("client/src/internal/selection.ts")
const handlers = inFile("server/src/internal/routes/messages.ts")
const served = inFile("server/src/internal/selection.ts")
const courier = inFile("server/src/UndiciCourier.ts")
const testing = inFile("testing/src/internal/handler.ts")
const port = storeFaultsOf("QStashMessages")
const courierPort = courierFaultsOf("QStashMessages")

/** In publishing, deduplication, batches, cancels and callbacks. */
export const faults: ReadonlyArray<Fault> = [
  memoryMessages("message-stays", "a delivered message can still be read", [
    "row.tenant.messages = withoutKey(row.tenant.messages, row.message.messageId)",
    ""
  ]),
  service("message-delay-ignored", "the delay of a message is ignored", [
    "? now + (delay === undefined ? 0 : Duration.toMillis(delay))",
    "? now"
  ]),
  service("not-before-ignored", "notBefore is ignored", [": DateTime.toEpochMillis(notBefore)", ": now"]),
  port("published-by-nobody", "a message does not store its publisher", (store) => ({
    accept: (input) => store.accept({ ...input, callerIp: undefined })
  })),
  attempt("attempts-named-apart", "each attempt has its own message id", [
    '["Upstash-Message-Id", message.messageId]',
    '["Upstash-Message-Id", `${message.messageId}${message.retried || ""}`]'
  ]),
  engine("duplicates-for-hours", "a message is recognised for more than an hour", [
    'options.deduplicationWindow ?? "10 minutes"',
    'options.deduplicationWindow ?? "100 minutes"'
  ]),
  engine("duplicates-for-a-minute", "a message is recognised for only a minute", [
    'options.deduplicationWindow ?? "10 minutes"',
    'options.deduplicationWindow ?? "1 minute"'
  ]),
  memoryMessages("duplicate-renews", "each duplicate extends the window", [
    "if (known !== undefined) return known.messages",
    'if (known !== undefined) {\n            tenant.deduplication.set(key ?? "", { ...known, until: now + window })\n            return known.messages\n          }'
  ]),
  port("duplicate-not-told", "the response does not report a duplicate", (store) => ({
    accept: (input) =>
      Effect.map(store.accept(input), (result) =>
        result._tag === "Accepted"
          ? {
              ...result,
              messages: result.messages.map(Arr.map((accepted) => ({ ...accepted, isDeduplicated: false })))
            }
          : result
      )
  })),
  memoryMessages("duplicate-delivered", "a duplicate gets the id of the first message but is delivered", [
    "if (known !== undefined) return known.messages",
    "if (known !== undefined) {\n            for (const { url } of known.messages) makeMessage(tenant, memory.mintMessageId(), { settings: draft.settings, url, callerIp, notBefore: draft.notBefore }, now, log)\n            return known.messages\n          }"
  ]),
  deduplication("content-without-headers", "messages with other headers count as the same content", [
    "JSON.stringify([Destination.toText(message.destination), headers])",
    "JSON.stringify([Destination.toText(message.destination)])"
  ]),
  deduplication("content-without-destination", "messages to other destinations count as the same content", [
    "JSON.stringify([Destination.toText(message.destination), headers])",
    "JSON.stringify([headers])"
  ]),
  deduplication("content-without-body", "messages with other bodies count as the same content", [
    'update(message.body ?? "")',
    'update("")'
  ]),
  deduplication("id-by-destination", "a deduplication id counts separately for each destination", [
    "`id:${message.deduplicationId}`",
    "`id:${message.deduplicationId}:${JSON.stringify(message.destination)}`"
  ]),
  memoryMessages("batch-half-sent", "a batch with an unknown group sends the rest", [
    'if (typeof destination !== "string" && !tenant.groups.has(destination.urlGroup)) {',
    'if (drafts.length === 1 && typeof destination !== "string" && !tenant.groups.has(destination.urlGroup)) {'
  ]),
  memoryMessages("cancel-late", "a message waiting for its retry is cancelled only when that is due", [
    'if (row.state._tag !== "Leased") cancelNow(row, log)',
    'if (row.state._tag !== "Leased" && row.message.retried === 0) cancelNow(row, log)'
  ]),
  port("destination-takes-all", "a destination takes all slots of its tenant", (store) => ({
    claimDueMessages: (input) => store.claimDueMessages({ ...input, perDestination: input.perTenant })
  })),
  port("tenant-takes-all", "a tenant takes all slots", (store) => ({
    claimDueMessages: (input) => store.claimDueMessages({ ...input, perTenant: Infinity })
  })),
  memorySlots("freed-slot-unused", "nobody gets the slot that a tenant frees", [
    "    lanes.recheck(tenant.gate)\n    destination",
    "    destination"
  ]),
  lanes("one-call-only", "a slot reserved for a lane that is held elsewhere stays unused", [
    "this.recheck(reservedBy)",
    ""
  ]),
  memoryMessages("cancel-under-way-ignored", "cancelling a message in progress does nothing", [
    "else row.isCancelRequested = true",
    "else row.isCancelRequested = false"
  ]),
  memoryLeases("cancel-buries", "a message cancelled while in progress becomes a dead letter", [
    "const dlqId = outcome.isDead ?",
    'const dlqId = outcome.isDead || outcome.log.some(({ state }) => state === "CANCELED") ?'
  ]),
  service("cancel-forgives", "cancelling an unknown message succeeds", [
    "if (Option.isNone(yield* store.getMessage(tenantId, messageId))) {",
    "if (messageId === null) {"
  ]),
  matches("first-label-only", "only the first label of a message matches", [
    "settings.labels?.some((label) => includes(labels, label)) !== true",
    '!labels.includes(settings.labels?.[0] ?? "")'
  ]),
  matches("to-date-excluded", "the end of a time range is excluded", [
    "fromDate <= instant && instant <= toDate",
    "fromDate <= instant && instant < toDate"
  ]),
  matches("host-without-port", "the port of a host is ignored", [
    "isOneOf(wanted, host) ||",
    'isOneOf(wanted, host?.split(":")[0]) ||'
  ]),
  matches("path-with-query", "a path includes its query", [
    "isOneOf<string>(criteria.path, url.pathname)",
    'isOneOf<string>(criteria.path, message.url.slice(message.url.indexOf(url.pathname ?? "")))'
  ]),
  matches("any-filter-will-do", "a cancel with several filters matches any of them", [
    "!isOneOf<string>(criteria.url, message.url) ||",
    "(criteria.label === undefined && !isOneOf<string>(criteria.url, message.url)) ||"
  ]),
  callbacks("callback-of-success", "a callback reports only a success", [
    "...(callback === undefined ? []",
    "...(callback === undefined || (about.response?.status ?? 0) >= 300 ? []"
  ]),
  callbacks("failure-callback-each-time", "a failure callback reports each failed attempt", [
    "failureCallback === undefined || about.dlqId === undefined",
    "failureCallback === undefined || about.response?.status === 200"
  ]),
  callbacks("callback-of-callback", "a failed callback has a callback of its own", [
    'headers: { "Content-Type": ["application/json"], ...callback.headers },',
    'headers: { "Content-Type": ["application/json"], ...callback.headers },\n      ...(message.callbackOf === undefined ? { failureCallback: settings.failureCallback } : {}),'
  ]),
  callbacks("callback-retries-own", "a callback without its own retries has three", [
    "callback.retries ?? settings.retries",
    "callback.retries"
  ]),
  callbacks("callback-settings-lost", "a callback ignores its method", [
    "...(callback.method === undefined ? {} : { method: callback.method }),",
    ""
  ]),
  callbacks("callback-counts-ahead", "a callback counts the attempt itself as a retry", [
    "retried: message.retried,",
    "retried: message.retried + 1,"
  ]),
  callbacks("callback-without-type", "a callback has no JSON content type", [
    'headers: { "Content-Type": ["application/json"], ...callback.headers },',
    "headers: { ...callback.headers },"
  ]),
  callbacks("callback-without-letter", "a failure callback does not name the dead letter", [
    "...(dlqId === undefined ? {} : { dlqId }),",
    ""
  ]),
  callbackBody("callback-body-as-text", "a callback contains the response body as text instead of base64", [
    ' body: bytes("body")',
    ' body: { read: bytes("body").read, write: (value, json) => { json["body"] = new TextDecoder().decode(value) } }'
  ]),
  callbackBody("callback-time-as-text", "a callback gives its times as text", [
    'field("createdAt", readAnyInstant, DateTime.toEpochMillis)',
    'field("createdAt", readAnyInstant, DateTime.formatIso)'
  ]),
  settings("not-before-in-millis", "notBefore is sent in milliseconds", [
    "String(Math.ceil(DateTime.toEpochMillis(instant) / 1000))",
    "String(DateTime.toEpochMillis(instant))"
  ]),
  settings("deduplication-id-dropped", "the deduplication id is not sent", [
    "    ...deduplicationId,\n",
    "    ...deduplicationId,\n    encode: () => [],\n"
  ]),
  settings("content-based-dropped", "content-based deduplication is not sent", [
    "(flag ? contentBasedDeduplication.encode(flag) : [])",
    "[]"
  ]),
  request("batch-without-queues", "the queues of a batch are not sent", [
    "queue: message.queueName\n",
    "queue: undefined\n"
  ]),
  request("batch-without-bodies", "the bodies of a batch are not sent", [
    "body: message.body === undefined ? undefined : lossy.decode(message.body)",
    "body: undefined"
  ]),
  settings("callback-headers-dropped", "the headers of a callback are not sent", [
    "headers: forwardedHeaders(`${header}-Forward-`)",
    "headers: { ...forwardedHeaders(`${header}-Forward-`), encode: () => [] }"
  ]),
  settings("callback-retries-dropped", "the retries of a callback are not sent", [
    "retries: retries(`${header}-Retries`)",
    "retries: { ...retries(`${header}-Retries`), encode: () => [] }"
  ]),
  settings("callback-headers-swapped", "the headers of a failure callback go to the callback", [
    "headers: forwardedHeaders(`${header}-Forward-`)",
    'headers: { ...forwardedHeaders(`${header}-Forward-`), encode: forwardedHeaders("Upstash-Callback-Forward-").encode }'
  ]),
  settings("flow-period-dropped", "the period of a rate is not sent", [
    'period: setting("period", parsePeriod, durationText)',
    'period: { ...setting("period", parsePeriod, durationText), encode: () => [] }'
  ]),
  response("duplicate-not-sent", "the server does not report a duplicate", [
    'if (isDeduplicated) json["deduplicated"] = true',
    ""
  ]),
  message("not-before-not-read", "a message shows its creation time as its due time", [
    'notBefore: orElse(optionalInstant("notBefore"), createdAt.read)',
    'notBefore: { read: createdAt.read, write: optionalInstant("notBefore").write }'
  ]),
  parameters("group-filter-unknown", "the filter for groups has a name that QStash does not know", [
    'name === "urlGroup" ? "topicName" : name',
    "name"
  ]),
  filters("url-filter-split", "a URL with a comma is split in two", [
    '["url", /,[ \\t]*(?=https?:\\/\\/)/i]',
    '["url", /,/]'
  ]),
  filters("key-filter-split", "a flow-control key with a comma is split in two", [
    "[trimBlanks(value), ...parts]",
    "parts"
  ]),
  client("own-duplicates-hidden", "the client never reports a duplicate", [
    "isMinted ? { ...published, isDeduplicated: false } : published",
    "({ ...published, isDeduplicated: false })"
  ]),
  client("batch-shares-an-id", "the messages of a batch share a deduplication id", [
    'Effect.map(ids.next("dedup"), (id) => ({',
    'Effect.map(Effect.succeed("dedup"), (id) => ({'
  ]),
  selection("first-hundred-ids", "the client cancels only the first hundred ids", [
    "Math.ceil(parameters.length / mostIds)",
    "1"
  ]),
  handlers("group-as-object", "the server responds to a group as to a URL", [
    'typeof destination === "string" && first !== undefined ? first : published',
    "first ?? published"
  ]),
  handlers("batch-out-of-place", "the server returns the results of a batch in another order", [
    "answerTo(message, published[index] ?? [])",
    "answerTo(message, published[all.length - 1 - index] ?? [])"
  ]),
  served("query-filters-ignored", "the server ignores the filters in a query and selects everything", [
    "return yield* read(kind, [...inQuery, ...inBody], paging)",
    "return yield* read(kind, inBody.concat(inQuery.slice(0, 0)), paging)"
  ]),
  courier("headers-limited-to-node", "16 kB of response headers are too many", [
    "maxHeaderSize: maxHeaderBytes + 1",
    "maxHeaderSize: 16_384"
  ]),
  courierPort("answer-body-lost", "the body of a worker's response is lost", ({ deliver }) => ({
    deliver: (delivery) =>
      Effect.map(deliver(delivery), (outcome) =>
        outcome._tag === "Answered" ? { ...outcome, body: new Uint8Array() } : outcome
      )
  })),
  service("absent-group-not-sent", "a message to an unknown group fails as if it had not been sent", [
    "reason: errorTexts.urlGroupNotFound(result.urlGroup),\n            status: 400",
    "reason: errorTexts.urlGroupNotFound(result.urlGroup)"
  ]),
  testing("answer-body-lost-in-test", "the body of a test's response is lost", [
    "...(response.body === undefined ? {} : { body: bytesOf(response.body) }),",
    ""
  ]),
  contract("json-batch-without-its-type", "a JSON batch has no JSON content type", [
    "onSuccess: (text) => ({ ...message, headers: withJsonType(message.headers), body: text })",
    "onSuccess: (text) => ({ ...message, body: text })"
  ]),
  contract("json-batch-without-position", "the error of a JSON batch does not give the position", [
    "onFailure: inPart(`[${index}]`)",
    "onFailure: (error) => error"
  ]),
  context("callback-retries-unlimited", "a callback can have any number of retries", [
    "[retries, callback?.retries, failureCallback?.retries]",
    "[retries]"
  ]),
  limit("messages-unlimited", "one request can create any number of messages", [
    'if (count > limits.maxMessagesPerRequest) return "maxMessagesPerRequest"',
    ""
  ]),
  limit("copies-weigh-nothing", "the bytes of a message to a group are counted once", [
    "bytes += copies * (body?.length ?? 0)",
    "bytes += body?.length ?? 0"
  ]),
  filters("key-filter-whole", "a filter of several flow-control keys counts as one", [
    "separator === undefined || parts.length === 1 ? parts : [trimBlanks(value), ...parts]",
    'name === "flowControlKey" ? [trimBlanks(value)] : separator === undefined ? parts : [trimBlanks(value), ...parts]'
  ]),
  inMemory("label-filter-untrimmed", "spaces around a label in a filter are not trimmed", [
    "const value = trimBlanks(text)",
    "const value = text"
  ]),
  inMemory("filter-takes-commas", "a filter with one value matches text with a comma", [
    'return value.includes(",")',
    'return value.includes(",,")'
  ]),
  criteria("filter-in-seconds", "a filter accepts seconds as milliseconds", [
    "Either.map(parsePreciseInstant(value), DateTime.toEpochMillis)",
    "Either.map(parsePreciseInstant(new Date(DateTime.isDateTime(value) ? DateTime.toEpochMillis(value) : Number(value))), DateTime.toEpochMillis)"
  ]),
  spellings("host-filter-takes-url", "a URL is accepted as a host and matches nothing", [
    "if (/[/\\\\?#@\\s]/.test(host)) {",
    "if (/[?#@\\s]/.test(host)) {"
  ]),
  checks("label-trimmed-too-far", "a label loses more than HTTP trims", [
    "trimBlanks(given)",
    "given.trim()"
  ]),
  check("control-headers-forwarded", "a control header is forwarded without effect", [
    "refuseOwnHeaders(messageNames)",
    "Either.right"
  ]),
  headers("map-of-headers-dropped", "headers in a Map are dropped", [
    "if (!isPlain(input)) {",
    'if (typeof input !== "object" || input === null) {'
  ]),
  key("key-of-dots", "a flow-control key can be one that fits in no path", ['text !== ".." &&', ""]),
  spellings("url-filter-verbatim", "a URL filter is not normalised", [
    'return unique(typeof published === "string" ? published : printable, printable, url.href)',
    "return unique(text)"
  ]),
  spellings("host-filter-verbatim", "a host filter is not normalised", ["unique(host, text)", "[host]"]),
  spellings("path-filter-verbatim", "a path filter is not normalised", ["unique(path, pathname)", "[path]"]),
  spellings("path-filter-drops-query", "a path filter with a query matches too much", [
    'path.includes("?")',
    'path.includes("??")'
  ]),
  matches("default-port-not-found", "a host with the default port matches nothing", [
    'port === "" &&',
    'port === "none" &&'
  ])
]
