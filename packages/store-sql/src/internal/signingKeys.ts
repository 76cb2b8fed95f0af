import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

export interface KeysRow {
  readonly current_key: string | null
  readonly next_key: string | null
}

export const signingKeysOf = (row: KeysRow | undefined): Option.Option<SigningKeys> =>
  row === undefined || row.current_key === null || row.next_key === null
    ? Option.none()
    : Option.some({ current: Redacted.make(row.current_key), next: Redacted.make(row.next_key) })
