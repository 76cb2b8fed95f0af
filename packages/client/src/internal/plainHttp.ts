import * as Effect from "effect/Effect"

/** As `URL` writes the host. To connect to 0.0.0.0 or [::] is to connect to this machine. */
const thisMachine = /^(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])$/

/** Warns when the token would travel to another machine unencrypted. */
export const warnOfPlainHttp = (url: string): Effect.Effect<void> => {
  const { hostname, origin, protocol } = new URL(url)
  return protocol === "https:" || thisMachine.test(hostname)
    ? Effect.void
    : Effect.logWarning(
        `The token is sent to ${origin} unencrypted. Use https, unless nobody else can read this network.`
      )
}
