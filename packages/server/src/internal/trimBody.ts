import type { DlqMessage } from "@effect-qstash/domain/QStashMessage"

type Bodies = Pick<DlqMessage, "body" | "responseBody">

const cut = (body: Bodies["body"], limit: number): { readonly some?: NonNullable<Bodies["body"]> } => {
  if (body === undefined || limit === 0) return {}
  if (body instanceof Uint8Array) return { some: body.subarray(0, limit) }
  // A redacted body has only its hash.
  if (typeof body !== "string" || body.length * 3 <= limit) return { some: body }
  // Writes whole characters only.
  const { read } = new TextEncoder().encodeInto(body, new Uint8Array(Math.min(limit, body.length * 3)))
  return read === 0 ? {} : { some: body.slice(0, read) }
}

/** Cuts the bodies of a dead letter or a log entry to so many bytes; text is cut between two characters. */
export const trimBodies = <A extends Bodies>(
  item: A,
  limit: number | undefined
): Omit<A, keyof Bodies> & Bodies => {
  if (limit === undefined) return item
  const { body, responseBody, ...rest } = item
  const [sent, received] = [cut(body, limit).some, cut(responseBody, limit).some]
  return {
    ...rest,
    ...(sent === undefined ? {} : { body: sent }),
    ...(received === undefined ? {} : { responseBody: received })
  }
}
