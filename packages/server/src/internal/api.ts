import { MessageId } from "@effect-qstash/domain/MessageId"
import { errorTexts } from "@effect-qstash/domain/wire/ErrorBody"
import type { Engine } from "@effect-qstash/engine/Engine"
import type { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash, createHmac, randomBytes } from "node:crypto"
import type { User } from "../DevelopmentUsers.ts"
import { type Handlers, type Limits, refusalOf } from "./call.ts"
import { clockRoutes } from "./routes/clock.ts"
import { dlq } from "./routes/dlq.ts"
import { type Answer, Refusal, type Request } from "./http.ts"
import { flowControl } from "./routes/flowControl.ts"
import { logs } from "./routes/logs.ts"
import { messages } from "./routes/messages.ts"
import { queues } from "./routes/queues.ts"
import { type CallName, isRead, type Route } from "./route.ts"
import { schedules } from "./routes/schedules.ts"
import { signingKeys } from "./routes/signingKeys.ts"
import { urlGroups } from "./routes/urlGroups.ts"

export interface ApiOptions {
  readonly engine: Engine.Service
  /** Absent in real time. */
  readonly clock: VirtualClock.Service | undefined
  readonly users: () => ReadonlyArray<User>
  readonly limits: Limits
}

/** QStash's HTTP API and the routes of the virtual clock, on top of an engine. */
export const make = ({ clock, engine, limits, users }: ApiOptions) => {
  const userOf = authenticator(users)
  const handlers: Handlers<CallName> = {
    ...messages(engine),
    ...queues(engine),
    ...schedules(engine),
    ...urlGroups(engine),
    ...dlq(engine),
    ...flowControl(engine),
    ...signingKeys(engine),
    ...logs(engine),
    ...clockRoutes(clock)
  }
  const notFoundText =
    "not found: this server has QStash's publish, enqueue, batch, messages, queues, schedules, topics, dlq, flowControl, globalParallelism, keys, logs and events under /v2" +
    (clock === undefined ? "" : ", GET /dev/clock, and POST /dev/clock/advance")

  return (
    request: Request,
    route: Exclude<Route, { readonly _tag: "Operation" }>
  ): Effect.Effect<Answer, Refusal> =>
    route._tag === "Unknown"
      ? new Refusal({ status: 404, error: notFoundText })
      : Effect.flatMap(userOf(request, isRead(route)), ({ name }) =>
          handlers[route._tag]({
            request,
            limits,
            tenant: {
              tenantId: name,
              callerIp: request.callerIp,
              deliveryOf: Option.getOrUndefined(decodeMessageId(request.headers["upstash-message-id"]?.[0]))
            },
            id: route.id,
            destination: route.destination
          }).pipe(Effect.mapError(refusalOf))
        )
}

/** Every delivery has this header. A message whose destination is this server arrives here as a request. */
const decodeMessageId = Schema.decodeUnknownOption(MessageId)

/**
 * Tokens are looked up by a hash that nobody outside can compute: it takes a key that only this process has. So the time
 * of the look-up reveals nothing about them, nor about their SHA-256.
 */
const authenticator = (usersOf: () => ReadonlyArray<User>) => {
  const key = randomBytes(32)
  const keyed = (sha256: Buffer): string => createHmac("sha256", key).update(sha256).digest("base64")
  const hash = (token: string): string => keyed(createHash("sha256").update(token).digest())
  const hashOf = (token: User["token"]): string =>
    Redacted.isRedacted(token) ? hash(Redacted.value(token)) : keyed(Buffer.from(token.sha256, "hex"))
  const entries = (
    users: ReadonlyArray<User>,
    tokenOf: (user: User) => User["token"] | undefined
  ): ReadonlyMap<string, User> =>
    new Map(
      users.flatMap((user) => {
        const token = tokenOf(user)
        return token === undefined ? [] : [[hashOf(token), user]]
      })
    )
  const index = (users: ReadonlyArray<User>) => ({
    users,
    byToken: entries(users, ({ token }) => token),
    byReadOnlyToken: entries(users, ({ readOnlyToken }) => readOnlyToken)
  })
  let known = index([])
  return (request: Request, changesNothing: boolean): Effect.Effect<User, Refusal> => {
    const users = usersOf()
    if (users !== known.users) known = index(users)
    const token = tokenOf(request)
    const hashed = token === undefined ? "" : hash(token)
    const user = known.byToken.get(hashed)
    if (user !== undefined) return Effect.succeed(user)
    const reader = known.byReadOnlyToken.get(hashed)
    if (reader === undefined) return new Refusal({ status: 401, error: errorTexts.invalidToken })
    return changesNothing
      ? Effect.succeed(reader)
      : new Refusal({
          status: 403,
          error: "this token is read-only: it can read everything and change nothing"
        })
  }
}

/** The header takes precedence: whoever writes a link can put a token into its query. */
const tokenOf = (request: Request): string | undefined => {
  const headers = request.headers["authorization"]
  if (headers !== undefined) {
    return headers.length === 1 ? /^bearer +(\S+)$/i.exec(headers[0] ?? "")?.[1] : undefined
  }
  const mark = request.target.indexOf("?")
  const query = new URLSearchParams(mark < 0 ? "" : request.target.slice(mark + 1))
  return query.get("qstash_token") ?? undefined
}
