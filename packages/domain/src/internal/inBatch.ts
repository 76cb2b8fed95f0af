import { QStashInvalidRequest } from "../QStashError.ts"
import { omitUndefined } from "./omitUndefined.ts"

/** Adds to an error the position of the message in its batch, such as `[2].delay`. */
export const inBatch =
  (index: number) =>
  ({ conflictsWith, field, reason }: QStashInvalidRequest): QStashInvalidRequest => {
    const place = `[${index}]`
    return new QStashInvalidRequest({
      field: field === undefined ? place : `${place}.${field}`,
      reason,
      ...omitUndefined({ conflictsWith })
    })
  }
