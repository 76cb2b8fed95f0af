import { type Fault, faultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashUrlGroups")

const store = inFile("engine/src/MemoryStore.ts")
const editing = inFile("engine/src/internal/endpoints.ts")
const service = inFile("engine/src/internal/services/urlGroups.ts")
const callbacks = inFile("engine/src/Callbacks.ts")
const attempt = inFile("engine/src/internal/attempt.ts")
const record = inFile("domain/src/wire/UrlGroupRecord.ts")
const input = inFile("domain/src/input/UrlGroupInput.ts")
const message = inFile("domain/src/internal/messageRecord.ts")
const answer = inFile("domain/src/wire/ScheduleRecord.ts")
const refusal = inFile("client/src/internal/refusal.ts")
const client = inFile("client/src/internal/services/urlGroups.ts")

/** In groups, and in what goes to them. */
export const faults: ReadonlyArray<Fault> = [
  editing("group-backwards", "a new endpoint comes before the others", [
    "return slots.filter((endpoint) => endpoint !== undefined)",
    "return slots.filter((endpoint) => endpoint !== undefined).toReversed()"
  ]),
  editing("group-by-url-alone", "an endpoint with a known name is added", [
    "endpoint.name === undefined ? undefined : byName.get(endpoint.name)",
    "undefined"
  ]),
  editing(
    "nameless-alike",
    "endpoints without a name count as one",
    [
      "if (endpoint.name !== undefined) byName.set(endpoint.name, slot)",
      'byName.set(endpoint.name ?? "", slot)'
    ],
    ["endpoint.name === undefined ? undefined : byName.get(endpoint.name)", 'byName.get(endpoint.name ?? "")']
  ),
  store("empty-group-stays", "a group without endpoints stays", [
    "if (known.endpoints.length === 0) groups.delete(urlGroup)",
    ""
  ]),
  editing("half-removed", "a removal takes what it finds", [
    "endpoint.name !== name)) return undefined",
    "endpoint.name !== name)) continue"
  ]),
  store("first-endpoint-only", "a message to a group goes to the first endpoint alone", [
    "?.endpoints.map(({ name, url })",
    "?.endpoints.slice(0, 1).map(({ name, url })"
  ]),
  store("endpoint-nameless", "a message does not know the name of its endpoint", [
    "endpointName: name\n",
    "endpointName: undefined\n"
  ]),
  store("group-error-stays", "a schedule says for ever that its group is gone", [
    "row.error =\n      endpoints",
    "row.error ??=\n      endpoints"
  ]),
  store("group-missing-silent", "a schedule does not say that its group is gone", [
    "endpoints === undefined ? errorTexts.urlGroupNotFound(Destination.toText(destination)) : undefined",
    "undefined"
  ]),
  store("group-change-untold", "a group does not say when it was changed", [
    "known.endpoints = merged\n          known.updatedAt = now",
    "known.endpoints = merged"
  ]),
  store("groups-mixed", "one account finds the groups of another", [
    "tenants.get(tenantId)?.groups.get(urlGroup)), groupOf",
    "Array.from(tenants.values(), (tenant) => tenant.groups.get(urlGroup)).find((group) => group !== undefined)), groupOf"
  ]),
  service("any-group-name", "a group may have any name", [
    "const parseUrlGroup = checkingName(UrlGroupName, ",
    "const parseUrlGroup = (name: string) => Effect.succeed(name) || checkingName(UrlGroupName, "
  ]),
  attempt("topic-not-told", "a delivery does not say which group it is for", [
    'if (message.urlGroup !== undefined) headers.push(["Upstash-Topic-Name", message.urlGroup])',
    ""
  ]),
  callbacks("callback-without-group", "a callback does not name the group", [
    "...(message.urlGroup === undefined ? {} : { urlGroup: message.urlGroup }),",
    ""
  ]),
  record("endpoint-names-not-read", "the client reads no names of endpoints", [
    "...omitUndefined({ name: emptyToUndefined(name) })",
    ""
  ]),
  input("removal-by-url-alone", "a removal by name does not travel", [
    '? refuse("expected a URL or a name") : Either.right({ name })',
    '? refuse("expected a URL or a name") : Either.right({ url: name })'
  ]),
  message("group-not-read", "the client reads no group of a message", [
    "urlGroup: emptyToUndefined(record.topicName),",
    ""
  ]),
  answer("schedule-error-not-read", "the client reads no error of a schedule", [
    "error: emptyToUndefined(record.error)",
    "error: undefined"
  ]),
  client("group-removal-adds", "the client adds the endpoints that are to be removed", [
    'method: "DELETE",\n          target: `${target}/endpoints`',
    'method: "POST",\n          target: `${target}/endpoints`'
  ]),
  store("one-endpoint-more", "a group may have one endpoint more than its quota", [
    "merged.length > limits.maxEndpointsPerUrlGroup",
    "merged.length > limits.maxEndpointsPerUrlGroup + 1"
  ]),
  store("one-group-more", "an account may hold one group more than its quota", [
    "groups.size >= limits.maxUrlGroups",
    "groups.size > limits.maxUrlGroups"
  ]),
  refusal("quota-under-its-wire-name", "the client names the quota of groups as the wire does", [
    "reason: QuotaText.fromWire(reason)",
    "reason"
  ])
]
