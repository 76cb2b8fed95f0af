/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { quote } from "./internal/quote.ts"

/**
 * The HTTP method of a delivery. QStash uses `POST` where none is given.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeliveryMethod = Schema.Literal("GET", "POST", "PUT", "PATCH", "DELETE").annotations({
  identifier: "DeliveryMethod",
  message: (issue) => ({
    message: `Expected one of GET, POST, PUT, PATCH and DELETE, got ${quote(issue.actual)}`,
    override: true
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type DeliveryMethod = typeof DeliveryMethod.Type
