import * as Config from "effect/Config"
import type { ConfigOptions, Options } from "../QStashReceiver.ts"

export const fromConfig = (options: ConfigOptions): Config.Config<Options> =>
  Config.unwrap<Options>({
    currentSigningKey: Config.redacted("QSTASH_CURRENT_SIGNING_KEY"),
    nextSigningKey: Config.redacted("QSTASH_NEXT_SIGNING_KEY"),
    ...options
  })
