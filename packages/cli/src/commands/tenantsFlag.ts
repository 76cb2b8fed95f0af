import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Flag from "../Flag.ts"
import { filled } from "../Target.ts"

/** Where the accounts of a server are. */
export const tenantsFlag = Flag.text(
  "tenants",
  "path",
  "The file with the tenants (default QSTASH_TENANTS_FILE, else tenants.json)."
)

/** The file that the flag or the environment names. */
export const tenantsFile = (flag: string | undefined): Effect.Effect<string> =>
  flag === undefined
    ? Effect.map(
        Effect.orDie(filled("QSTASH_TENANTS_FILE")),
        Option.getOrElse(() => "tenants.json")
      )
    : Effect.succeed(flag)
