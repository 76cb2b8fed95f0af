import * as Either from "effect/Either"
import { type Answer, Refusal, type Request } from "./http.ts"

export interface OriginPolicyOptions {
  readonly hosts: () => ReadonlyArray<string>
  readonly origins: ReadonlyArray<string>
}

/** Headers for every response, so that a browser passes it to a page of an allowed origin. */
export type CorsHeaders = Readonly<Record<string, string>>

/**
 * Keeps web pages out. Development tokens are public, so the only protection of a server on a developer's machine is that
 * browsers say where a request comes from: `Origin` and `Sec-Fetch-Site` reveal a page of another site, and `Host` reveals
 * one that has pointed its own name at the loopback address.
 */
export const make =
  (options: OriginPolicyOptions) =>
  (request: Request, sends: boolean): Either.Either<CorsHeaders, Refusal> =>
    Either.gen(function* () {
      const [host = "", ...otherHosts] = request.headers["host"] ?? []
      if (host === "" || otherHosts.length > 0) {
        return yield* refuse(400, "a request needs exactly one Host header")
      }
      const named = /^https?:\/\/([^/?#]*)/i.exec(request.target)?.[1] ?? host
      const hosts = options.hosts()
      if (!isAllowedHost(host, hosts) || !isAllowedHost(named, hosts)) {
        return yield* refuse(
          403,
          "the Host header names a host that this server does not serve; allow it with --allow-host, or the option allowedHosts"
        )
      }
      const origins = request.headers["origin"] ?? []
      if (origins.length === 0) {
        const site = request.headers["sec-fetch-site"] ?? []
        if (!site.every((value) => value === "none" || value === "same-origin")) {
          return yield* refuse(403, foreignOrigin)
        }
        // A browser sends a GET without an Origin. The link may come from a page (old browsers, and those that call another
        // machine, leave out the site) or from an email (site "none"). Such a GET may read, but it may not publish.
        const isLink = site.length === 0 ? isBrowser(request) : !site.includes("same-origin")
        return sends && request.method === "GET" && isLink ? yield* refuse(403, linkPublishes) : {}
      }
      const [origin = "", ...otherOrigins] = origins
      if (otherOrigins.length > 0) return yield* refuse(400, "a request has at most one Origin header")
      if (origin.toLowerCase() === `http://${host.toLowerCase()}`) return {}
      if (!options.origins.includes(origin)) return yield* refuse(403, foreignOrigin)
      return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "*",
        Vary: "Origin"
      }
    })

/** Responds to a preflight request from an allowed origin. Returns `undefined` for any other request. */
export const preflight = (request: Request, cors: CorsHeaders): Answer | undefined => {
  if (
    request.method !== "OPTIONS" ||
    cors["Access-Control-Allow-Origin"] === undefined ||
    request.headers["access-control-request-method"] === undefined
  ) {
    return undefined
  }
  const asked = request.headers["access-control-request-headers"]
  return {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
      // A wildcard would not cover Authorization, so whatever is asked for is allowed.
      ...(asked === undefined ? {} : { "Access-Control-Allow-Headers": asked.join(", ") }),
      ...(request.headers["access-control-request-private-network"] === undefined
        ? {}
        : { "Access-Control-Allow-Private-Network": "true" }),
      "Access-Control-Max-Age": "600"
    }
  }
}

/** All browsers say so, and a page that says otherwise has to send an Origin. */
const isBrowser = (request: Request): boolean =>
  (request.headers["user-agent"] ?? []).some((value) => value.startsWith("Mozilla/"))

const foreignOrigin =
  "this request comes from a web page of an origin that is not allowed; allow it with --allow-origin, or the option allowedOrigins"

const linkPublishes = "a GET from a browser cannot publish, because any link could: send a POST"

const refuse = (status: number, error: string) => Either.left(new Refusal({ status, error }))

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i

/** Any port is allowed: only the name can belong to another site, and a tunnel changes the port. */
const isAllowedHost = (host: string, allowed: ReadonlyArray<string>): boolean => {
  const name = /^(\[[\da-f:.]+\]|[^:@/?#\s]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase()
  return (
    name !== undefined &&
    (loopback.test(name) ||
      allowed.some((one) => one.toLowerCase() === name || one.toLowerCase() === host.toLowerCase()))
  )
}
