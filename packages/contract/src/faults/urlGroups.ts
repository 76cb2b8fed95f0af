import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Fault, faultsOf, storeFaultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashUrlGroups")

const memorySchedules = inFile("engine/src/internal/memory/schedules.ts")
const memoryUrlGroups = inFile("engine/src/internal/memory/urlGroups.ts")
const editing = inFile("engine/src/Endpoints.ts")
const service = inFile("engine/src/internal/services/urlGroups.ts")
const callbacks = inFile("engine/src/Callbacks.ts")
const attempt = inFile("engine/src/internal/attempt.ts")
const record = inFile("domain/src/wire/UrlGroupRecord.ts")
const input = inFile("domain/src/input/UrlGroupInput.ts")
const message = inFile("domain/src/internal/messageRecord.ts")
const answer = inFile("domain/src/wire/ScheduleRecord.ts")
const refusal = inFile("client/src/internal/refusal.ts")
const client = inFile("client/src/internal/services/urlGroups.ts")
const port = storeFaultsOf("QStashUrlGroups")

/** In groups, and in what goes to them. */
export const faults: ReadonlyArray<Fault> = [
  editing("group-backwards", "a new endpoint is put first", [
    "return slots.filter((endpoint) => endpoint !== undefined)",
    "return slots.filter((endpoint) => endpoint !== undefined).toReversed()"
  ]),
  editing("group-by-url-alone", "an endpoint with a known name is added instead of replaced", [
    "endpoint.name === undefined ? undefined : byName.get(endpoint.name)",
    "undefined"
  ]),
  editing(
    "nameless-alike",
    "endpoints without a name replace each other",
    [
      "if (endpoint.name !== undefined) byName.set(endpoint.name, slot)",
      'byName.set(endpoint.name ?? "", slot)'
    ],
    ["endpoint.name === undefined ? undefined : byName.get(endpoint.name)", 'byName.get(endpoint.name ?? "")']
  ),
  memoryUrlGroups("empty-group-stays", "a group without endpoints remains", [
    "if (known.endpoints.length === 0) groups.delete(urlGroup)",
    ""
  ]),
  editing("half-removed", "a removal with an unknown endpoint removes the others", [
    "endpoint.name !== name)) return undefined",
    "endpoint.name !== name)) continue"
  ]),
  editing("first-endpoint-only", "a message to a group is sent only to the first endpoint", [
    ": endpoints?.map(({ name, url })",
    ": endpoints?.slice(0, 1).map(({ name, url })"
  ]),
  editing("endpoint-nameless", "a message does not name its endpoint", [
    "endpointName: name }",
    "endpointName: undefined }"
  ]),
  memorySchedules("group-error-stays", "a schedule reports a missing group forever", [
    "row.error = error",
    "row.error ??= error"
  ]),
  port("group-missing-silent", "a schedule does not report that its group is gone", (store) => ({
    getSchedule: (...id) =>
      Effect.map(
        store.getSchedule(...id),
        Option.map((schedule) => ({ ...schedule, error: undefined }))
      )
  })),
  port("group-change-untold", "a group does not show when it was changed", (store) => ({
    getUrlGroup: (...name) =>
      Effect.map(
        store.getUrlGroup(...name),
        Option.map((group) => ({ ...group, updatedAt: group.createdAt }))
      )
  })),
  port("groups-mixed", "an account finds another account's groups", (store) => {
    const accounts = new Set<string>()
    return {
      upsertEndpoints: (request) => {
        accounts.add(request.tenantId)
        return store.upsertEndpoints(request)
      },
      getUrlGroup: (_own, urlGroup) =>
        Effect.map(
          Effect.forEach(accounts, (tenantId) => store.getUrlGroup(tenantId, urlGroup)),
          Option.firstSomeOf
        )
    }
  }),
  service("any-group-name", "a group can have any name", [
    "const parseUrlGroup = checkingName(UrlGroupName, ",
    "const parseUrlGroup = (name: string) => Effect.succeed(name) || checkingName(UrlGroupName, "
  ]),
  attempt("topic-not-told", "a delivery does not name its group", [
    'if (message.urlGroup !== undefined) headers.push(["Upstash-Topic-Name", message.urlGroup])',
    ""
  ]),
  callbacks("callback-without-group", "a callback does not name the group", [
    "...(message.urlGroup === undefined ? {} : { urlGroup: message.urlGroup }),",
    ""
  ]),
  record("endpoint-names-not-read", "the client ignores the names of endpoints", [
    'name: optionalText("name")',
    'name: { ...optionalText("name"), read: () => undefined }'
  ]),
  input("removal-by-url-alone", "a removal by name is not sent", [
    '? refuse("expected a URL or a name") : Either.right({ name })',
    '? refuse("expected a URL or a name") : Either.right({ url: name })'
  ]),
  message("group-not-read", "the client ignores the group of a message", [
    'urlGroup: optionalText("topicName")',
    'urlGroup: { ...optionalText("topicName"), read: () => undefined }'
  ]),
  answer("schedule-error-not-read", "the client ignores the error of a schedule", [
    'error: optionalText("error")',
    'error: { ...optionalText("error"), read: () => undefined }'
  ]),
  client("group-removal-adds", "the client adds endpoints instead of removing them", [
    'method: "DELETE",\n          target: `${target}/endpoints`',
    'method: "POST",\n          target: `${target}/endpoints`'
  ]),
  port("one-endpoint-more", "a group can have one endpoint more than its quota", (store) => ({
    upsertEndpoints: ({ limits, ...request }) =>
      store.upsertEndpoints({
        ...request,
        limits: { ...limits, maxEndpointsPerUrlGroup: limits.maxEndpointsPerUrlGroup + 1 }
      })
  })),
  port("one-group-more", "an account can have one group more than its quota", (store) => ({
    upsertEndpoints: ({ limits, ...request }) =>
      store.upsertEndpoints({ ...request, limits: { ...limits, maxUrlGroups: limits.maxUrlGroups + 1 } })
  })),
  refusal("quota-under-its-wire-name", "the client reports the group quota by its wire name", [
    "reason: QuotaText.fromWire(reason)",
    "reason"
  ])
]
