import { canonical } from "@effect-qstash/domain/wire/HeaderName"
import * as Arr from "effect/Array"
import type { DeliveryResponse } from "../Rows.ts"

/** The headers of an answer as QStash shows them: canonical names, a list of values for each. */
export const responseHeaders = (
  headers: DeliveryResponse["headers"]
): Readonly<Record<string, ReadonlyArray<string>>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[canonical(name), Arr.ensure(value)]]
    )
  )
